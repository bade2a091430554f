import { FileError } from './errors.ts'

/** Names that came from outside: usable as one file in one folder, whatever the sender called it. */

const NAME_BYTES_MAX = 200

/**
 * Control and formatting characters, and others that nothing is drawn for, which can hide or turn around what a person reads; and what file
 * systems refuse.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}<>:"|?*]/gu

/** Device names that Windows opens instead of a file, whatever ending follows. */
const RESERVED = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[\d¹²³])\s*(\.|$)/i

/** What programs take for an option (`-rf`, `+cmd`), a list of files (`@all`) or somebody's home (`~`) when a shell hands them the name. */
const LEADING = /^[-+@~]/

/** A leading dot hides a file; Windows drops dots and spaces at the end. One pass: an expression would try every run of them anew. */
const withoutEdges = (name: string): string => {
  let [from, to] = [0, name.length]
  while (from < to && isEdge(name[from])) from += 1
  while (from < to && isEdge(name[to - 1])) to -= 1
  return name.slice(from, to)
}
/** The blank of braille looks like a space, and is none. */
const isEdge = (unit = ''): boolean => /[.\s\u2800]/.test(unit)

/**
 * The name to store a received file under: its last path part, without hidden or special meaning, at most 200 bytes of UTF-8.
 * @throws FileError ERR_FILE_NAME when nothing is left of it
 */
export const safeFileName = (name: string): string => {
  const last = name.split(/[/\\]/).at(-1) ?? ''
  // Composed after what stood between a letter and its accent is gone: a name that is safe stays as it is.
  const plain = withoutEdges(last.replace(UNSAFE, '').normalize('NFC'))
  const cut = withoutEdges(shorten(RESERVED.test(plain) || LEADING.test(plain) ? `_${plain}` : plain))
  if (cut === '') throw new FileError('ERR_FILE_NAME')
  return cut
}

/** Cuts the stem, not the ending. */
const shorten = (name: string): string => {
  const ending = /\.[A-Za-z0-9]{1,10}$/.exec(name)?.[0] ?? ''
  let room = NAME_BYTES_MAX - ending.length
  let stem = ''
  for (const character of name.slice(0, name.length - ending.length)) {
    room -= Buffer.byteLength(character)
    if (room < 0) break
    stem += character
  }
  return stem + ending
}
