import { MESSAGE_BYTES_MAX } from '../../core/limits/message-limits.ts'
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
  // One character more than a message may have, so that a line cut here is refused and not sent in part.
  for await (const line of terminal.lines(MESSAGE_BYTES_MAX + 1, signal)) {
    const intent = readTyped(line)
    if (intent.kind === 'quit') return true
    if (terminal.interactive && line === '') continue
    const said = isAboutFiles(intent) ? sayOfFiles(intent) : say(intent)
    if (!terminal.interactive) await said
  }
  return false
}
