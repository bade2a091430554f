import type { ChunkFrame } from '../connection/frames.ts'
import type { FilePayload } from '../connection/payloads.ts'
import { ITEM_WINDOW } from '../core/limits.ts'

/** Files on one connection (docs/spec/wire.md §5). */
export type FileLine = {
  /** Encrypts at once, in the order of the calls; resolves when there was room for it on the way. */
  say(payload: FilePayload): Promise<void>
  sendChunk(id: Uint8Array, index: number, token: Uint8Array): Promise<void>
}

export type FileHandler = {
  /** @throws FileError ERR_FILE_NAME when what it is called is no name */
  handle(payload: FilePayload): void
  chunk(frame: ChunkFrame): void
  /** The connection has ended. */
  detach(): void
}

/**
 * Says what the other side made us say. What it does not read must not pile up here: an answer more than a reasonable number of them
 * is left out. Failing means that the connection has ended, which is told elsewhere.
 */
export const createAnswers = (line: FileLine): ((payload: FilePayload) => void) => {
  let unsaid = 0
  return (payload) => {
    if (unsaid >= ITEM_WINDOW) return
    unsaid += 1
    const said = (): void => {
      unsaid -= 1
    }
    line.say(payload).then(said, said)
  }
}
