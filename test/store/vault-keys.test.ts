import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { type CborValue, decodeCbor, encodeCbor } from '../../src/core/cbor.ts'
import { createIdentityBy, type Identity, renewDevice } from '../../src/core/identity.ts'
import { secretKey } from '../../src/core/kdf.ts'
import { LABEL_STORE_IDENTITY } from '../../src/core/labels.ts'
import { exportPrivateKey, keySigner } from '../../src/core/p256.ts'
import { openBytes, sealBytes, toBase64 } from '../../src/store/sealing.ts'
import { changePassphrase, createVault, openVault } from '../../src/store/vault.ts'
import { makeKey, NOW } from '../core/identities.ts'
import { reveals, textsOf } from '../core/secrets.ts'
import { seededRandom } from '../core/test-bytes.ts'
import { codeOf, makeTemporary } from './folders.ts'
import { alice } from './vaults.ts'

/** What the sealed part holds beside the device's keys: a root key that may be elsewhere, and the store key. */

const root = makeKey('root on a token')
const signer = { ...keySigner(root), token: { module: '/nonexistent/module.so', token: 'Alice', key: '0a' } }
const { identity: away } = await createIdentityBy(signer, NOW, seededRandom('away'))

const fromBase64 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64url'))

/** The plaintext of a folder's sealed part, and how to put another one in its place. */
const unseal = async (folder: string) => {
  const path = join(folder, 'identity.json')
  const stored = JSON.parse(await readFile(path, 'utf8'))
  const key = secretKey(fromBase64((await readFile(join(folder, 'identity.key'), 'utf8')).trim()))
  const sealed = { sealed: fromBase64(stored.sealed), check: fromBase64(stored.seal.check) }
  const plaintext = openBytes(key, LABEL_STORE_IDENTITY, sealed)
  assert.ok(plaintext !== null)
  const fields = decodeCbor(plaintext) as { readonly [field: string]: CborValue }
  const replace = (changed: { readonly [field: string]: CborValue }): Promise<void> => {
    const resealed = toBase64(sealBytes(key, LABEL_STORE_IDENTITY, encodeCbor(changed)))
    return writeFile(path, JSON.stringify({ ...stored, sealed: resealed }))
  }
  return { plaintext, fields, replace }
}

test('of a root key that is elsewhere the vault holds where, and nothing secret; no token is asked', async (t) => {
  const folder = await makeTemporary(t)
  await createVault(folder, away, null)
  // There is no such module: whoever asked it would fail.
  const opened = await openVault(folder, null)
  assert.deepEqual(opened.identity.root, away.root)
  assert.deepEqual(opened.identity.log, away.log)
  const { plaintext, fields } = await unseal(folder)
  assert.deepEqual(fields.root, { publicKey: root.publicKey, token: { ...signer.token } })
  assert.ok(!reveals(Buffer.from(plaintext).toString('latin1'), exportPrivateKey(root)))
  const renewed = await renewDevice(opened.identity, NOW, seededRandom('renewal'), signer)
  await opened.save(renewed)
  assert.deepEqual((await openVault(folder, null)).identity.root, away.root)
  const unknown = await createIdentityBy(keySigner(root), NOW, seededRandom('unknown'))
  const elsewhere = await makeTemporary(t)
  await createVault(elsewhere, unknown.identity, null)
  assert.deepEqual((await openVault(elsewhere, null)).identity.root, { publicKey: root.publicKey, token: null })
})

test('the store key is made with the vault, and stays through saving and every change of the passphrase', async (t) => {
  const folder = await makeTemporary(t)
  const made = await createVault(folder, alice, null)
  const kept = made.storeKey.export()
  assert.equal(kept.length, 32)
  const renewed: Identity = await renewDevice(alice, NOW, seededRandom('renewal'))
  await made.save(renewed)
  const same = async (passphrase: string | null): Promise<void> => {
    const { storeKey, identity } = await openVault(folder, passphrase)
    assert.deepEqual(storeKey.export(), kept)
    assert.deepEqual(identity.log, renewed.log)
  }
  await same(null)
  const changed = await changePassphrase(folder, null, async () => 'correct horse')
  assert.deepEqual(changed.storeKey.export(), kept)
  await changed.save(renewed)
  await same('correct horse')
  await changePassphrase(folder, 'correct horse', async () => null)
  await same(null)
  assert.notDeepEqual((await createVault(await makeTemporary(t), alice, null)).storeKey.export(), kept)
})

test('the store key stands sealed, and is not shown', async (t) => {
  const folder = await makeTemporary(t)
  const vault = await createVault(folder, alice, null)
  const secret = vault.storeKey.export()
  assert.ok(!reveals(await readFile(join(folder, 'identity.json'), 'utf8'), secret))
  assert.ok(!reveals(textsOf(vault), secret))
  const { fields } = await unseal(folder)
  assert.deepEqual(fields.store, Uint8Array.from(secret))
})

test('a sealed part that is not of this shape, or of another root key, is damage', async (t) => {
  const folder = await makeTemporary(t)
  await createVault(folder, away, null)
  const { fields, replace } = await unseal(folder)
  const token = { ...signer.token }
  const { publicKey } = root
  const roots: readonly CborValue[] = [
    exportPrivateKey(makeKey('other')),
    { publicKey: makeKey('other').publicKey, token },
    { publicKey },
    { token },
    { publicKey, token: { ...token, module: '' } },
    { publicKey, token: { ...token, key: '-1' } },
    { publicKey, token: { ...token, pin: '1234' } },
    { publicKey: publicKey.subarray(1), token },
    null,
    new Uint8Array(31),
  ]
  const { store, ...rest } = fields
  for (const changed of [
    ...roots.map((one) => ({ ...fields, root: one })),
    rest,
    { ...fields, store: new Uint8Array(31) },
    { ...fields, store: null },
    { ...fields, more: 1 },
  ]) {
    await replace(changed)
    assert.equal(await codeOf(openVault(folder, null)), 'ERR_STORE_CORRUPT')
  }
  await replace({ ...fields, root: exportPrivateKey(root) })
  assert.ok('key' in (await openVault(folder, null)).identity.root)
  assert.ok(store instanceof Uint8Array)
})
