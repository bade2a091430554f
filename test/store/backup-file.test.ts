import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { encodeAddress } from '../../src/core/address.ts'
import { LABEL_BACKUP } from '../../src/core/labels.ts'
import { padmeSize } from '../../src/core/padding.ts'
import { decodeContent, encodeContent } from '../../src/store/backup-content.ts'
import { sealBackup, unsealBackup } from '../../src/store/backup-file.ts'
import { checkOf, passphraseKey, sealBytes, toBase64 } from '../../src/store/sealing.ts'
import { createVault } from '../../src/store/vault.ts'
import { flip } from '../core/identities.ts'
import { reveals, textsOf } from '../core/secrets.ts'
import { places } from '../runs.ts'
import { bob, CHEAP, carol, content, PASSPHRASE, remembered, sealCheap } from './backups.ts'
import { codeOf, makeTemporary, sealCheaply } from './folders.ts'
import { alice, assertSame, secretsOf } from './vaults.ts'

/** The file that a backup is: what seals it, what it shows, and how it is read and written. */

const PATH = 'alice.backup'
const plain = encodeContent(content)
const text = await sealCheap()
const fields = () => JSON.parse(text)

const unseal = (changed: string, passphrase = PASSPHRASE): Promise<Uint8Array> =>
  unsealBackup(PATH, changed, async () => passphrase)
/** The code with which another file is refused. */
const refusal = (changed: unknown, passphrase?: string): Promise<unknown> =>
  codeOf(unseal(typeof changed === 'string' ? changed : JSON.stringify(changed), passphrase))

test('its passphrase opens it, and no other one', async () => {
  assert.deepEqual(await unseal(text), plain)
  assertSame(decodeContent(await unseal(text)).kept.identity, alice)
  for (const wrong of ['', ' ', 'Correct horse', `${PASSPHRASE} `, 'c'.repeat(100_000)])
    assert.equal(await refusal(text, wrong), 'ERR_STORE_PASSPHRASE')
  assert.deepEqual(await unseal(await sealCheap(plain, 'pa\u00dfwo\u0301rd'), 'pa\u00dfw\u00f3rd'), plain)
})

test('an empty passphrase protects nothing and is not taken for one', async () => {
  assert.equal(await codeOf(sealCheap(plain, '')), 'ERR_STORE_PASSPHRASE')
})

test('what is made new costs as much to guess as the data folder, with a salt of its own', async () => {
  const [one, other] = await Promise.all([sealBackup(plain, 'x'), sealBackup(plain, 'x')])
  const [seal, another] = [JSON.parse(one).seal, JSON.parse(other).seal]
  assert.partialDeepStrictEqual(seal, { by: 'passphrase', kdf: 'argon2id', memory: 65_536, passes: 3, parallelism: 1 })
  assert.notEqual(seal.salt, another.salt)
  assert.notEqual(JSON.parse(one).sealed, JSON.parse(other).sealed)
  assert.deepEqual(await unseal(one, 'x'), plain)
})

test('the file says nothing of whose it is, and little of how much is in it', async () => {
  assert.deepEqual(Object.keys(fields()), ['handfast', 'version', 'seal', 'sealed'])
  const everybody = [alice, bob, carol].flatMap(({ log }) => [
    Buffer.from(encodeAddress(log.id)),
    ...log.entries.flatMap(({ entry, envelope, hash }) => [hash, envelope, entry.root]),
  ])
  for (const known of everybody) assert.equal(reveals(text, known), false)
  // One contact more, or a longer name, and the file is as long as before.
  const [first, ...rest] = remembered.contacts
  assert.ok(first !== undefined)
  const sizes = [remembered.contacts, [{ ...first, name: 'Bob, whom I met in Bern' }, ...rest]].map(
    async (contacts) =>
      (await sealCheap(encodeContent({ ...content, remembered: { ...remembered, contacts } }))).length,
  )
  assert.equal(new Set(await Promise.all(sizes)).size, 1)
  const token = Buffer.from(fields().sealed, 'base64url').length
  const padded = padmeSize(plain.length + 1)
  assert.equal(token, 1 + 8 + 16 + 32 + padded + 16 - (padded % 16))
})

test('a file cut off anywhere is damaged', async () => {
  for (const size of places(text.length - 1)) assert.equal(await refusal(text.slice(0, size)), 'ERR_STORE_CORRUPT')
  assert.deepEqual(await unseal(text.slice(0, -1)), plain)
})

test('a file with any byte changed is damaged, of another version, or under another passphrase', async () => {
  const original = Buffer.from(text)
  const [sealing, end] = [text.indexOf('"seal"'), text.indexOf('"sealed"')]
  const codes = new Map<unknown, number>()
  const version = /(?<="version": )\d/.exec(text)?.index ?? assert.fail()
  for (const place of new Set([...places(original.length - 1), version])) {
    const code = await refusal(Buffer.from(flip(original, place)).toString())
    codes.set(code, (codes.get(code) ?? 0) + 1)
    if (code === 'ERR_STORE_PASSPHRASE') assert.ok(place > sealing && place < end, `byte ${place}`)
    else assert.match(String(code), /^ERR_STORE_(CORRUPT|VERSION)$/, `byte ${place}`)
  }
  assert.deepEqual([...codes.keys()].toSorted(), ['ERR_STORE_CORRUPT', 'ERR_STORE_PASSPHRASE', 'ERR_STORE_VERSION'])
})

