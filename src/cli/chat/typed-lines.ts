import { tooLarge } from '../../core/errors/sizes.ts'
import { type HandfastError, MessageError, UsageError } from '../../core/errors.ts'
import { MESSAGE_BYTES_MAX } from '../../core/limits/message-limits.ts'
import type { Given } from '../terminal/lines.ts'
import type { Terminal } from '../terminal/terminal.ts'
import {
  type FileIntent,
  type Intent,
  isAboutFiles,
  isAboutPeople,
  type PeopleIntent,
  readTyped,
  type Said,
  type Unknown,
} from './command-line-input.ts'

export type TypedLines = {
  say(intent: Said): Promise<void>
  /** for what is about files that are under way */
  sayOfFiles(intent: FileIntent): Promise<void>
  /** for what is about those who are there; without it there is one other side only */
  sayOfPeople?(intent: PeopleIntent): Promise<void>
  /** for a command that there is not */
  misread(intent: Unknown): Promise<void>
}

/**
 * Does what is typed, or piped in, line by line, until the input ends or the signal aborts.
 * @returns whether it ended because that was typed
 */
export const doTyped = async (
  terminal: Pick<Terminal, 'interactive' | 'lines'>,
  typed: TypedLines,
  signal: AbortSignal,
): Promise<boolean> => {
  // One byte more than a message may have: a line that begins with // has one that is not sent.
  for await (const given of terminal.lines(MESSAGE_BYTES_MAX + 1, signal)) {
    const intent = given.fault === null ? readTyped(given.text) : unsendable(given, given.fault)
    if (intent.kind === 'quit') return true
    if (terminal.interactive && given.bytes === 0) continue
    const done = doOne(intent, given.text, typed)
    if (!terminal.interactive) await done
  }
  return false
}

const doOne = async (
  intent: Exclude<Intent, { kind: 'quit' }>,
  text: string,
  { say, sayOfFiles, sayOfPeople, misread }: TypedLines,
): Promise<void> => {
  if (isAboutFiles(intent)) return sayOfFiles(intent)
  if (!isAboutPeople(intent)) return intent.kind === 'unknown' ? misread(intent) : say(intent)
  return sayOfPeople === undefined ? misread({ kind: 'unknown', text }) : sayOfPeople(intent)
}

const unsendable = ({ text, bytes }: Given, fault: NonNullable<Given['fault']>): Said => ({
  kind: 'unsendable',
  text,
  error: fault === 'length' ? tooLong(bytes) : new UsageError('ERR_INPUT', { hint: 'the line is no UTF-8' }),
})

const tooLong = (bytes: number): HandfastError =>
  new MessageError('ERR_MESSAGE_SIZE', { hint: tooLarge(bytes, MESSAGE_BYTES_MAX) })
