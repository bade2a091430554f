/** BIP-350's reference code, carried over line by line: a second opinion on what an address must be. */

const CHARSET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
const BECH32M_CONST = 0x2bc830a3
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3]

const polymod = (values: readonly number[]): number => {
  let checksum = 1
  for (const value of values) {
    const top = checksum >>> 25
    checksum = ((checksum & 0x1ffffff) << 5) ^ value
    for (const [index, generator] of GENERATOR.entries()) if ((top >>> index) & 1) checksum ^= generator
  }
  return checksum >>> 0
}

const expandPrefix = (prefix: string): number[] => {
  const codes = Array.from(prefix, (letter) => letter.charCodeAt(0))
  return [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31)]
}

/** The text of 5-bit words under a prefix; `constant` 1 gives BIP-173's bech32. */
export const encodeWords = (prefix: string, words: readonly number[], constant = BECH32M_CONST): string => {
  const sum = polymod([...expandPrefix(prefix), ...words, 0, 0, 0, 0, 0, 0]) ^ constant
  const checksum = [0, 1, 2, 3, 4, 5].map((index) => (sum >>> (5 * (5 - index))) & 31)
  return `${prefix}1${[...words, ...checksum].map((word) => CHARSET[word]).join('')}`
}

/** Whether BIP-350 calls the text valid bech32m. */
export const isBech32m = (text: string): boolean => {
  if (/[^\x21-\x7e]/.test(text) || (text !== text.toLowerCase() && text !== text.toUpperCase())) return false
  const lower = text.toLowerCase()
  const separator = lower.lastIndexOf('1')
  if (separator < 1 || separator + 7 > lower.length || lower.length > 90) return false
  const words = Array.from(lower.slice(separator + 1), (letter) => CHARSET.indexOf(letter))
  if (words.includes(-1)) return false
  return polymod([...expandPrefix(lower.slice(0, separator)), ...words]) === BECH32M_CONST
}

/** 8-bit bytes to 5-bit words, zero-padded. */
export const toWords = (bytes: Uint8Array): number[] => {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('')
  return (bits.match(/.{1,5}/g) ?? []).map((chunk) => Number.parseInt(chunk.padEnd(5, '0'), 2))
}
