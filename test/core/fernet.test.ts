import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { concat, hex, utf8 } from '../../src/core/bytes.ts'
import { importFernetKey, openFernet, sealFernet } from '../../src/core/fernet.ts'
import { FERNET_SKEW } from '../../src/core/limits/protocol-limits.ts'
import { runs } from '../runs.ts'
import { refusalOf } from './refusal.ts'
import { seededRandom } from './test-bytes.ts'

const random = seededRandom('fernet')
const keyBytes = random(32)
const key = importFernetKey(keyBytes)
const NOW = 1_700_000_000
const iv = random(16)
const token = sealFernet(key, utf8('hello'), NOW, iv)

/** Gives a changed body a MAC that holds, as only a holder of the key can. */
const withMac = (body: Uint8Array): Uint8Array =>
  concat(body, createHmac('sha256', keyBytes.subarray(0, 16)).update(body).digest())

const refused = (bytes: Uint8Array, age?: { now: number; ttl?: number }) => refusalOf(() => openFernet(key, bytes, age))

test('Fernet spec, token format: 0x80, time, iv, ciphertext, HMAC over all before', () => {
  assert.equal(token.length, 1 + 8 + 16 + 16 + 32)
  assert.equal(token[0], 0x80)
  assert.equal(new DataView(token.buffer).getBigUint64(1), BigInt(NOW))
  assert.deepEqual(token.slice(9, 25), iv)
  assert.deepEqual(withMac(token.slice(0, -32)), token)
})

test('the same inputs give the same token, another iv or time another', () => {
  assert.deepEqual(sealFernet(key, utf8('hello'), NOW, iv), token)
  assert.notDeepEqual(sealFernet(key, utf8('hello'), NOW, random(16)), token)
  assert.notDeepEqual(sealFernet(key, utf8('hello'), NOW + 1, iv), token)
})

test('tokens open to what was sealed, from 0 B to 64 KiB, as plain bytes', () => {
  const sizes = fc.oneof(fc.nat(70), fc.nat(64 * 1024), fc.constantFrom(0, 15, 16, 17, 64 * 1024))
  fc.assert(
    fc.property(sizes, (size) => {
      const plaintext = random(size)
      const opened = openFernet(key, sealFernet(key, plaintext, NOW, random(16)))
      assert.deepEqual(opened, plaintext)
      assert.equal(Object.getPrototypeOf(opened), Uint8Array.prototype)
    }),
    { seed: 128, numRuns: runs(200) },
  )
})

test('a token inside a larger buffer opens the same, and is not changed', () => {
  const memory = concat(new Uint8Array(7), token, new Uint8Array(7))
  assert.deepEqual(openFernet(key, memory.subarray(7, 7 + token.length), { now: NOW, ttl: 0 }), utf8('hello'))
  assert.deepEqual(memory.slice(7, -7), token)
})

test('any single bit flipped is refused', () => {
  for (let bit = 0; bit < token.length * 8; bit++) {
    const flipped = Uint8Array.from(token)
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    assert.equal(refused(flipped), bit < 8 ? 'ERR_FERNET_VERSION' : 'ERR_FERNET_MAC', `bit ${bit}`)
  }
})

test('any single bit flipped in a longer token is refused', () => {
  fc.assert(
    fc.property(fc.nat(5000), fc.nat(), (size, position) => {
      const flipped = sealFernet(key, random(size), NOW, iv)
      const bit = position % (flipped.length * 8)
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      assert.match(refused(flipped) ?? 'accepted', /^ERR_FERNET_(VERSION|MAC)$/)
    }),
    { seed: 129, numRuns: runs(300) },
  )
})

test('a token cut off, or made longer, anywhere is refused', () => {
  for (let size = 0; size < token.length; size++) {
    assert.equal(refused(token.subarray(0, size)), 'ERR_FERNET_LENGTH', `${size} bytes`)
    const tail = refused(token.subarray(token.length - size))
    assert.match(tail ?? 'accepted', /^ERR_FERNET_(VERSION|LENGTH|MAC)$/, `the last ${size} bytes`)
  }
  for (let extra = 1; extra <= 32; extra++)
    assert.equal(
      refused(concat(token, new Uint8Array(extra))),
      extra % 16 === 0 ? 'ERR_FERNET_MAC' : 'ERR_FERNET_LENGTH',
    )
})

test('random bytes are refused, with a FernetError and nothing else', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.uint8Array({ minLength: 72, maxLength: 104 }).map((rest) => Uint8Array.of(0x80, ...rest)),
  )
  fc.assert(
    fc.property(bytes, (value) => {
      assert.match(refused(value, { now: NOW, ttl: 60 }) ?? 'accepted', /^ERR_FERNET_(VERSION|LENGTH|MAC)$/)
    }),
    { seed: 130, numRuns: runs(3000) },
  )
})