test('fields that are missing, unknown or misshapen are damage, before anybody is asked for a passphrase', async () => {
  const own = fields()
  const names = Object.keys(own)
  const changes: readonly Record<string, unknown>[] = [
    ...names.filter((name) => name !== 'version').map((name) => ({ [name]: undefined })),
    ...[null, true, [], {}, '', 'x'.repeat(10_000)].flatMap((wrong) => [{ seal: wrong }, { handfast: wrong }]),
    { handfast: 'fork-proof' },
    { extra: 1 },
    { address: encodeAddress(alice.log.id) },
    { sealed: '' },
    { sealed: `${own.sealed}=` },
    { sealed: own.sealed.replace(/^./, '!') },
    { seal: { ...own.seal, extra: 1 } },
    // A key file beside it would protect nothing.
    { seal: { by: 'key-file', check: own.seal.check } },
  ]
  const never = (): Promise<string> => assert.fail('asked for a passphrase')
  for (const change of changes)
    assert.equal(
      await codeOf(unsealBackup(PATH, JSON.stringify({ ...own, ...change }), never)),
      'ERR_STORE_CORRUPT',
      JSON.stringify(change).slice(0, 80),
    )
  const texts = ['null', '[]', '1', '"x"', '{}', '{"version":2}', '\u0000', '{'.repeat(5_000)]
  for (const one of texts)
    assert.equal(await codeOf(unsealBackup(PATH, one, never)), 'ERR_STORE_CORRUPT', one.slice(0, 20))
  for (const version of [0, 1, 3, 99, '2', null, []])
    assert.equal(await codeOf(unsealBackup(PATH, JSON.stringify({ ...own, version }), never)), 'ERR_STORE_VERSION')
})

const WRONG: Readonly<Record<string, readonly unknown[]>> = {
  kdf: ['argon2i', 'scrypt', null, undefined],
  memory: [0, 7, -8, 8.5, '8', null, undefined, 262_145, 2 ** 40],
  passes: [0, -1, 9, 1.5, null, undefined],
  parallelism: [0, 2, 5, 2 ** 24, null, undefined],
  salt: ['', toBase64(new Uint8Array(15)), toBase64(new Uint8Array(17)), '!'.repeat(22), null, undefined],
  check: ['', toBase64(new Uint8Array(15)), toBase64(new Uint8Array(17)), null, undefined],
  by: ['Passphrase', null, 1, undefined],
}

test('parameters outside their bounds are damage, within them they open nothing but what they sealed', async () => {
  const { seal, ...own } = fields()
  for (const [name, values] of Object.entries(WRONG))
    for (const value of values)
      assert.equal(await refusal({ ...own, seal: { ...seal, [name]: value } }), 'ERR_STORE_CORRUPT', `${name} ${value}`)
  for (const change of [
    { memory: 16 },
    { passes: 8 },
    { memory: 32, parallelism: 4 },
    { salt: toBase64(new Uint8Array(16)) },
  ])
    assert.equal(await refusal({ ...own, seal: { ...seal, ...change } }), 'ERR_STORE_PASSPHRASE')
})

test('what was sealed as an identity is no backup, nor is what is not padded', async (t) => {
  const folder = await makeTemporary(t)
  await createVault(folder, alice, null)
  await sealCheaply(folder, PASSPHRASE)
  const { seal, sealed } = JSON.parse(await readFile(join(folder, 'identity.json'), 'utf8'))
  // The same passphrase, salt and parameters: only the label differs.
  assert.equal(await refusal({ ...fields(), seal, sealed }), 'ERR_STORE_PASSPHRASE')
  assert.equal(await refusal({ ...fields(), sealed }), 'ERR_STORE_CORRUPT')
  const key = await passphraseKey(PASSPHRASE, CHEAP)
  const check = toBase64(checkOf(key, LABEL_BACKUP))
  const bare = toBase64(sealBytes(key, LABEL_BACKUP, plain))
  assert.equal(await refusal({ ...fields(), seal: { ...fields().seal, check }, sealed: bare }), 'ERR_STORE_CORRUPT')
})

test('more than a file may hold is refused when it is made', async () => {
  assert.equal(await codeOf(sealCheap(new Uint8Array(64 * 1024 * 1024))), 'ERR_BACKUP_SIZE')
})

test('no error and nothing printed shows a key or a passphrase', async () => {
  const passphrase = 'correct horse battery staple'
  const sealed = await sealCheap(plain, passphrase)
  const own = JSON.parse(sealed)
  const secrets = [...secretsOf(alice), Buffer.from(passphrase)]
  const damaged: readonly unknown[] = [
    sealed.slice(0, -20),
    { ...own, version: passphrase },
    { ...own, [passphrase]: 1 },
    { ...own, seal: { ...own.seal, check: passphrase } },
    { ...own, sealed: toBase64(plain) },
  ]
  const failed = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => assert.fail('opened'),
      (error) => error,
    )
  const errors = await Promise.all([
    ...damaged.map((one) => failed(unseal(typeof one === 'string' ? one : JSON.stringify(one), passphrase))),
    failed(unseal(sealed, `${passphrase}!`)),
  ])
  for (const error of errors) for (const secret of secrets) assert.ok(!reveals(textsOf(error), secret))
  for (const secret of secrets) assert.ok(!reveals(textsOf(decodeContent(await unseal(sealed, passphrase))), secret))
})
