import { concat } from '../src/core/bytes.ts'
import type { Draw } from './draw.ts'

/** Changes that know nothing of what the bytes mean. */

/** Ends of CBOR's heads, of numbers, and of what decoders count with. */
const BYTES = [0, 1, 2, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1f, 0x20, 0x3b, 0x40, 0x5f, 0x7f] as const
const MORE_BYTES = [0x80, 0x81, 0x9f, 0xa0, 0xbf, 0xc2, 0xd2, 0xf4, 0xf5, 0xf6, 0xf7, 0xf9, 0xfb, 0xff] as const
const INTERESTING: readonly number[] = [...BYTES, ...MORE_BYTES]

/** Lengths and numbers that decoders have fallen over before. */
const LENGTHS: readonly bigint[] = [0n, 1n, 23n, 24n, 255n, 256n, 65_535n, 65_536n, 2n ** 31n - 1n, 2n ** 31n]
const LARGE: readonly bigint[] = [2n ** 32n - 1n, 2n ** 32n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n]

/** Longest input that is made of a shorter one. */
const GROWN_MAX = 70_000

type Change = (draw: Draw, input: Uint8Array, corpus: readonly Uint8Array[]) => Uint8Array

const at = (draw: Draw, input: Uint8Array): number => draw.below(input.length + 1)
const range = (draw: Draw, input: Uint8Array): [number, number] => {
  const from = at(draw, input)
  return [from, Math.min(input.length, from + 1 + draw.below(draw.once(4) ? input.length + 1 : 8))]
}

const setAt = (input: Uint8Array, index: number, change: (byte: number) => number): Uint8Array =>
  Uint8Array.from(input, (byte, position) => (position === index ? change(byte) : byte))

/** Writes a number over 1, 2, 4 or 8 bytes, big-endian, where a length may stand. */
const writeNumber: Change = (draw, input) => {
  const size = draw.pick([1, 2, 4, 8] as const)
  if (input.length < size) return input
  const copy = Uint8Array.from(input)
  let value = draw.pick([...LENGTHS, ...LARGE]) ?? 0n
  const from = draw.below(input.length - size + 1)
  for (let index = size - 1; index >= 0; index--) {
    copy[from + index] = Number(value & 255n)
    value >>= 8n
  }
  return copy
}

/** A CBOR head of any kind that announces more than there is. */
const insertHead: Change = (draw, input) => {
  const [major, from] = [draw.below(8), at(draw, input)]
  const size = draw.pick([1, 2, 4, 8] as const)
  const info = { 1: 24, 2: 25, 4: 26, 8: 27 }[size]
  const head = writeNumber(draw, concat(Uint8Array.of((major << 5) | info), draw.bytes(size)), [])
  return concat(input.slice(0, from), head, input.slice(from))
}

const nest: Change = (draw, input) => {
  const depth = draw.once(8) ? draw.below(2_000) : draw.below(40)
  const opening = draw.once(2) ? Uint8Array.of(0x81) : Uint8Array.of(0xa1, 0x60)
  return concat(...Array.from({ length: depth }, () => opening), input)
}

const CHANGES: readonly Change[] = [
  (draw, input) => setAt(input, draw.below(input.length), (byte) => byte ^ (1 << draw.below(8))),
  (draw, input) => setAt(input, draw.below(input.length), (byte) => byte ^ (1 << draw.below(8))),
  (draw, input) => setAt(input, draw.below(input.length), () => draw.pick(INTERESTING) ?? 0),
  (draw, input) => setAt(input, draw.below(Math.min(input.length, 12)), () => draw.pick(INTERESTING) ?? 0),
  (draw, input) => setAt(input, draw.below(input.length), (byte) => byte + (draw.once(2) ? 1 : 255)),
  (draw, input) => input.slice(0, at(draw, input)),
  (draw, input) => input.slice(0, Math.max(0, input.length - 1 - draw.below(4))),
  (draw, input) => concat(input, draw.bytes(1 + draw.below(draw.once(8) ? 400 : 4))),
  (draw, input) => {
    const [from, to] = range(draw, input)
    return concat(input.slice(0, from), input.slice(to))
  },
  (draw, input) => {
    const [from, to] = range(draw, input)
    return concat(input.slice(0, to), input.slice(from))
  },
  (draw, input) => {
    const [from, to] = range(draw, input)
    return concat(input.slice(0, from), draw.bytes(to - from), input.slice(to))
  },
  (draw, input) => {
    const [from, to] = range(draw, input)
    return concat(input.slice(0, from), new Uint8Array(to - from).fill(draw.pick(INTERESTING) ?? 0), input.slice(to))
  },
  (draw, input, corpus) => {
    const other = draw.pick(corpus) ?? input
    return concat(input.slice(0, at(draw, input)), other.slice(at(draw, other)))
  },
  (draw, input) => {
    const from = at(draw, input)
    return concat(input.slice(0, from), draw.bytes(1 + draw.below(8)), input.slice(from))
  },
  writeNumber,
  writeNumber,
  insertHead,
  nest,
]

/** One to four changes; once in a while nothing of the input is left. */
export const mutateBytes: Change = (draw, input, corpus) => {
  if (draw.once(200)) return draw.bytes(draw.below(draw.once(10) ? 4_000 : 80))
  let output = input
  for (let count = 1 + draw.below(4); count > 0; count--) output = draw.pick(CHANGES)?.(draw, output, corpus) ?? output
  return output.slice(0, GROWN_MAX)
}
