import type { Readable } from 'node:stream'
import { sanitize, wrap } from '../output/sanitize.ts'
import { type AskOptions, askKeyboard, askPipe } from './ask.ts'
import { columnsOf, createBottomRows } from './bottom-rows.ts'
import { type Given, readLines, readWhole } from './lines.ts'
import { flush, type Output, outputError } from './output.ts'
import { createWriter, type Writer } from './writer.ts'

/**
 * All that is printed and typed. The rules:
 * - stdout carries what was asked for, line by line; stderr what went wrong, the prompt and the progress.
 * - Nothing reaches either without having been sanitized; only the parser's own help text and JSON come as they are.
 * - Whoever prints waits until that was taken: what nobody reads stays where it came from, and does not fill the memory.
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
  readonly onGone?: () => void
  /** aborted when the command is to end: nobody waits for a reader then */
  readonly ending: AbortSignal
}

export type Terminal = {
  /** whether somebody types lines and sees the answers */
  readonly interactive: boolean
  /** whether what goes to stdout is on that screen too */
  readonly seen: boolean
  /** whether nobody reads stdout any more */
  readonly gone: boolean
  /** These resolve with whether it was taken: not when nobody reads any more, or the command is to end. */
  out(lines: readonly string[]): Promise<boolean>
  err(lines: readonly string[]): Promise<boolean>
  /** Text that is complete and sanitized already, to stdout. */
  raw(text: string): Promise<boolean>
  /** Resolves when all that was printed is taken, or never will be. */
  settled(): Promise<void>
  /**
   * Resolves once all that was printed to stdout has left this process, and is on its disk if it goes to a file.
   * @param outcome what is said of the command when it did not
   * @throws OutputError ERR_OUTPUT then
   */
  written(outcome?: string): Promise<void>
  /** of the screen that stdout is; Infinity when it is none */
  readonly columns: number
  /** whether what is printed to stdout is thrown away */
  readonly discarded: boolean
  /** Stands before what is typed. */
  prompt(text: string): void
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

export const createTerminal = (
  { stdin, stdout, stderr }: Streams,
  { screen, onInterrupt, onGone = onInterrupt, ending }: TerminalOptions,
): Terminal => {
  const statusVisible = screen && stderr.isTTY === true
  const interactive = statusVisible && stdin.isTTY === true
  const bottom = createBottomRows(stderr, onInterrupt)
  let closed = false
  let failure: Error | null = null

  const toStdout = createWriter(stdout, {
    ending,
    onGone: (error) => {
      failure = error
      if (!closed) onGone()
    },
  })
  const toStderr = createWriter(stderr, { ending, onGone: () => {} })

  const widthOf = (stream: Output): number => (stream.isTTY === true ? columnsOf(stream) : Number.POSITIVE_INFINITY)
  const write = (writer: Writer, stream: Output, text: string): Promise<boolean> =>
    statusVisible && stream.isTTY === true ? writer.write(text, bottom.above) : writer.write(text)
  const print = (writer: Writer, stream: Output, lines: readonly string[]): Promise<boolean> => {
    const rows = lines.flatMap((line) => wrap(sanitize(line), widthOf(stream)))
    return write(writer, stream, rows.map((row) => `${row}\n`).join(''))
  }
  const written: Terminal['written'] = async (outcome) => {
    await flush(stdout)
    if (failure === null)
      await stdout.sync?.().catch((error: Error) => {
        failure = error
      })
    if (failure !== null) throw outputError(failure, outcome)
  }

  return {
    interactive,
    seen: interactive && stdout.isTTY === true,
    get gone() {
      return failure !== null
    },
    get columns() {
      return widthOf(stdout)
    },
    discarded: stdout.discarded === true,
    out: (lines) => print(toStdout, stdout, lines),
    err: (lines) => print(toStderr, stderr, lines),
    raw: (text) => write(toStdout, stdout, text),
    settled: async () => {
      await Promise.all([toStdout.settled(), toStderr.settled()])
    },
    written,
    prompt: bottom.prompt,
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
      closed = true
      bottom.close()
    },
  }
}
