import type { Readable } from 'node:stream'
import { sanitize, wrap } from '../output/sanitize.ts'
import { type AskOptions, askKeyboard, askPipe } from './ask.ts'
import { columnsOf, createBottomRows } from './bottom-rows.ts'
import { type Given, readLines, readWhole } from './lines.ts'
import { flush, type Output, outputError } from './output.ts'

/**
 * All that is printed and typed. The rules:
 * - stdout carries what was asked for, line by line; stderr what went wrong, the prompt and the progress.
 * - Nothing reaches either without having been sanitized; only the parser's own help text and JSON come as they are.
 * - The last rows of the screen may hold a prompt and a progress bar: lines are printed above them (`bottom-rows.ts`).
 */

export type Streams = {
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly stdout: Output
  readonly stderr: Output
}

export type TerminalOptions = {
  /** Prompt, line editing and progress, where there is a screen and a keyboard. */
  readonly screen: boolean
  /** Ctrl-C at the prompt, where it is no signal. */
  readonly onInterrupt: () => void
  /** Called once when stdout fails, or nobody reads it any more. Default: as for Ctrl-C. */
  readonly onBroken?: () => void
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
  /**
   * Resolves once all that was printed to stdout has left this process, and is on its disk if it goes to a file.
   * @param outcome what is said of the command when it did not
   * @throws OutputError ERR_OUTPUT then
   */
  written(outcome?: string): Promise<void>
  /** of the screen that stdout is; Infinity when it is none */
  readonly columns: number
  /** whether stdout failed */
  readonly broken: boolean
  /** whether what is printed to stdout is thrown away */
  readonly discarded: boolean
  /** Resolves when whoever reads stdout has taken what was printed, or never will, or the signal aborts. */
  drained(signal: AbortSignal): Promise<void>
  /** Stands before what is typed. */
  prompt(text: string): void
  /** whether a line has been begun */
  readonly typing: boolean
  /** What is going on right now, shown below everything else until it is replaced; '' for nothing. */
  status(text: string): void
  /** Lines as they are typed, or piped in: `limit` bytes of each. Ends with the input, or when aborted. */
  lines(limit: number, signal: AbortSignal): AsyncIterable<Given>
  /** All that is piped in, or typed up to Ctrl-D: `limit` bytes of it. */
  whole(limit: number, signal: AbortSignal): Promise<Given>
  /**
   * Asks for one line, or several, hidden while they are typed if need be. What is piped in is taken whole.
   * @returns null when the input ended, or was interrupted
   * @throws UsageError ERR_INPUT when what is piped in is no text, or too long
   */
  ask(question: string, options: AskOptions): Promise<string | null>
  close(): void
}

const typed = (text: string, limit: number): Given => {
  const bytes = Buffer.byteLength(text)
  return { text, bytes, fault: bytes > limit ? 'length' : null }
}

async function* typedLines(lines: AsyncIterable<string>, limit: number): AsyncGenerator<Given> {
  for await (const line of lines) yield typed(line, limit)
}

const typedWhole = async (lines: AsyncIterable<string>, limit: number): Promise<Given> => {
  const all: string[] = []
  for await (const line of lines) all.push(line)
  return typed(all.join('\n'), limit)
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
  { screen, onInterrupt, onBroken = onInterrupt }: TerminalOptions,
): Terminal => {
  const statusVisible = screen && stderr.isTTY === true
  const interactive = statusVisible && stdin.isTTY === true
  const bottom = createBottomRows(stderr, onInterrupt)
  let broken = false
  let failure: Error | undefined

  stdout.on('error', () => {
    // Nobody reads any more (EPIPE); every write says so again.
    if (!broken) onBroken()
    broken = true
  })
  stderr.on('error', () => {})

  const note = (error?: Error | null): void => {
    failure ??= error ?? undefined
  }
  const widthOf = (stream: Output): number => (stream.isTTY === true ? columnsOf(stream) : Number.POSITIVE_INFINITY)
  const write = (stream: Output, text: string): void => {
    const done = stream === stdout ? note : undefined
    if (statusVisible && stream.isTTY === true) bottom.above(() => stream.write(text, done))
    else stream.write(text, done)
  }
  const written: Terminal['written'] = async (outcome) => {
    await flush(stdout)
    if (failure === undefined) await stdout.sync?.().catch(note)
    if (failure !== undefined) throw outputError(failure, outcome)
  }
  const print = (stream: Output, lines: readonly string[]): void => {
    const rows = lines.flatMap((line) => wrap(sanitize(line), widthOf(stream)))
    write(stream, rows.map((row) => `${row}\n`).join(''))
  }

  return {
    interactive,
    seen: interactive && stdout.isTTY === true,
    out: (lines) => print(stdout, lines),
    err: (lines) => print(stderr, lines),
    raw: (text) => write(stdout, text),
    written,
    get columns() {
      return widthOf(stdout)
    },
    get broken() {
      return failure !== undefined
    },
    discarded: stdout.discarded === true,
    drained: (signal) => (broken ? Promise.resolve() : drained(stdout, signal)),
    prompt: bottom.prompt,
    get typing() {
      return bottom.typing
    },
    status: (text) => {
      if (statusVisible) bottom.status(text)
    },
    lines: (limit, signal) =>
      interactive ? typedLines(bottom.edit(stdin, signal), limit) : readLines(stdin, limit, signal),
    whole: (limit, signal) =>
      interactive ? typedWhole(bottom.edit(stdin, signal), limit) : readWhole(stdin, limit, signal),
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