test('either half of another key is refused', () => {
  const other = random(32)
  for (const bytes of [other, concat(keyBytes.subarray(16), keyBytes.subarray(0, 16))])
    assert.throws(() => openFernet(importFernetKey(bytes), token), { name: 'FernetError', code: 'ERR_FERNET_MAC' })
  const otherEncryption = importFernetKey(concat(keyBytes.subarray(0, 16), other.subarray(16)))
  assert.throws(() => openFernet(otherEncryption, token), { name: 'FernetError', code: 'ERR_FERNET_PADDING' })
})

test('Fernet spec, verifying: a holder of the key who breaks the padding is told so', () => {
  const body = token.slice(0, -32)
  body[24] = (body[24] ?? 0) ^ 0x01 // the last byte of the iv: changes the last byte of the only block
  assert.equal(refused(withMac(body)), 'ERR_FERNET_PADDING')
})

test('the MAC comes before the age, where the Fernet spec has it after, and the padding comes last', () => {
  const body = token.slice(0, -32)
  body[24] = (body[24] ?? 0) ^ 0x01
  assert.equal(refused(withMac(body), { now: NOW + 61, ttl: 60 }), 'ERR_FERNET_EXPIRED')
  const flipped = Uint8Array.from(token)
  flipped[72] = (flipped[72] ?? 0) ^ 1
  assert.equal(refused(flipped, { now: NOW + 61, ttl: 60 }), 'ERR_FERNET_MAC')
})

test('Fernet spec, verifying: ttl counts seconds, its last second included', () => {
  assert.equal(refused(token, { now: NOW, ttl: 0 }), null)
  assert.equal(refused(token, { now: NOW + 1, ttl: 0 }), 'ERR_FERNET_EXPIRED')
  assert.equal(refused(token, { now: NOW + 60, ttl: 60 }), null)
  assert.equal(refused(token, { now: NOW + 61, ttl: 60 }), 'ERR_FERNET_EXPIRED')
  assert.equal(refused(token, { now: NOW + 10 ** 9 }), null)
})

test('Fernet spec, invalid.json: 60 s ahead of the clock is skew, 61 s is the future', () => {
  for (const age of [{}, { ttl: 60 }]) {
    assert.equal(refused(token, { ...age, now: NOW - FERNET_SKEW }), null)
    assert.equal(refused(token, { ...age, now: NOW - FERNET_SKEW - 1 }), 'ERR_FERNET_FUTURE')
  }
  assert.equal(FERNET_SKEW, 60)
})

test('§6 without an age the time is not looked at', () => {
  for (const time of [0, NOW * 1000, Number.MAX_SAFE_INTEGER])
    assert.deepEqual(openFernet(key, sealFernet(key, utf8('hello'), time, iv)), utf8('hello'))
})

test('a time of 64 bits is compared exactly', () => {
  const body = token.slice(0, -32)
  body.fill(0xff, 1, 9)
  const late = withMac(body)
  assert.equal(refused(late, { now: Number.MAX_SAFE_INTEGER, ttl: 60 }), 'ERR_FERNET_FUTURE')
  assert.equal(refused(late), null)
  const edge = sealFernet(key, utf8('hello'), Number.MAX_SAFE_INTEGER, iv)
  assert.equal(refused(edge, { now: Number.MAX_SAFE_INTEGER, ttl: 0 }), null)
})

test('options out of range are refused', () => {
  const refusedOption = { name: 'FernetError', code: 'ERR_FERNET_OPTION' }
  for (const seconds of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '1' as unknown as number]) {
    assert.throws(() => sealFernet(key, new Uint8Array(0), seconds, iv), refusedOption)
    assert.throws(() => openFernet(key, token, { now: seconds }), refusedOption)
    assert.throws(() => openFernet(key, token, { now: NOW, ttl: seconds }), refusedOption)
  }
  for (const bad of [new Uint8Array(15), new Uint8Array(17), new Uint8Array(0)])
    assert.throws(() => sealFernet(key, new Uint8Array(0), NOW, bad), refusedOption)
  for (const bad of ['0123456789abcdef', new Array(16).fill(0), new Uint16Array(16)] as unknown[])
    assert.throws(() => sealFernet(key, new Uint8Array(0), NOW, bad as Uint8Array), refusedOption)
})

test('a key is 32 bytes, keeps no memory of the caller’s and shows nothing', () => {
  for (const size of [0, 16, 31, 33, 44])
    assert.throws(() => importFernetKey(new Uint8Array(size)), { name: 'FernetError', code: 'ERR_FERNET_KEY' })
  const bytes = Uint8Array.from(keyBytes)
  const imported = importFernetKey(bytes)
  bytes.fill(0)
  assert.deepEqual(openFernet(imported, token), utf8('hello'))
  const shown = inspect(imported, { depth: 9, showHidden: true }) + JSON.stringify(imported)
  assert.ok(!shown.includes(hex(keyBytes.subarray(0, 4))))
  assert.doesNotMatch(shown, new RegExp(Array.from(keyBytes.slice(0, 4)).join(',\\s*')))
})
