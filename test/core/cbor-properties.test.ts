import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type CborValue, decodeCbor, encodeCbor } from '../../src/core/cbor.ts'
import { runs, share } from '../runs.ts'
import { anyText } from './any-text.ts'
import { refusalOf } from './refusal.ts'

const key = fc.oneof(anyText(40), fc.constantFrom('__proto__', 'constructor', 'toString', '0', '10', '2', '\ufeff'))

const { value: anyValue } = fc.letrec<{ value: CborValue; list: CborValue[]; map: { [key: string]: CborValue } }>(
  (tie) => ({
    value: fc.oneof(
      { maxDepth: 5, depthSize: 'small' },
      fc.maxSafeInteger().map((number) => number + 0), // no minus zero
      fc.integer({ min: -300, max: 300 }).map((number) => number + 0),
      fc.uint8Array({ maxLength: 300 }),
      key,
      fc.boolean(),
      fc.constant(null),
      tie('list'),
      tie('map'),
    ),
    list: fc.array(tie('value'), { maxLength: 6 }),
    map: fc
      .array(fc.tuple(key, tie('value')), { maxLength: 6 })
      // `Object.fromEntries` defines, so that __proto__ becomes a key like any other.
      .map((entries) => Object.fromEntries(entries)),
  }),
)

test('§1 decode undoes encode', () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      assert.deepEqual(decodeCbor(encodeCbor(value)), value)
    }),
    { seed: 8949, numRuns: runs(1500) },
  )
})

/** Whatever decodes has one encoding; whatever does not is refused with ERR_CBOR and nothing else. */
const decodesToItselfOrIsRefused = (bytes: Uint8Array): boolean => {
  const refusal = refusalOf(() => decodeCbor(bytes))
  if (refusal === null) assert.deepEqual(encodeCbor(decodeCbor(bytes) as CborValue), bytes)
  else assert.equal(refusal, 'ERR_CBOR')
  return refusal === null
}

test('§1 random bytes decode to a value with that one encoding, or are refused', () => {
  let accepted = 0
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 24 }), (bytes) => {
      if (decodesToItselfOrIsRefused(bytes)) accepted++
    }),
    { seed: 8950, numRuns: runs(20_000) },
  )
  assert.ok(accepted > share(100), `only ${accepted} accepted: the test sees too little`)
})

test('§1 an encoding with one byte changed, or cut off, decodes to another value or is refused', () => {
  fc.assert(
    fc.property(anyValue, fc.nat(), fc.integer({ min: 1, max: 255 }), (value, position, change) => {
      const encoded = encodeCbor(value)
      const at = position % encoded.length
      const other = Uint8Array.from(encoded)
      other[at] = (other[at] ?? 0) ^ change
      if (decodesToItselfOrIsRefused(other)) assert.notDeepEqual(decodeCbor(other), value)
      assert.equal(
        refusalOf(() => decodeCbor(encoded.subarray(0, at))),
        'ERR_CBOR',
      )
    }),
    { seed: 8951, numRuns: runs(1500) },
  )
})

/** Every well-formed head, minimal or not, before random content: what a decoder is most likely to get wrong. */
const head = fc
  .tuple(
    fc.integer({ min: 0, max: 7 }),
    fc.constantFrom(0, 1, 2, 23, 24, 25, 26, 27, 31),
    fc.uint8Array({ maxLength: 8 }),
  )
  .map(([major, additional, rest]) => [(major << 5) | additional, ...rest])

test('§1 runs of heads are refused, or decode to themselves', () => {
  fc.assert(
    fc.property(fc.array(head, { maxLength: 8 }), (heads) => {
      decodesToItselfOrIsRefused(Uint8Array.from(heads.flat()))
    }),
    { seed: 8952, numRuns: runs(10_000) },
  )
})
