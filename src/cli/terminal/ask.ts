import { on } from 'node:events'
import readline from 'node:readline'
import { type Readable, Writable } from 'node:stream'
import { readLines } from './lines.ts'

/** One question, and one line for an answer. */

export type AskOptions = {
  /** whether the answer does not show while it is typed */
  readonly hidden?: boolean
  /** characters of what is piped in that are taken */
  readonly limit: number
  readonly signal: AbortSignal
}

/**
 * Asks whoever sits at the keyboard.
 * @param onInterrupt called for Ctrl-C
 * @returns null when the input ended, or the signal was aborted
 */
export const askKeyboard = async (
  { keyboard, screen, onInterrupt }: { keyboard: Readable; screen: Writable; onInterrupt: () => void },
  question: string,
  { hidden = false, signal }: AskOptions,
): Promise<string | null> => {
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() })
  // No history: the arrow keys must not bring back what was typed unseen.
  const keys = { input: keyboard, terminal: true, historySize: 0 }
  const asking = readline.createInterface({ ...keys, output: hidden ? unseen : screen, prompt: question })
  asking.on('SIGINT', onInterrupt)
  if (hidden) screen.write(question)
  else asking.prompt()
  try {
    for await (const [line] of on(asking, 'line', { close: ['close'], signal })) return String(line)
    return null
  } catch (error) {
    if (!signal.aborted) throw error
    return null
  } finally {
    asking.close()
    if (hidden) screen.write('\n')
  }
}

/** What is piped in is the answer, whole: its lines joined by spaces. @returns null when there is none */
export const askPipe = async (input: Readable, { limit, signal }: AskOptions): Promise<string | null> => {
  let text: string | null = null
  for await (const line of readLines(input, limit, signal)) {
    text = text === null ? line : `${text} ${line}`
    if (text.length > limit) break
  }
  return text
}
