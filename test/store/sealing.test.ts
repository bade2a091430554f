import assert from 'node:assert/strict'
import { argon2Sync } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { secretKey } from '../../src/core/kdf.ts'
import { checkOf, newKdf, openBytes, passphraseKey, readSeal, sealBytes, toBase64 } from '../../src/store/sealing.ts'
import { createVault, openVault, readVault } from '../../src/store/vault.ts'
import { codeOf, makeTemporary } from './folders.ts'
import { alice, assertSame, codeIn, startVault } from './vaults.ts'

/** The seal: what a passphrase becomes, and what may stand in a file about it. */

const fill = (size: number, byte: number): Uint8Array => new Uint8Array(size).fill(byte)

test('RFC 9106 §5.3: this argon2id is the one everybody has', () => {
  const tag = argon2Sync('argon2id', {
    message: fill(32, 1),
    nonce: fill(16, 2),
    secret: fill(8, 3),
    associatedData: fill(12, 4),
    memory: 32,
    passes: 3,
    parallelism: 4,
    tagLength: 32,
  })
  assert.equal(tag.toString('hex'), '0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659')
})

test('a passphrase becomes argon2id of its UTF-8, NFKC, under what is written beside it', async () => {
  const kdf = { kdf: 'argon2id', memory: 32, passes: 2, parallelism: 2, salt: fill(16, 5) } as const
  const { memory, passes, parallelism, salt } = kdf
  const parameters = { nonce: salt, memory, passes, parallelism, tagLength: 32 }
  const key = await passphraseKey('pa\u00dfwo\u0301rd \ufb01', kdf)
  const expected = argon2Sync('argon2id', { message: Buffer.from('pa\u00dfw\u00f3rd fi'), ...parameters })
  assert.deepEqual(key.export(), expected)
})

test('what is made new is RFC 9106’s second choice of memory and passes, with a salt of its own', () => {
  const [one, other] = [newKdf(), newKdf()]
  assert.partialDeepStrictEqual(one, { kdf: 'argon2id', memory: 65_536, passes: 3, parallelism: 1 })
  assert.equal(one.salt.length, 16)
  assert.notDeepEqual(one.salt, other.salt)
})

test('another key opens nothing, another use neither, and a changed byte is damage', () => {
  const key = secretKey(fill(32, 1))
  const sealed = sealBytes(key, 'one', fill(100, 9))
  const check = checkOf(key, 'one')
  assert.deepEqual(openBytes(key, 'one', { sealed, check }), fill(100, 9))
  assert.equal(openBytes(secretKey(fill(32, 2)), 'one', { sealed, check }), null)
  assert.equal(openBytes(key, 'other', { sealed, check }), null)
  const others = { sealed, check: checkOf(key, 'other') }
  assert.throws(() => openBytes(key, 'other', others), { code: 'ERR_STORE_CORRUPT' })
  for (let place = 0; place < sealed.length; place += 7) {
    const changed = sealed.with(place, (sealed[place] ?? 0) ^ 1)
    assert.throws(() => openBytes(key, 'one', { sealed: changed, check }), { code: 'ERR_STORE_CORRUPT' })
  }
})

const WRONG: Readonly<Record<string, readonly unknown[]>> = {
  kdf: ['argon2i', 'argon2d', 'scrypt', null],
  memory: [0, 7, -8, 8.5, '8', null, 262_145, 2 ** 32 - 1, 2 ** 40, 1e300],
  passes: [0, -1, 9, 1.5, 2 ** 32 - 1, null],
  parallelism: [0, 2, 5, 2 ** 24, null],
  salt: ['', toBase64(fill(15, 0)), toBase64(fill(17, 0)), '!'.repeat(22), null],
  check: ['', toBase64(fill(15, 0)), toBase64(fill(17, 0)), null],
  by: ['Passphrase', null, 1],
}

test('parameters outside their bounds are damage, and cost neither time nor memory', async (t) => {
  const { fields, replace } = await startVault(t, 'correct horse')
  const { seal } = fields()
  const began = process.hrtime.bigint()
  const before = process.resourceUsage().maxRSS
  for (const [name, values] of Object.entries(WRONG))
    for (const value of [...values, undefined])
      assert.equal(
        codeIn(await replace(JSON.stringify({ ...fields(), seal: { ...seal, [name]: value } }))),
        'ERR_STORE_CORRUPT',
        `${name} ${value}`,
      )
  assert.ok(process.hrtime.bigint() - began < 5_000_000_000n)
  assert.ok(process.resourceUsage().maxRSS - before < 100_000, 'kilobytes')
})

test('parameters within their bounds are tried, and open nothing when they are not those it was sealed with', async (t) => {
  const { fields, replace } = await startVault(t, 'correct horse')
  const { seal } = fields()
  for (const change of [{ memory: 16 }, { passes: 8 }, { memory: 32, parallelism: 4 }, { salt: toBase64(fill(16, 8)) }])
    assert.equal(
      codeIn(await replace(JSON.stringify({ ...fields(), seal: { ...seal, ...change } }))),
      'ERR_STORE_PASSPHRASE',
    )
  assert.ok(readSeal({ ...seal, memory: 262_144, passes: 8, parallelism: 4 }, 'seal'))
})

test('a wrong passphrase, none, and one that is not needed', async (t) => {
  const { folder, outcome } = await startVault(t, 'correct horse')
  for (const wrong of ['', ' ', 'Correct horse', 'correct horse ', 'correct', 'c'.repeat(100_000)])
    assert.equal(codeIn(await outcome(wrong)), 'ERR_STORE_PASSPHRASE')
  assert.equal(codeIn(await outcome(null)), 'ERR_STORE_LOCKED')
  assert.equal((await readVault(folder)).sealedBy, 'passphrase')
  assertSame(await outcome(async () => 'correct horse'), alice)
  const refusal = (): Promise<string> => Promise.reject(new Error('nobody is there'))
  await assert.rejects(openVault(folder, refusal), { message: 'nobody is there' })

  const open = await startVault(t)
  let asked = 0
  const ask = async (): Promise<string> => `${asked++}`
  assertSame(await open.outcome(ask), alice)
  assertSame(await open.outcome('not needed'), alice)
  assert.equal(asked, 0)
})

test('an empty passphrase protects nothing and is not taken for one', async (t) => {
  const folder = await makeTemporary(t)
  assert.equal(await codeOf(createVault(folder, alice, '')), 'ERR_STORE_PASSPHRASE')
  assert.equal(await codeOf(readVault(folder)), 'ERR_STORE_MISSING')
})

test('what a passphrase seals needs no key file, and a key file no passphrase', async (t) => {
  const folder = await makeTemporary(t)
  await createVault(folder, alice, 'correct horse')
  await assert.rejects(readFile(`${folder}/identity.key`), { code: 'ENOENT' })
  assertSame((await openVault(folder, 'correct horse')).identity, alice)
})
