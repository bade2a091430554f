import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import * as published from 'handfast/fernet'
import { decrypt, encrypt, generateKey } from 'handfast/fernet'
import { refusalOf } from './core/refusal.ts'
import { seededRandom } from './core/test-bytes.ts'
import { runs } from './runs.ts'

const random = seededRandom('handfast/fernet')
const key = generateKey()
const hello = new TextEncoder().encode('hello')
const NOW = 1_700_000_000
const token = encrypt(key, hello, { now: NOW })

const raw = (base64: string): Buffer => Buffer.from(base64, 'base64url')

test('the module publishes exactly this', () => {
  // What `import` finds in any CommonJS module beside its names.
  const names = Object.keys(published).filter((name) => name !== 'default' && name !== 'module.exports')
  assert.deepEqual(names.sort(), ['FernetError', 'decrypt', 'encrypt', 'generateKey'])
})

test('a key is 44 characters of base64url for 32 bytes, another each time', () => {
  assert.match(key, /^[A-Za-z0-9_-]{43}=$/)
  assert.equal(raw(key).length, 32)
  assert.equal(new Set(Array.from({ length: 50 }, generateKey)).size, 50)
})

test('a token is padded base64url text, another each time', () => {
  for (let size = 0; size < 40; size++) assert.match(encrypt(key, random(size)), /^gAAAAA[A-Za-z0-9_-]*={0,2}$/)
  assert.notEqual(encrypt(key, hello), encrypt(key, hello))
})

test('decrypt undoes encrypt, from 0 B to 64 KiB', () => {
  fc.assert(
    fc.property(fc.oneof(fc.nat(70), fc.nat(64 * 1024)), (size) => {
      const data = random(size)
      assert.deepEqual(decrypt(key, encrypt(key, data)), data)
    }),
    { seed: 131, numRuns: runs(100) },
  )
})

test('results are plain Uint8Arrays over memory of their own', () => {
  for (const size of [0, 5, 1000]) {
    const data = decrypt(key, encrypt(key, Buffer.from(random(size))))
    assert.equal(Object.getPrototypeOf(data), Uint8Array.prototype)
    assert.equal(data.buffer.byteLength, data.byteLength)
  }
})

test('a key is given as text or as its 32 bytes, plain or Buffer', () => {
  const bytes = Uint8Array.from(raw(key))
  for (const form of [key, bytes, raw(key)]) {
    assert.deepEqual(decrypt(form, token), hello)
    assert.deepEqual(decrypt(key, encrypt(form, hello)), hello)
  }
})

test('now and iv make a token reproducible', () => {
  const iv = random(16)
  assert.equal(encrypt(key, hello, { now: NOW, iv }), encrypt(key, hello, { now: NOW, iv: Buffer.from(iv) }))
  assert.notEqual(encrypt(key, hello, { now: NOW + 1, iv }), encrypt(key, hello, { now: NOW, iv }))
  assert.deepEqual(raw(encrypt(key, hello, { iv })).subarray(9, 25), Buffer.from(iv))
})

test('without now the clock is used, on both sides', () => {
  const fresh = encrypt(key, hello)
  assert.ok(Math.abs(Number(raw(fresh).readBigUInt64BE(1)) - Date.now() / 1000) < 5)
  assert.deepEqual(decrypt(key, fresh, { ttl: 5 }), hello)
  const now = Math.floor(Date.now() / 1000)
  assert.equal(
    refusalOf(() => decrypt(key, encrypt(key, hello, { now: now - 100 }), { ttl: 60 })),
    'ERR_FERNET_EXPIRED',
  )
  assert.equal(
    refusalOf(() => decrypt(key, encrypt(key, hello, { now: now + 100 }))),
    'ERR_FERNET_FUTURE',
  )
})

test('undefined options are absent options', () => {
  const options = { now: undefined, iv: undefined, ttl: undefined }
  assert.deepEqual(decrypt(key, encrypt(key, hello, options), options), hello)
})

test('text is encrypted as UTF-8, and fractions of a second are dropped', () => {
  const key = generateKey()
  const token = encrypt(key, 'grüezi', { now: 1_700_000_000.9 })
  assert.equal(new TextDecoder().decode(decrypt(key, token, { now: 1_700_000_000, ttl: 0.5 })), 'grüezi')
  assert.equal(Buffer.from(token, 'base64url').readBigUInt64BE(1), 1_700_000_000n)
})
