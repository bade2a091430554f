import type { FilePayload } from '../connection/payloads.ts'
import { createAnswers, type Line } from '../connection/service.ts'
import { hex } from '../core/bytes.ts'
import type { Device } from '../core/key-log-entry.ts'
import { FILE_ANSWERS_MAX } from '../core/limits/file-limits.ts'

/** A connection that files go over. */
export type FileLine = {
  readonly peer: Uint8Array
  readonly device: Device
  readonly line: Pick<Line, 'say' | 'sendChunk'>
  /** Says what the other side made us say, as far as it reads that. */
  readonly answer: (payload: FilePayload) => void
  /** The same; resolves when that was said, or never will be. */
  readonly answered: (payload: FilePayload) => Promise<void>
  closed: boolean
}

export const openFileLine = (line: Line): FileLine => {
  const answered = createAnswers(line, FILE_ANSWERS_MAX)
  const { peer, device } = line
  return { peer, device, line, answered, answer: (payload) => void answered(payload), closed: false }
}

/** Both ends' names of a transfer, as one. */
export const keyOf = ({ peer, id }: { readonly peer: Uint8Array; readonly id: Uint8Array }): string =>
  `${hex(peer)}/${hex(id)}`
