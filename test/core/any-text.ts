import fc from 'fast-check'

/** Any code point but the halves of surrogate pairs. */
const codePoint = fc.nat(0x10ffff - 0x800).map((n) => (n < 0xd800 ? n : n + 0x800))

/** Well-formed text of any code points. What fast-check has for this takes a second of every process to begin. */
export const anyText = (maxLength = 20): fc.Arbitrary<string> =>
  fc.array(codePoint, { maxLength }).map((points) => String.fromCodePoint(...points))
