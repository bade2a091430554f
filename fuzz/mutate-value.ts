import { type CborValue, decodeCbor, encodeCbor } from '../src/core/cbor.ts'
import type { Draw } from './draw.ts'
import { mutateBytes } from './mutate-bytes.ts'

/** Changes of a decoded value: what it is encoded to passes the decoder of the form, and meets whoever reads the fields. */

const NUMBERS: readonly number[] = [
  0,
  1,
  -1,
  2,
  23,
  24,
  63,
  64,
  255,
  256,
  65_535,
  65_536,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
]
const BOUNDS: readonly number[] = [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 2 ** 52, 1_767_225_600]
const TEXTS: readonly string[] = [
  '',
  't',
  'k',
  'v',
  '__proto__',
  'constructor',
  'toString',
  'é',
  '\u{1f600}',
  '\ufeff',
  '\0',
]
const SIZES: readonly number[] = [0, 1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 592, 900, 901, 1088, 1184, 2400]
/** As large as what bounds speak of; rarely, since they take their time. */
const LARGE: readonly number[] = [4_096, 16_384, 16_385, 32_768, 32_769, 64_400, 65_500, 65_536, 65_537]
const sizeOf = (draw: Draw): number => draw.pick(draw.once(5) ? LARGE : SIZES) ?? 0

export const isMap = (value: CborValue): value is { readonly [key: string]: CborValue } =>
  value !== null && typeof value === 'object' && !Array.isArray(value) && !(value instanceof Uint8Array)

const isList = (value: CborValue): value is readonly CborValue[] => Array.isArray(value)

const anything = (draw: Draw, others: readonly CborValue[]): CborValue => {
  const kinds: readonly (() => CborValue)[] = [
    () => draw.pick([...NUMBERS, ...BOUNDS]) ?? 0,
    () => draw.pick(TEXTS) ?? '',
    () => draw.bytes(draw.pick(SIZES) ?? 0),
    () => 'x'.repeat(sizeOf(draw)),
    () => new Uint8Array(sizeOf(draw)),
    () => draw.pick([null, true, false]) ?? null,
    () => [],
    () => ({}),
    () => Array.from({ length: draw.below(70) }, () => draw.below(30)),
    () => draw.pick(others) ?? null,
    () => {
      const other = draw.pick(others) ?? null
      return isMap(other) ? (draw.pick(Object.values(other)) ?? null) : other
    },
  ]
  return draw.pick(kinds)?.() ?? null
}

const changeNumber = (draw: Draw, value: number): CborValue => {
  const next = value + draw.below(5) - 2
  return draw.once(2) || !Number.isSafeInteger(next) ? (draw.pick([...NUMBERS, ...BOUNDS]) ?? 0) : next
}

/** What bytes inside of bytes say, when they are CBOR: the payload of an envelope, for instance. */
const inside = (value: Uint8Array): CborValue | undefined => {
  try {
    return value.length > 2 ? (decodeCbor(value) as CborValue) : undefined
  } catch {
    return undefined
  }
}

const changeBytes = (draw: Draw, value: Uint8Array): CborValue => {
  const inner = draw.once(2) ? inside(value) : undefined
  if (inner !== undefined) return encodeCbor(mutateValue(draw, inner, [inner]))
  if (draw.once(8)) return new Uint8Array(sizeOf(draw))
  if (draw.once(3)) return value.slice(0, Math.max(0, value.length - 1))
  if (draw.once(3)) return Uint8Array.from([...value, draw.below(256)])
  return value.length === 0 ? draw.bytes(1) : mutateBytes(draw, value, [value])
}

const changeText = (draw: Draw, value: string): CborValue => {
  const other = draw.pick(TEXTS) ?? ''
  const from = draw.below(value.length + 1)
  return draw.once(3) ? other : value.slice(0, from) + other + value.slice(from + draw.below(2))
}

const changeList = (draw: Draw, value: readonly CborValue[], others: readonly CborValue[]): CborValue => {
  const index = draw.below(value.length)
  const item = value[index] ?? null
  const changes: readonly (() => CborValue)[] = [
    () => value.toSpliced(index, 1),
    () => value.toSpliced(index, 0, item),
    () => value.toReversed(),
    () => [...value, anything(draw, others)],
    () => Array.from({ length: 1 + draw.below(300) }, () => item),
    () => value.with(index, mutateValue(draw, item, others)),
    () => value.with(index, mutateValue(draw, item, others)),
    () => value.with(index, mutateValue(draw, item, others)),
  ]
  return value.length === 0 ? [anything(draw, others)] : (draw.pick(changes)?.() ?? value)
}

const changeMap = (
  draw: Draw,
  value: { readonly [key: string]: CborValue },
  others: readonly CborValue[],
): CborValue => {
  const entries = Object.entries(value)
  const [key = 'k', inner = null] = draw.pick(entries) ?? []
  const without = entries.filter(([name]) => name !== key)
  const other = draw.pick(others) ?? null
  const changes: readonly (() => CborValue)[] = [
    () => Object.fromEntries(without),
    () => Object.fromEntries([...without, [draw.pick(TEXTS) ?? key, inner]]),
    () => ({ ...value, [draw.pick(TEXTS) ?? 'more']: anything(draw, others) }),
    () => (isMap(other) ? { ...value, ...other } : value),
    () => ({ ...value, [key]: anything(draw, others) }),
    () => ({ ...value, [key]: mutateValue(draw, inner, others) }),
    () => ({ ...value, [key]: mutateValue(draw, inner, others) }),
    () => ({ ...value, [key]: mutateValue(draw, inner, others) }),
  ]
  return draw.pick(changes)?.() ?? value
}

/** The value with one thing changed, somewhere in it. @param others values of the same corpus, to take parts from */
export const mutateValue = (draw: Draw, value: CborValue, others: readonly CborValue[]): CborValue => {
  if (draw.once(12)) return anything(draw, others)
  if (typeof value === 'number') return changeNumber(draw, value)
  if (typeof value === 'string') return changeText(draw, value)
  if (value instanceof Uint8Array) return changeBytes(draw, value)
  if (isList(value)) return changeList(draw, value, others)
  return isMap(value) ? changeMap(draw, value, others) : anything(draw, others)
}
