import type { Device } from '../core/key-log-entry.ts'
import type { ChunkFrame } from './frames.ts'
import type { Payload, PayloadKind } from './payloads.ts'
import type { Remote } from './remote.ts'

/** What is said on connections by rooms that know what it means: messages, files, byte streams, visits to a mailbox. */

/** One connection, as a service has it. */
export type Line = {
  /** identity hash of the other side, 32 bytes */
  readonly peer: Uint8Array
  /** the keys it uses, of its log's last entry */
  readonly device: Device
  readonly remote: Remote
  /** Whether this side called. */
  readonly isCaller: boolean
  /**
   * Encrypts at once, in the order of the calls; resolves when there was room for it on the way.
   * @throws ConnectionError ERR_CONNECTION_CLOSED, ERR_CONNECTION_LOST
   */
  say(payload: Payload): Promise<void>
  sendChunk(id: Uint8Array, index: number, token: Uint8Array): Promise<void>
  /** Ends the connection, and tells the other side why. */
  end(error: Error): void
}

export type LineHandler = {
  /** Takes a payload of one of the service's kinds. @throws ConnectionError ERR_FRAME when the other side keeps no rule */
  handle(payload: Payload): void
  /** Takes a piece of a file; only one service of a connection does. */
  chunk?(frame: ChunkFrame): void
  /** The connection has ended: with a goodbye when there is no `failure`. Nothing is said or heard on it any more. */
  detach(failure: Error | null): void
}

export type Service = {
  /** What it handles; payloads that no service of a connection handles are passed over. */
  readonly kinds: readonly PayloadKind[]
  attach(line: Line): LineHandler
}

/**
 * Says what the other side made us say. What it does not read must not pile up here: an answer beyond `most` unsaid ones is left out.
 * Failing means that the connection has ended, which is told elsewhere.
 * @returns what resolves when it was said, or never will be
 */
export const createAnswers = (line: Pick<Line, 'say'>, most: number): ((payload: Payload) => Promise<void>) => {
  let unsaid = 0
  return async (payload) => {
    if (unsaid >= most) return
    unsaid += 1
    await line.say(payload).catch(() => {})
    unsaid -= 1
  }
}
