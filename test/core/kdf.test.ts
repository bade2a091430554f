import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { concat, hex, utf8 } from '../../src/core/bytes.ts'
import { blake2b256, hkdf, hmac, secretKey, sha256 } from '../../src/core/kdf.ts'
import { runs } from '../runs.ts'
import { fromHex } from './test-bytes.ts'

test('FIPS 180-4 SHA-256 of "abc" and of nothing', () => {
  assert.equal(hex(sha256(utf8('abc'))), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  assert.equal(hex(sha256()), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
})

test('RFC 7693 BLAKE2b with 32 bytes, as Python and libsodium compute it', () => {
  assert.equal(hex(blake2b256(utf8('abc'))), 'bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319')
  assert.equal(hex(blake2b256(utf8(''))), '0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8')
  assert.equal(Object.getPrototypeOf(blake2b256(utf8('abc'))), Uint8Array.prototype)
})

test('sha256 of several parts is the hash of their concatenation', () => {
  assert.deepEqual(sha256(utf8('a'), new Uint8Array(0), utf8('bc')), sha256(utf8('abc')))
})

test('RFC 4231 §4.3 HMAC-SHA-256', () => {
  const mac = hmac(secretKey(utf8('Jefe')), utf8('what do ya want for nothing?'))
  assert.equal(hex(mac), '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843')
  assert.equal(Object.getPrototypeOf(mac), Uint8Array.prototype)
})

const RFC_5869_A3 = '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8'

test('RFC 5869 A.3 HKDF-SHA-256 without salt and info', () => {
  const ikm = new Uint8Array(22).fill(0x0b)
  assert.equal(hex(hkdf(new Uint8Array(0), ikm, '', 42)), RFC_5869_A3)
  assert.equal(hex(hkdf(new Uint8Array(0), secretKey(ikm), '', 42)), RFC_5869_A3)
})

/** RFC 5869 §2, written out. */
const hkdfByHand = (salt: Uint8Array, ikm: Uint8Array, info: Uint8Array, size: number): Uint8Array => {
  const prk = createHmac('sha256', salt).update(ikm).digest()
  let block: Uint8Array = new Uint8Array(0)
  let okm: Uint8Array = new Uint8Array(0)
  for (let counter = 1; okm.length < size; counter++) {
    block = createHmac('sha256', prk).update(block).update(info).update(Uint8Array.of(counter)).digest()
    okm = concat(okm, block)
  }
  return okm.slice(0, size)
}

test('RFC 5869 A.1 and A.2 hold for the construction the next test compares with', () => {
  const count = (from: number, size: number) => Uint8Array.from({ length: size }, (_, index) => from + index)
  assert.equal(
    hex(hkdfByHand(count(0, 13), new Uint8Array(22).fill(0x0b), count(0xf0, 10), 42)),
    '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
  )
  assert.equal(
    hex(hkdfByHand(count(0x60, 80), count(0, 80), count(0xb0, 80), 82)),
    'b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87',
  )
})

test('RFC 5869 §2 hkdf salts, labels and sizes as written there', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 80 }),
      fc.uint8Array({ maxLength: 200 }),
      fc.string({ maxLength: 40 }),
      fc.integer({ min: 1, max: 200 }),
      (salt, ikm, label, size) => {
        assert.deepEqual(hkdf(salt, ikm, label, size), hkdfByHand(salt, ikm, utf8(label), size))
      },
    ),
    { seed: 5869, numRuns: runs(300) },
  )
})

test('secretKey wipes what it was given and shows nothing', () => {
  const bytes = fromHex('00112233445566778899aabbccddeeff')
  const key = secretKey(bytes)
  assert.deepEqual(bytes, new Uint8Array(16))
  assert.equal(hex(key.export()), '00112233445566778899aabbccddeeff')
  assert.doesNotMatch(inspect(key, { showHidden: true, depth: 9 }), /112233|17, 34, 51/)
  assert.equal(JSON.stringify(key), '{}')
})
