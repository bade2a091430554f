import { tooLarge } from '../../core/errors/sizes.ts'
import { type HandfastError, MessageError, UsageError } from '../../core/errors.ts'
import { MESSAGE_BYTES_MAX } from '../../core/limits/message-limits.ts'
import type { Given } from '../terminal/lines.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { type FileIntent, isAboutFiles, readTyped, type Said } from './command-line-input.ts'

export type TypedLines = {
  say(intent: Said): Promise<void>
  /** for what is about files that are under way */
  sayOfFiles(intent: FileIntent): Promise<void>
}

/**
 * Does what is typed, or piped in, line by line, until the input ends or the signal aborts.
 * @returns whether it ended because that was typed
 */
export const doTyped = async (
  terminal: Pick<Terminal, 'interactive' | 'lines'>,
  { say, sayOfFiles }: TypedLines,
  signal: AbortSignal,
): Promise<boolean> => {
  // One byte more than a message may have: a line that begins with // has one that is not sent.
  for await (const given of terminal.lines(MESSAGE_BYTES_MAX + 1, signal)) {
    const intent = given.fault === null ? readTyped(given.text) : unsendable(given, given.fault)
    if (intent.kind === 'quit') return true
    if (terminal.interactive && given.bytes === 0) continue
    const said = isAboutFiles(intent) ? sayOfFiles(intent) : say(intent)
    if (!terminal.interactive) await said
  }
  return false
}

const unsendable = ({ text, bytes }: Given, fault: NonNullable<Given['fault']>): Said => ({
  kind: 'unsendable',
  text,
  error: fault === 'length' ? tooLong(bytes) : new UsageError('ERR_INPUT', { hint: 'the line is no UTF-8' }),
})

const tooLong = (bytes: number): HandfastError =>
  new MessageError('ERR_MESSAGE_SIZE', { hint: tooLarge(bytes, MESSAGE_BYTES_MAX) })
