/** All printing of the demo. Lines fit 80 columns; colours and the moving bar only where a terminal shows them. */

import { styleText } from 'node:util'
import { SingleBar } from 'cli-progress'
import type { Audience, Check, StepResult, Value } from './stage.ts'

export type Printer = Audience & {
  open(): void
  /** The table of all steps, and the verdict. */
  close(results: readonly StepResult[], milliseconds: number, verdict: string, ok: boolean): void
}

type Style = Parameters<typeof styleText>[0]

const INDENT = '    '
const NAME_COLUMNS = 9
const CLAIM_COLUMNS = 40
/** Values longer than this are shown by their beginning. */
const VALUE_COLUMNS = 34
const VALUE_SHOWN = 16

export const createPrinter = (out: NodeJS.WriteStream): Printer => {
  const terminal = out.isTTY === true && process.env.TERM !== 'dumb'
  const colours = terminal && !process.env.NO_COLOR
  const paint = (style: Style, text: string): string =>
    colours ? styleText(style, text, { validateStream: false }) : text
  const line = (text = ''): void => void out.write(`${text}\n`)
  const mark = (ok: boolean): string => (ok ? paint('green', '✓') : paint(['red', 'bold'], '✗'))

  const progress = createProgress(out, terminal, line)

  return {
    open: () => {
      line()
      line(paint('bold', 'Handfast: two peers get each other’s right key and talk in private.'))
      line('Nobody vouches for them, no server helps them, and Mallory does what she can.')
      line(paint('dim', 'Real processes and real UDP, all of it on 127.0.0.1.'))
    },
    begin: (number, title) => {
      line()
      line(paint('bold', `${String(number).padStart(2)}  ${title}`))
    },
    say: (text) => line(`${INDENT}${text}`),
    show: (name, value) => line(`${INDENT}${paint('dim', name.padEnd(NAME_COLUMNS))}${value}`),
    check: (check) => line(`${INDENT}${mark(check.ok)} ${sentence(check)}`),
    progress: progress.show,
    fail: (message) => {
      progress.stop()
      line(`${INDENT}${mark(false)} ${message}`)
    },
    close: (results, milliseconds, verdict, ok) => {
      line()
      for (const [index, result] of results.entries()) {
        const place = String(index + 1).padStart(2)
        const time = paint('dim', seconds(result.milliseconds).padStart(8))
        line(`${place}  ${mark(result.ok)} ${result.title.padEnd(60)}${time}`)
      }
      line()
      line(`${paint(ok ? ['green', 'bold'] : ['red', 'bold'], verdict)} in ${seconds(milliseconds)}`)
      line()
    },
  }
}

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(2)} s`

const shorten = (value: Value): string => {
  const text = String(value)
  return text.length > VALUE_COLUMNS ? `${text.slice(0, VALUE_SHOWN)}…` : text
}

/** What holds speaks for itself; what does not says what was expected instead. */
const sentence = ({ claim, actual, expected, ok }: Check): string => {
  if (!ok) return `${claim}: ${actual}, expected ${expected}`
  return actual === true ? claim : `${claim.padEnd(CLAIM_COLUMNS)}  ${shorten(actual)}`
}

const MEBIBYTE = 1024 * 1024
const BAR = {
  format: `${INDENT}[{bar}] {mebibytes} of {whole} MiB, {speed} MiB/s`,
  barsize: 34,
  barCompleteChar: '=',
  barIncompleteChar: ' ',
  hideCursor: null,
  fps: 30,
} as const

type Progress = {
  show(done: number, size: number): void
  /** Leaves the bar as it stands. */
  stop(): void
}

/** A bar that moves on a terminal; anywhere else one line once everything is there. */
const createProgress = (out: NodeJS.WriteStream, terminal: boolean, line: (text: string) => void): Progress => {
  let bar: SingleBar | undefined
  let began = 0
  let complete = false

  const draw = (done: number, size: number): void => {
    const elapsed = Math.max(1, performance.now() - began)
    const speed = ((done / MEBIBYTE / elapsed) * 1000).toFixed(0)
    const payload = { mebibytes: (done / MEBIBYTE).toFixed(1), whole: (size / MEBIBYTE).toFixed(0), speed }
    if (terminal) {
      if (bar === undefined) {
        bar = new SingleBar({ ...BAR, stream: out })
        bar.start(size, 0, payload)
      }
      bar.update(done, payload)
    } else if (complete)
      line(`${INDENT}[${'='.repeat(BAR.barsize)}] ${payload.mebibytes} of ${payload.whole} MiB, ${speed} MiB/s`)
  }

  return {
    show: (done, size) => {
      if (complete) return
      if (began === 0) began = performance.now()
      complete = done === size
      draw(done, size)
      if (complete) bar?.stop()
    },
    stop: () => bar?.stop(),
  }
}
