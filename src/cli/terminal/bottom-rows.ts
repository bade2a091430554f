import { on } from 'node:events'
import readline, { type Interface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { sanitize, wrap } from '../output/sanitize.ts'

/**
 * The last rows of a screen: what is going on right now, and below it the line that is being typed. They are wiped before a line is printed
 * and drawn again below it; what is being typed stays as it is.
 */
export type BottomRows = {
  /** Runs what prints a line above them. */
  above(print: () => void): void
  /** What is going on, cut to one row; '' for nothing. */
  status(text: string): void
  /** Takes that away while something else needs the row. @returns what brings it back */
  hideStatus(): () => void
  /** Stands before what is typed. */
  prompt(text: string): void
  /** Lines as they are typed. Ends with Ctrl-D, or when aborted. */
  edit(keyboard: Readable, signal: AbortSignal): AsyncGenerator<string>
  /** Takes all of it away, and gives the keyboard back. */
  close(): void
}

type Screen = Writable & { readonly columns?: number }

const COLUMNS = 80

export const columnsOf = (screen: Screen): number => screen.columns || COLUMNS

/** @param onInterrupt called for Ctrl-C, which is no signal while the keyboard is read key by key */
export const createBottomRows = (screen: Screen, onInterrupt: () => void): BottomRows => {
  let status = ''
  let prompt = '> '
  let editor: Interface | undefined

  const wipe = (): void => {
    if (editor !== undefined) readline.moveCursor(screen, 0, -editor.getCursorPos().rows)
    if (editor === undefined && status === '') return
    readline.cursorTo(screen, 0)
    readline.clearScreenDown(screen)
  }
  const draw = (): void => {
    if (editor === undefined) {
      if (status !== '') screen.write(status)
      return
    }
    screen.write('\n'.repeat(believedRows(editor)))
    editor.setPrompt(status === '' ? prompt : `${status}\n${prompt}`)
    editor.prompt(true)
  }
  /** Between wiping and drawing again everything may change. */
  const redraw = (change: () => void): void => {
    wipe()
    change()
    draw()
  }
  const setStatus = (row: string): void =>
    redraw(() => {
      status = row
    })
  /** Removes the prompt and gives the keyboard back. */
  const leave = (): void => {
    const left = editor
    if (left === undefined) return
    redraw(() => {
      editor = undefined
      left.close()
    })
  }
  const enter = (keyboard: Readable): Interface => {
    const typing = readline.createInterface({ input: keyboard, output: screen, terminal: true, prompt })
    editor = typing
    typing.on('SIGINT', onInterrupt)
    typing.on('line', () => typing.prompt())
    typing.on('close', leave)
    draw()
    return typing
  }

  return {
    above: redraw,
    status: (text) => setStatus(wrap(sanitize(text), columnsOf(screen) - 1)[0] ?? ''),
    hideStatus: () => {
      const hidden = status
      setStatus('')
      return () => setStatus(hidden)
    },
    prompt: (text) =>
      redraw(() => {
        prompt = sanitize(text)
      }),
    edit: async function* (keyboard, signal) {
      const typing = enter(keyboard)
      try {
        for await (const [line] of on(typing, 'line', { close: ['close'], signal })) yield String(line)
      } catch (error) {
        if (!signal.aborted) throw error
      } finally {
        leave()
      }
    },
    close: () => {
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
