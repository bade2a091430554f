import { on } from 'node:events'
import readline, { type Interface } from 'node:readline'
import { type Readable, Writable } from 'node:stream'
import { readWhole, wholeText } from './lines.ts'

/** One question, and a line or several for an answer. */

export type AskOptions = {
  /** whether the answer does not show while it is typed */
  readonly hidden?: boolean
  /** bytes of what is piped in that are taken */
  readonly limit: number
  /**
   * For an answer that may have several lines: what is asked for next, null once it is all there. An empty line ends it as well.
   * Default: a line is all of it.
   */
  readonly more?: (text: string) => string | null
  readonly signal: AbortSignal
}

/** Milliseconds within which what is pasted has come: a line that follows later was typed. */
const PASTE_MS = 50

/**
 * Asks whoever sits at the keyboard.
 * @param onInterrupt called for Ctrl-C
 * @returns null when the input ended, or the signal was aborted
 */
export const askKeyboard = async (
  { keyboard, screen, onInterrupt }: { keyboard: Readable; screen: Writable; onInterrupt: () => void },
  question: string,
  { hidden = false, limit, more, signal }: AskOptions,
): Promise<string | null> => {
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() })
  // No history: the arrow keys must not bring back what was typed unseen.
  const keys = { input: keyboard, terminal: true, historySize: 0 }
  const asking = readline.createInterface({ ...keys, output: hidden ? unseen : screen, prompt: question })
  asking.on('SIGINT', onInterrupt)
  if (hidden) screen.write(question)
  else asking.prompt()
  try {
    const lines: string[] = []
    let heard = 0
    asking.on('line', () => heard++)
    for await (const [line] of on(asking, 'line', { close: ['close'], signal })) {
      lines.push(String(line))
      const text = lines.join('\n')
      if (more === undefined || text.length > limit) return text
      // A paste comes in one piece, and its lines all at once.
      if (heard > lines.length || (await isFollowed(asking))) continue
      const next = line.trim() === '' ? null : more(text)
      if (next === null) return text
      screen.write(`\n${next}`)
    }
    return lines.length === 0 ? null : lines.join('\n')
  } catch (error) {
    if (!signal.aborted) throw error
    return null
  } finally {
    asking.close()
    if (hidden) screen.write('\n')
  }
}

/** Whether another line comes at once, or the input has ended. */
const isFollowed = (asking: Interface): Promise<boolean> =>
  new Promise((resolve) => {
    const say = (followed: boolean) => (): void => {
      clearTimeout(timer)
      asking.off('line', yes).off('close', yes)
      resolve(followed)
    }
    const yes = say(true)
    const timer = setTimeout(say(false), PASTE_MS)
    asking.on('line', yes).on('close', yes)
  })

/**
 * What is piped in is the answer, whole, without the newline at its end.
 * @returns null when there is none
 * @throws UsageError ERR_INPUT
 */
export const askPipe = async (input: Readable, { limit, signal }: AskOptions): Promise<string | null> => {
  const given = await readWhole(input, limit, signal)
  return given.bytes === 0 ? null : wholeText(given, limit).replace(/\r?\n$/, '')
}
