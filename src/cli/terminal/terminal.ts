import { on } from 'node:events'
import readline, { type Interface } from 'node:readline'
import { type Readable, Writable } from 'node:stream'
import { sanitize, wrap } from '../output/sanitize.ts'
import { readLines } from './lines.ts'

/**
 * All that is printed and typed. The rules:
 * - stdout carries what was asked for, line by line; stderr what went wrong, the prompt and the progress.
 * - Nothing reaches either without having been made harmless; only the parser's own help text and JSON come as they are.
 * - The last row of the screen may hold a prompt or a progress bar: it is wiped before a line is printed and drawn again below.
 *   What is being typed stays as it is.
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
  /** Text that is complete and harmless already, to stdout. */
  raw(text: string): void
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

export type AskOptions = { readonly hidden?: boolean; readonly limit: number; readonly signal: AbortSignal }

const COLUMNS = 80

export const createTerminal = (
  { stdin, stdout, stderr }: Streams,
  { screen, onInterrupt }: TerminalOptions,
): Terminal => {
  const statusVisible = screen && stderr.isTTY === true
  const interactive = statusVisible && stdin.isTTY === true
  let status = ''
  let prompt = '> '
  let editor: Interface | undefined
  let broken = false

  stdout.on('error', () => {
    // Nobody reads any more (EPIPE); every write says so again.
    if (!broken) onInterrupt()
    broken = true
  })
  stderr.on('error', () => {})

  const wipe = (): void => {
    if (editor !== undefined) readline.moveCursor(stderr, 0, -editor.getCursorPos().rows)
    if (editor === undefined && status === '') return
    readline.cursorTo(stderr, 0)
    readline.clearScreenDown(stderr)
  }

  const draw = (): void => {
    if (editor === undefined) {
      if (status !== '') stderr.write(status)
      return
    }
    stderr.write('\n'.repeat(believedRows(editor)))
    editor.setPrompt(status === '' ? prompt : `${status}\n${prompt}`)
    editor.prompt(true)
  }

  const write = (stream: Output, text: string): void => {
    const shared = statusVisible && stream.isTTY === true
    if (shared) wipe()
    stream.write(text)
    if (shared) draw()
  }

  const print = (stream: Output, lines: readonly string[]): void => {
    const columns = stream.isTTY === true ? stream.columns || COLUMNS : Number.POSITIVE_INFINITY
    const rows = lines.flatMap((line) => wrap(sanitize(line), columns))
    write(stream, rows.map((row) => `${row}\n`).join(''))
  }

  const edit = async function* (signal: AbortSignal): AsyncGenerator<string> {
    const typing = readline.createInterface({ input: stdin, output: stderr, terminal: true, prompt })
    editor = typing
    typing.on('SIGINT', onInterrupt)
    typing.on('line', () => typing.prompt())
    typing.on('close', leave)
    draw()
    try {
      for await (const [line] of on(typing, 'line', { close: ['close'], signal })) yield String(line)
    } catch (error) {
      if (!signal.aborted) throw error
    } finally {
      leave()
    }
  }

  const showStatus = (text: string): void => {
    if (!statusVisible) return
    wipe()
    status = wrap(sanitize(text), (stderr.columns || COLUMNS) - 1)[0] ?? ''
    draw()
  }

  /** Removes the prompt and gives the keyboard back. */
  const leave = (): void => {
    if (editor === undefined) return
    wipe()
    const left = editor
    editor = undefined
    left.close()
    draw()
  }

  const askKeyboard = async (question: string, { hidden = false, signal }: AskOptions): Promise<string | null> => {
    const unseen = new Writable({ write: (_chunk, _encoding, done) => done() })
    // No history: the arrow keys must not bring back what was typed unseen.
    const keys = { input: stdin, terminal: true, historySize: 0 }
    const asking = readline.createInterface({ ...keys, output: hidden ? unseen : stderr, prompt: question })
    asking.on('SIGINT', onInterrupt)
    const interrupted = status
    showStatus('')
    if (hidden) stderr.write(question)
    else asking.prompt()
    try {
      for await (const [line] of on(asking, 'line', { close: ['close'], signal })) return String(line)
      return null
    } catch (error) {
      if (!signal.aborted) throw error
      return null
    } finally {
      asking.close()
      if (hidden) stderr.write('\n')
      showStatus(interrupted)
    }
  }

  const ask = async (question: string, options: AskOptions): Promise<string | null> => {
    if (stdin.isTTY === true) return askKeyboard(sanitize(question), options)
    let text: string | null = null
    for await (const line of readLines(stdin, options.limit, options.signal)) {
      text = text === null ? line : `${text} ${line}`
      if (text.length > options.limit) break
    }
    return text
  }

  return {
    interactive,
    seen: interactive && stdout.isTTY === true,
    ask,
    out: (lines) => print(stdout, lines),
    err: (lines) => print(stderr, lines),
    raw: (text) => write(stdout, text),
    prompt: (text) => {
      wipe()
      prompt = sanitize(text)
      draw()
    },
    get typing() {
      return editor !== undefined && editor.line !== ''
    },
    status: showStatus,
    lines: (limit, signal) => (interactive ? edit(signal) : readLines(stdin, limit, signal)),
    close: () => {
      broken = true
      if (editor === undefined) wipe()
      status = ''
      leave()
    },
  }
}

/**
 * Before it draws, the editor goes up by the rows it believes its cursor to be below its first one. That is a number it keeps to
 * itself, and which it forgets to raise when text is pasted; without it, what is true has to do.
 */
const believedRows = (editor: Interface): number =>
  'prevRows' in editor && typeof editor.prevRows === 'number' ? editor.prevRows : editor.getCursorPos().rows
