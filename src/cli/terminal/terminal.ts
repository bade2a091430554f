import type { Readable, Writable } from 'node:stream'
import { sanitize, wrap } from '../output/sanitize.ts'
import { type AskOptions, askKeyboard, askPipe } from './ask.ts'
import { columnsOf, createBottomRows } from './bottom-rows.ts'
import { readLines } from './lines.ts'

/**
 * All that is printed and typed. The rules:
 * - stdout carries what was asked for, line by line; stderr what went wrong, the prompt and the progress.
 * - Nothing reaches either without having been sanitized; only the parser's own help text and JSON come as they are.
 * - The last rows of the screen may hold a prompt and a progress bar: lines are printed above them (`bottom-rows.ts`).
 */

export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number }
export type Streams = {
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly stdout: Output
  readonly stderr: Output
}

export type TerminalOptions = {
  /** Prompt, line editing and progress, where there is a screen and a keyboard. */
  readonly screen: boolean
  /** Ctrl-C at the prompt, where it is no signal; also when nobody reads stdout any more. */
  readonly onInterrupt: () => void
}

export type Terminal = {
  /** whether somebody types lines and sees the answers */
  readonly interactive: boolean
  /** whether what goes to stdout is on that screen too */
  readonly seen: boolean
  out(lines: readonly string[]): void
  err(lines: readonly string[]): void
  /** Text that is complete and sanitized already, to stdout. */
  raw(text: string): void
  /** Resolves when whoever reads stdout has taken what was printed, or never will, or the signal aborts. */
  drained(signal: AbortSignal): Promise<void>
  /** Stands before what is typed. */
  prompt(text: string): void
  /** whether a line has been begun */
  readonly typing: boolean
  /** What is going on right now, shown below everything else until it is replaced; '' for nothing. */
  status(text: string): void
  /** Lines as they are typed, or piped in: each at most `limit` characters. Ends with the input, or when aborted. */
  lines(limit: number, signal: AbortSignal): AsyncIterable<string>
  /**
   * Asks for one line, hidden while it is typed if need be. What is piped in is taken whole, its lines joined by spaces.
   * @returns null when the input ended, or was interrupted
   */
  ask(question: string, options: AskOptions): Promise<string | null>
  close(): void
}

const drained = (stream: Output, signal: AbortSignal): Promise<void> => {
  if (!stream.writableNeedDrain || signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const done = (): void => {
      for (const name of ['drain', 'error', 'close']) stream.off(name, done)
      signal.removeEventListener('abort', done)
      resolve()
    }
    for (const name of ['drain', 'error', 'close']) stream.on(name, done)
    signal.addEventListener('abort', done)
  })
}

export const createTerminal = (
  { stdin, stdout, stderr }: Streams,
  { screen, onInterrupt }: TerminalOptions,
): Terminal => {
  const statusVisible = screen && stderr.isTTY === true
  const interactive = statusVisible && stdin.isTTY === true
  const bottom = createBottomRows(stderr, onInterrupt)
  let broken = false

  stdout.on('error', () => {
    // Nobody reads any more (EPIPE); every write says so again.
    if (!broken) onInterrupt()
    broken = true
  })
  stderr.on('error', () => {})

  const write = (stream: Output, text: string): void => {
    if (statusVisible && stream.isTTY === true) bottom.above(() => stream.write(text))
    else stream.write(text)
  }
  const print = (stream: Output, lines: readonly string[]): void => {
    const columns = stream.isTTY === true ? columnsOf(stream) : Number.POSITIVE_INFINITY
    const rows = lines.flatMap((line) => wrap(sanitize(line), columns))
    write(stream, rows.map((row) => `${row}\n`).join(''))
  }

  return {
    interactive,
    seen: interactive && stdout.isTTY === true,
    out: (lines) => print(stdout, lines),
    err: (lines) => print(stderr, lines),
    raw: (text) => write(stdout, text),
    drained: (signal) => (broken ? Promise.resolve() : drained(stdout, signal)),
    prompt: bottom.prompt,
    get typing() {
      return bottom.typing
    },
    status: (text) => {
      if (statusVisible) bottom.status(text)
    },
    lines: (limit, signal) => (interactive ? bottom.edit(stdin, signal) : readLines(stdin, limit, signal)),
    ask: async (question, options) => {
      if (stdin.isTTY !== true) return askPipe(stdin, options)
      const showAgain = bottom.hideStatus()
      try {
        return await askKeyboard({ keyboard: stdin, screen: stderr, onInterrupt }, sanitize(question), options)
      } finally {
        showAgain()
      }
    },
    close: () => {
      broken = true
      bottom.close()
    },
  }
}
