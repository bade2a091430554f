import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { pad, padmeSize, unpad } from '../../src/core/padding.ts'
import { places, runs } from '../runs.ts'
import { refusalOf } from './refusal.ts'

const RUNS = { seed: 2019, numRuns: runs(500) }

test('PETS 2019 §4 Padmé sizes by hand', () => {
  const sizes: readonly (readonly [number, number])[] = [
    ...[0, 1, 2, 3, 4, 5, 6, 7, 8].map((size) => [size, size] as const),
    [9, 10],
    [11, 12],
    [15, 16],
    [17, 18],
    [33, 36],
    [65, 72],
    [129, 144],
    [257, 272],
    [1000, 1024],
    [1024, 1024],
    [1025, 1088],
    [32_769, 34_816],
    [1_000_000, 1_015_808],
  ]
  for (const [size, padded] of sizes) assert.equal(padmeSize(size), padded, `of ${size}`)
})

/** The paper's definition: as a binary floating-point number the size has no more digits than its exponent has bits. */
const isPadme = (size: number): boolean => {
  if (size < 2) return true
  const exponent = Math.floor(Math.log2(size))
  const digits = Math.floor(Math.log2(exponent)) + 1
  return size % 2 ** Math.max(0, exponent - digits) === 0
}

test('PETS 2019 §4 padmeSize is the smallest Padmé size that fits, and costs at most 12 %', () => {
  let next = 20_000
  while (!isPadme(next)) next++
  for (let size = 20_000; size > 0; size--) {
    if (isPadme(size)) next = size
    assert.equal(padmeSize(size), next)
    assert.ok(next <= 1.12 * size, `${next} for ${size}`)
  }
})

test('PETS 2019 §4 the size of a message of up to 32 KiB tells at most 8 bits', () => {
  const sizes = new Set(places(32 * 1024).map((size) => pad(new Uint8Array(size)).length))
  assert.ok(sizes.size <= 256, `${sizes.size} sizes`)
})

test('§6 unpad takes off what pad added', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 5000 }), (plaintext) => {
      const padded = pad(plaintext)
      assert.equal(padded.length, padmeSize(plaintext.length + 1))
      assert.deepEqual(unpad(padded), plaintext)
    }),
    RUNS,
  )
})

test('§6 plaintext that looks like padding survives', () => {
  for (const plaintext of [[], [0x80], [0], [0x80, 0, 0], [0, 0, 0x80, 0x80]])
    assert.deepEqual(unpad(pad(Uint8Array.from(plaintext))), Uint8Array.from(plaintext))
})

test('§6 every plaintext has one padded form: whatever unpads, pads to the same bytes', () => {
  const tails = fc.tuple(fc.uint8Array({ maxLength: 40 }), fc.nat({ max: 60 }), fc.constantFrom(0x80, 0x81, 0, 1))
  fc.assert(
    fc.property(tails, ([head, zeros, mark]) => {
      const padded = Uint8Array.from([...head, mark, ...new Uint8Array(zeros)])
      const refusal = refusalOf(() => unpad(padded))
      if (refusal === null) assert.deepEqual(pad(unpad(padded)), padded)
      else assert.equal(refusal, 'ERR_PADDING')
    }),
    { ...RUNS, numRuns: runs(3000) },
  )
})

test('§6 padding that is not ours is refused', () => {
  const notPadded: readonly (readonly number[])[] = [
    [],
    [0],
    [0, 0, 0],
    [1],
    [0x81],
    [0x40, 0],
    [1, 2, 3],
    [0x80, 0], // one zero too many: the Padmé size of 1 is 1
    [1, 2, 3, 4, 5, 6, 7, 8, 0x80], // a zero is missing: the Padmé size of 9 is 10
    [1, 2, 3, 4, 5, 6, 7, 8, 0x80, 0, 0, 0],
  ]
  for (const bytes of notPadded)
    assert.throws(() => unpad(Uint8Array.from(bytes)), { name: 'EncodingError', code: 'ERR_PADDING' }, `${bytes}`)
})
