import { concat, utf8 } from '../src/core/bytes.ts'
import type { CborValue } from '../src/core/cbor.ts'
import type { Draw } from './draw.ts'
import { isMap } from './mutate-value.ts'

/** CBOR that says the same in another way: longer heads, unsorted and repeated keys, indefinite lengths, tags. None of it may pass. */

const head = (draw: Draw, major: number, number: number): Uint8Array => {
  const sizes = [0, 1, 2, 4, 8] as const
  const least = number < 24 ? 0 : number < 256 ? 1 : number < 65_536 ? 2 : number < 2 ** 32 ? 3 : 4
  const size = sizes[draw.once(12) ? Math.min(4, least + 1 + draw.below(3)) : least] ?? 8
  if (size === 0) return Uint8Array.of((major << 5) | number)
  const bytes = new Uint8Array(1 + size)
  bytes[0] = (major << 5) | (24 + Math.log2(size))
  let rest = BigInt(number)
  for (let index = size; index > 0; index--) {
    bytes[index] = Number(rest & 255n)
    rest >>= 8n
  }
  return bytes
}

const items = (draw: Draw, major: number, parts: readonly Uint8Array[], count: number): Uint8Array =>
  draw.once(16)
    ? concat(Uint8Array.of((major << 5) | 31), ...parts, Uint8Array.of(0xff))
    : concat(head(draw, major, count), ...parts)

export const writeLoosely = (draw: Draw, value: CborValue): Uint8Array => {
  if (draw.once(60)) return concat(Uint8Array.of(0xc0 | draw.below(24)), writeLoosely(draw, value))
  if (value === null) return Uint8Array.of(draw.once(20) ? 0xf7 : 0xf6)
  if (typeof value === 'boolean') return Uint8Array.of(value ? 0xf5 : 0xf4)
  if (typeof value === 'number') return head(draw, value < 0 ? 1 : 0, value < 0 ? -1 - value : value)
  if (typeof value === 'string') return concat(head(draw, 3, utf8(value).length), utf8(value))
  if (value instanceof Uint8Array) return concat(head(draw, 2, value.length), value)
  if (isMap(value)) {
    const entries = Object.entries(value).map(([key, inner]) =>
      concat(writeLoosely(draw, key), writeLoosely(draw, inner)),
    )
    const again = entries.length > 0 && draw.once(16) ? [...entries, ...entries.slice(-1)] : entries
    const moved = draw.once(8) ? again.toReversed() : again
    return items(draw, 5, moved, moved.length)
  }
  return items(
    draw,
    4,
    value.map((one) => writeLoosely(draw, one)),
    value.length,
  )
}
