import { PeerError } from './errors.ts'

/** Names that came from outside: usable as one file in one folder, whatever the sender called it. */

const NAME_BYTES_MAX = 200

/** Control and formatting characters, which can hide or turn around what a person reads, and what file systems refuse. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}<>:"|?*]/gu

/** Device names that Windows opens instead of a file, whatever ending follows. */
const RESERVED = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[\d¹²³])\s*(\.|$)/i

/** A leading dot hides a file; Windows drops dots and spaces at the end. */
const EDGES = /^[.\s]+|[.\s]+$/g

/**
 * The name to store a received file under: its last path part, without hidden or special meaning, at most 200 bytes of UTF-8.
 * @throws PeerError ERR_FILE_NAME when nothing is left of it
 */
export const safeFileName = (name: string): string => {
  const last = name.normalize('NFC').split(/[/\\]/).at(-1) ?? ''
  const plain = last.replace(UNSAFE, '').replace(EDGES, '')
  const cut = shorten(RESERVED.test(plain) ? `_${plain}` : plain).replace(EDGES, '')
  if (cut === '') throw new PeerError('ERR_FILE_NAME')
  return cut
}

/** Cuts the stem, not the ending. */
const shorten = (name: string): string => {
  const ending = /\.[A-Za-z0-9]{1,10}$/.exec(name)?.[0] ?? ''
  let stem = name.slice(0, name.length - ending.length)
  while (Buffer.byteLength(stem + ending) > NAME_BYTES_MAX) stem = [...stem].slice(0, -1).join('')
  return stem + ending
}
