/**
 * What a terminal may be shown. A message, a file name or an error may come from a stranger, and a terminal obeys what it prints:
 * control characters move its cursor or answer in its owner's name, bidirectional controls turn around what is read. So
 * everything that is printed goes through here, whoever wrote it.
 */

/** Control and formatting characters, line and paragraph separators, half surrogates; the two joiners make emoji and scripts. */
const UNSAFE = /[[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]--[\u{200c}\u{200d}]]/gv

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

const visible = (character: string): string =>
  SHORT[character] ?? `\\u{${(character.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}}`

/** The text as one line without effects: `\n`, `\u{1b}`, … stand for what was there. */
export const sanitize = (text: string): string => text.replace(UNSAFE, visible)

const escapeJson = (character: string): string =>
  Array.from(
    { length: character.length },
    (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
  ).join('')

/** One line of JSON that keeps every character, and is as harmless to look at. */
export const sanitizeJson = (value: object): string => JSON.stringify(value).replace(UNSAFE, escapeJson)

/**
 * Cuts a sanitized line for a screen of `columns`, between words where it can; what follows is indented, so that no part of a
 * message can pose as a line of its own. A character may take two columns: all that might are taken to, which breaks some lines
 * early and none late.
 */
export const wrap = (line: string, columns: number): readonly string[] => {
  const room = Math.max(columns, INDENT.length + 2)
  const rows: string[] = []
  let row = ''
  let width = 0
  for (const character of line) {
    if (width + widthOf(character) > room) {
      const space = row.lastIndexOf(' ') + 1
      const cut = space > row.length / 2 ? space : row.length
      rows.push(row.slice(0, cut))
      row = INDENT + row.slice(cut)
      width = widthOf(row)
    }
    row += character
    width += widthOf(character)
  }
  return [...rows, row]
}

const INDENT = '    '

/** Below the Hangul syllables' parts nothing is wide. */
const widthOf = (text: string): number =>
  [...text].reduce((sum, character) => sum + (character < '\u{1100}' ? 1 : 2), 0)
