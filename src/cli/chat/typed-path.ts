/**
 * A path as it is typed after a command, or dropped onto a terminal. Blanks in it need nothing before them, for nothing else follows; a path that
 * begins or ends with one is written as for a shell: in quotes, or with a backslash before it.
 */
export type TypedPath = {
  readonly path: string
  /** whether a `~/` at its beginning is the home folder: in quotes it is a folder of that name */
  readonly plain: boolean
}

type Step = { readonly text: string; readonly length: number }

/** A piece of a quoted text: 'as it stands', "with \" and \\", or a backslash and any one character. */
const QUOTED = /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/sy
/** Where a backslash parts folders it is no escape. */
const QUOTED_ON_WINDOWS = /'([^']*)'|"([^"]*)"/y

const readPiece = (text: string, at: number, windows: boolean): Step | null => {
  const pattern = windows ? QUOTED_ON_WINDOWS : QUOTED
  pattern.lastIndex = at
  const found = pattern.exec(text)
  if (found === null) return null
  const [whole, single, double, escaped] = found
  const inDouble = windows ? double : double?.replace(/\\(["\\$`])/g, '$1')
  return { text: single ?? inDouble ?? escaped ?? '', length: whole.length }
}

/** A text that begins with a quote, as a shell reads it; null when it is not one word to a shell, and the quote a part of the name. */
const readQuoted = (text: string, windows: boolean): string | null => {
  let path = ''
  for (let at = 0; at < text.length; ) {
    const piece = readPiece(text, at, windows)
    const plain = text[at] ?? ''
    if (piece === null && /[\s'"\\]/.test(plain) && !(windows && plain === '\\')) return null
    path += piece?.text ?? plain
    at += piece?.length ?? 1
  }
  return path
}

/** Blanks around it, but not one after a backslash. */
const trimBlanks = (text: string, windows: boolean): string => {
  const begun = text.replace(/^[ \t]+/, '')
  const ended = begun.replace(/[ \t\r]+$/, '')
  const escapes = /\\*$/.exec(ended)?.[0].length ?? 0
  return !windows && escapes % 2 === 1 && ended.length < begun.length ? begun.slice(0, ended.length + 1) : ended
}

/** @param argument all that stands after the command @returns null when that is no path */
export const readTypedPath = (argument: string, windows = process.platform === 'win32'): TypedPath | null => {
  const text = trimBlanks(argument, windows)
  const quoted = /^['"]/.test(text) ? readQuoted(text, windows) : null
  const path = quoted ?? (windows ? text : text.replace(/\\(.)/gs, '$1'))
  return path === '' ? null : { path, plain: quoted === null && !text.startsWith('\\') }
}
