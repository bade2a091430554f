import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { concat, hex } from '../../src/core/bytes.ts'
import { blake2b256 } from '../../src/core/kdf.ts'
import { decapsulate, encapsulate, generateKem, kemHalves, kemNames } from '../../src/core/kem.ts'
import { fromHex, seededRandom } from './test-bytes.ts'

const random = seededRandom('kem')
const alice = generateKem(random)
const bob = generateKem(random)

type Strcmp = { readonly seed: string; readonly ek: string; readonly ct: string; readonly ss: string }
const strcmp: Strcmp = JSON.parse(
  readFileSync(new URL('../vectors/kem/wycheproof-strcmp.json', import.meta.url), 'utf8'),
)

test('FIPS 203 §7.1 key generation from d ‖ z (Wycheproof)', () => {
  assert.equal(hex(generateKem(() => fromHex(strcmp.seed)).publicKey), strcmp.ek)
})

test('FIPS 203 §6.3 implicit rejection gives the secret that z determines (Wycheproof)', () => {
  const key = generateKem(() => fromHex(strcmp.seed))
  assert.equal(hex(decapsulate(key, fromHex(strcmp.ct))), strcmp.ss)
})

test('FIPS 203 §7.2 what was encapsulated is decapsulated', () => {
  const { ss, ct } = encapsulate(alice.publicKey)
  assert.equal(ss.length, 32)
  assert.equal(ct.length, 1088)
  assert.deepEqual(decapsulate(alice, ct), ss)
  assert.notDeepEqual(encapsulate(alice.publicKey).ct, ct)
  for (const bytes of [ss, ct, alice.publicKey]) assert.equal(Object.getPrototypeOf(bytes), Uint8Array.prototype)
})

test('FIPS 203 §6.3 another key, or a changed ciphertext, gives an unrelated secret and no error', () => {
  const { ss, ct } = encapsulate(alice.publicKey)
  const secrets = [hex(ss), hex(decapsulate(bob, ct))]
  for (const at of [0, 500, 1087]) {
    const changed = Uint8Array.from(ct)
    changed[at] = (changed[at] ?? 0) ^ 1
    secrets.push(hex(decapsulate(alice, changed)))
    assert.equal(hex(decapsulate(alice, changed)), secrets.at(-1), 'the same each time')
  }
  assert.equal(new Set(secrets).size, secrets.length)
})

test('FIPS 203 §7.2 a key of another length is refused', () => {
  for (const size of [0, 1183, 1185, 800, 1568])
    assert.throws(() => encapsulate(new Uint8Array(size)), { name: 'KeyError', code: 'ERR_KEM_KEY' })
})

test('FIPS 203 §7.2 a key with a coefficient of q or more is refused', () => {
  const withFirstCoefficient = (value: number): Uint8Array => {
    const key = Uint8Array.from(alice.publicKey)
    key[0] = value & 0xff
    key[1] = ((key[1] ?? 0) & 0xf0) | (value >> 8)
    return key
  }
  for (const value of [3329, 3330, 4095])
    assert.throws(() => encapsulate(withFirstCoefficient(value)), { name: 'KeyError', code: 'ERR_KEM_KEY' }, `${value}`)
  assert.doesNotThrow(() => encapsulate(withFirstCoefficient(3328)))
})

test('FIPS 203 §7.3 a ciphertext of another length is refused', () => {
  for (const size of [0, 1087, 1089, 768, 1568])
    assert.throws(() => decapsulate(alice, new Uint8Array(size)), { name: 'KeyError', code: 'ERR_KEM_CIPHERTEXT' })
})

test('key generation wipes the seed', () => {
  const seed = random(64)
  generateKem(() => seed)
  assert.deepEqual(seed, new Uint8Array(64))
})

test('§4 two halves of 592 bytes make the key again', () => {
  const [first, second] = kemHalves(alice.publicKey)
  assert.equal(first.length, 592)
  assert.equal(second.length, 592)
  assert.deepEqual(concat(first, second), alice.publicKey)
})

test('§4 each half has a name of its own, BLAKE2b-256 of it, and the names have an order', () => {
  const [first, second] = kemHalves(alice.publicKey)
  const names = kemNames(alice.publicKey)
  assert.deepEqual(names, [blake2b256(first), blake2b256(second)])
  assert.deepEqual(kemNames(concat(second, first)), [names[1], names[0]])
  for (const [at, half] of [
    [0, 0],
    [591, 0],
    [592, 1],
    [1183, 1],
  ] as const) {
    const changed = Uint8Array.from(alice.publicKey)
    changed[at] = (changed[at] ?? 0) ^ 1
    assert.notDeepEqual(kemNames(changed)[half], names[half])
    assert.deepEqual(kemNames(changed)[1 - half], names[1 - half])
  }
})
