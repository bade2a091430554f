import { EncodingError } from './errors.ts'

/** Padmé padding: a length tells at most log log of itself, at no more than 12 % more bytes (Nikitin et al., PETS 2019, §4). */

const MARK = 0x80

/** The padded size of `size` bytes. */
export const padmeSize = (size: number): number => {
  if (size < 2) return size
  const exponent = 31 - Math.clz32(size)
  const digits = 32 - Math.clz32(exponent)
  const mask = 2 ** Math.max(0, exponent - digits) - 1
  return (size + mask) & ~mask
}

/** Appends 0x80 and zeros up to the next Padmé size (the mark of ISO/IEC 7816-4). */
export const pad = (plaintext: Uint8Array): Uint8Array => {
  const padded = new Uint8Array(padmeSize(plaintext.length + 1))
  padded.set(plaintext)
  padded[plaintext.length] = MARK
  return padded
}

/** Takes the padding off again. @throws EncodingError ERR_PADDING */
export const unpad = (padded: Uint8Array): Uint8Array => {
  const mark = padded.findLastIndex((byte) => byte !== 0)
  if (padded[mark] !== MARK || padmeSize(mark + 1) !== padded.length) throw new EncodingError('ERR_PADDING')
  return padded.slice(0, mark)
}
