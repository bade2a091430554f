import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { concat, utf8 } from '../../src/core/bytes.ts'
import { importFernetKey, sealFernet } from '../../src/core/fernet.ts'
import { hkdf } from '../../src/core/kdf.ts'
import { LABEL_PARCEL } from '../../src/core/labels.ts'
import { MAILBOX_PART_BYTES } from '../../src/core/limits/mailbox-limits.ts'
import { dh } from '../../src/core/p256.ts'
import { openParcel, PARCEL_SIZES, PARCELLED_BYTES_MAX, sealParcel } from '../../src/core/parcel.ts'
import { runs } from '../runs.ts'
import { failsWith, flip, makeBytes, makeKey } from './identities.ts'
import { refusalOf } from './refusal.ts'
import { seededRandom } from './test-bytes.ts'

const bob = makeKey('parcel/bob')
const seal = (envelope: Uint8Array, name = 'parcel'): Uint8Array =>
  sealParcel(envelope, bob.publicKey, seededRandom(name))

/** Header, token without its ciphertext, Fernet's own padding byte, and the mark. */
const OVERHEAD = 6 + 33 + 57 + 1 + 1

test('§1 a parcel has one of four sizes, and the smallest that fits', () => {
  assert.deepEqual(PARCEL_SIZES, [2048, 8192, 32_768, 131_072])
  for (const [index, size] of PARCEL_SIZES.entries()) {
    const room = size - OVERHEAD
    assert.equal(seal(new Uint8Array(room)).length, size)
    assert.equal(seal(new Uint8Array((PARCEL_SIZES[index - 1] ?? OVERHEAD) - OVERHEAD)).length <= size, true)
    if (index < PARCEL_SIZES.length - 1) assert.equal(seal(new Uint8Array(room + 1)).length, PARCEL_SIZES[index + 1])
  }
  assert.equal(seal(new Uint8Array(0)).length, 2048)
  assert.equal(PARCELLED_BYTES_MAX, 131_072 - OVERHEAD)
  assert.throws(() => seal(new Uint8Array(PARCELLED_BYTES_MAX + 1)), failsWith('ERR_MAILBOX_SIZE'))
})

test('every parcel is whole parts, but for the two sizes that are one', () => {
  for (const size of PARCEL_SIZES) assert.ok(size < MAILBOX_PART_BYTES || size % MAILBOX_PART_BYTES === 0)
})

test('§1 what is sealed opens with the key it was sealed to, and no other', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 9_000 }), (envelope) => {
      const parcel = seal(envelope)
      assert.deepEqual(openParcel(parcel, bob), envelope)
      assert.throws(() => openParcel(parcel, makeKey('parcel/mallory')), failsWith('ERR_PARCEL'))
    }),
    { seed: 7, numRuns: runs(50) },
  )
  for (const envelope of [[], [0x80], [0], [0x80, 0, 0], [0, 0, 0x80, 0x80]])
    assert.deepEqual(openParcel(seal(Uint8Array.from(envelope)), bob), Uint8Array.from(envelope))
})

test('§1 a parcel shows nothing of its envelope: neither its end, nor its form, nor the clock of its sender', () => {
  const envelope = utf8('from Alice '.repeat(20))
  const parcel = seal(envelope)
  assert.equal(Buffer.from(parcel).indexOf('Alice'), -1)
  // Zeros of padding in the clear would show where it begins.
  assert.equal(Buffer.from(parcel).indexOf(Buffer.alloc(17)), -1)
  assert.deepEqual(parcel.slice(39, 48), Uint8Array.of(0x80, 0, 0, 0, 0, 0, 0, 0, 0))
  assert.notDeepEqual(seal(envelope, 'one').slice(6), seal(envelope, 'two').slice(6))
})

test('§1 a parcel that was changed anywhere does not open', () => {
  const parcel = seal(utf8('hello'))
  for (const index of [...parcel.keys()].filter((index) => index < 64 || index % 61 === 0 || index > 2040))
    assert.equal(
      refusalOf(() => openParcel(flip(parcel, index), bob)),
      'ERR_PARCEL',
      `byte ${index}`,
    )
  for (const other of [parcel.slice(0, -1), concat(parcel, new Uint8Array(1)), parcel.slice(0, 39), new Uint8Array(0)])
    assert.throws(() => openParcel(other, bob), failsWith('ERR_PARCEL'))
  assert.throws(() => openParcel(new Uint8Array(2048), bob), failsWith('ERR_PARCEL'))
})

test('§1 an envelope has one padding: others, and larger parcels than it needs, are refused', () => {
  const ek = makeKey('parcel/ek')
  const key = importFernetKey(hkdf(concat(ek.publicKey, bob.publicKey), dh(bob.publicKey, ek), LABEL_PARCEL, 32))
  const make = (padded: Uint8Array): Uint8Array =>
    concat(utf8('hfbox1'), ek.publicKey, sealFernet(key, padded, 0, makeBytes('iv', 16)))
  const padded = (size: number, ...begin: number[]): Uint8Array => {
    const whole = new Uint8Array(size - OVERHEAD + 1)
    whole.set(begin)
    return whole
  }
  assert.deepEqual(openParcel(make(padded(2048, 1, 0x80)), bob), Uint8Array.of(1))
  for (const wrong of [padded(2048), padded(2048, 1, 0x81), padded(2048, 1, 0x80, 0, 1), padded(8192, 1, 0x80)])
    assert.throws(() => openParcel(make(wrong), bob), failsWith('ERR_PARCEL'))
  // One byte less of padding gives a token of the same size.
  assert.throws(() => openParcel(make(padded(2048, 1, 0x80).slice(1)), bob), failsWith('ERR_PARCEL'))
})

test('a parcel is sealed to a point, or not at all', () => {
  assert.throws(() => sealParcel(utf8('x'), new Uint8Array(33), seededRandom('x')), failsWith('ERR_P256_POINT'))
})
