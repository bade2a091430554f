import assert from 'node:assert/strict'
import { createPublicKey, verify as verifyWithNode } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createIdentityBy, renewDevice } from '../../src/core/identity.ts'
import { verifyLog } from '../../src/core/key-log.ts'
import { exportPrivateKey, generatePrivateKey } from '../../src/core/p256.ts'
import type { TokenKey } from '../../src/core/root-key.ts'
import { generatePkcs11Key, importPkcs11Key, openPkcs11Signer, pkcs11Signer } from '../../src/store/pkcs11-signer.ts'
import { envelopesOf, makeBytes, makeKey, NOW } from '../core/identities.ts'
import { reveals } from '../core/secrets.ts'
import { seededRandom } from '../core/test-bytes.ts'
import { codeOf } from './folders.ts'
import { PIN, startSoftHsm } from './softhsm.ts'

/** Keys on a real token: that of SoftHSM2, by OpenSC's pkcs11-tool. */

const hsm = await startSoftHsm()
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
const open = { pin: PIN }
const codeOfSign = async (token: TokenKey, pin: string): Promise<unknown> =>
  codeOf((await openPkcs11Signer(token, { pin })).sign(makeBytes('message', 10)))

test('a key made on the token signs: Node verifies it, and s is in the lower half', async () => {
  const made = await generatePkcs11Key(hsm.at('01'), open)
  const signer = await openPkcs11Signer(hsm.at('01'), open)
  assert.deepEqual([signer.publicKey, signer.token], [made.publicKey, hsm.at('01')])
  const spki = { key: made.publicKey, format: 'raw-public', asymmetricKeyType: 'ec', namedCurve: 'P-256' } as const
  for (const size of [0, 1, 32, 5_000]) {
    // Half of all signatures have a high s before it is put right.
    for (const round of [1, 2, 3]) {
      const message = makeBytes(`${size}/${round}`, size)
      const signature = await signer.sign(message)
      assert.equal(signature.length, 64)
      assert.ok(BigInt(`0x${Buffer.from(signature.subarray(32)).toString('hex')}`) <= N / 2n)
      const key = { key: createPublicKey(spki), dsaEncoding: 'ieee-p1363' } as const
      assert.ok(verifyWithNode('sha256', message, key, signature))
    }
  }
})

test('an identity whose root key is on the token is one like any other, and can be renewed', async () => {
  const signer = await generatePkcs11Key(hsm.at('02'), open)
  const { identity } = await createIdentityBy(signer, NOW, seededRandom('token'))
  assert.deepEqual(identity.root, { publicKey: signer.publicKey, token: hsm.at('02') })
  const reopened = pkcs11Signer(hsm.at('02'), identity.root.publicKey, open)
  const renewed = await renewDevice(identity, NOW + 5, seededRandom('renewal'), reopened)
  assert.deepEqual(verifyLog(identity.log.id, envelopesOf(renewed.log)), renewed.log)
  assert.deepEqual(renewed.log.last.entry.root, signer.publicKey)
  assert.equal(await codeOf(renewDevice(identity, NOW + 5, seededRandom('renewal'))), 'ERR_ROOT_ELSEWHERE')
})

test('a wrong PIN, an empty one, and none', async () => {
  await generatePkcs11Key(hsm.at('03'), open)
  for (const pin of ['0000', `${PIN}1`, '', 'with\0null', 'x'.repeat(256)])
    assert.equal(await codeOfSign(hsm.at('03'), pin), 'ERR_TOKEN_PIN', pin.slice(0, 10))
  const signer = await openPkcs11Signer(hsm.at('03'), {})
  assert.equal(await codeOf(signer.sign(new Uint8Array(1))), 'ERR_TOKEN_PIN')
  assert.equal(await codeOf(generatePkcs11Key(hsm.at('04'), { pin: '0000' })), 'ERR_TOKEN_PIN')
  assert.equal(await codeOfSign(hsm.at('03'), PIN), undefined)
})

test('a key that is not there, one of RSA, and one on P-384', async () => {
  await hsm.tool('Alice', '--keypairgen', '--key-type=rsa:2048', '--id=a1', '--label=rsa')
  await hsm.tool('Alice', '--keypairgen', '--key-type=EC:secp384r1', '--id=a2', '--label=p384')
  for (const key of ['a0', 'a1', 'a2'])
    assert.equal(await codeOf(openPkcs11Signer(hsm.at(key), open)), 'ERR_TOKEN_KEY', key)
  // Nor does one that is asked for by a public key it does not have.
  const { publicKey } = makeKey('other')
  for (const [key, code] of [
    ['a0', 'ERR_TOKEN_KEY'],
    ['a1', 'ERR_TOKEN_FAILED'],
    ['a2', 'ERR_SIGNER'],
    ['01', 'ERR_SIGNER'],
  ] as const)
    assert.equal(await codeOf(pkcs11Signer(hsm.at(key), publicKey, open).sign(new Uint8Array(1))), code, key)
})

test('a module that is missing or none, and a token that is not there', async () => {
  const token = hsm.at('01')
  for (const module of ['/nonexistent/module.so', '/etc/passwd'])
    assert.equal(await codeOf(openPkcs11Signer({ ...token, module }, open)), 'ERR_TOKEN_MISSING')
  for (const label of ['Bob', 'Ali', 'alice', 'Alice 2'])
    assert.equal(await codeOf(openPkcs11Signer(hsm.at('01', label), open)), 'ERR_TOKEN_MISSING', label)
})

test('a token is known by its whole label, and by one that no other has', async () => {
  await hsm.add('Bob and Carol')
  await generatePkcs11Key(hsm.at('01', 'Bob and Carol'), open)
  assert.equal(await codeOf(openPkcs11Signer(hsm.at('01', 'Bob'), open)), 'ERR_TOKEN_MISSING')
  await hsm.add('Bob')
  await generatePkcs11Key(hsm.at('01', 'Bob'), open)
  const [bob, both] = [hsm.at('01', 'Bob'), hsm.at('01', 'Bob and Carol')]
  assert.notDeepEqual((await openPkcs11Signer(bob, open)).publicKey, (await openPkcs11Signer(both, open)).publicKey)
  await hsm.add('Bob')
  assert.equal(await codeOf(openPkcs11Signer(bob, open)), 'ERR_TOKEN_MISSING')
})

test('what would not do as an argument names no key', async () => {
  const good = hsm.at('01')
  const { module } = good
  const bad: readonly TokenKey[] = [
    ...['libsofthsm2.so', './module.so', '--help', '', `${module}\0`, `/${'x'.repeat(2_000)}`].map((wrong) => ({
      ...good,
      module: wrong,
    })),
    ...['', 'x'.repeat(33), 'Ali\nce', 'Alice\0'].map((wrong) => ({ ...good, token: wrong })),
    ...['', '1', '0G', '-1', '0A', '01 --pin', 'ab'.repeat(65)].map((wrong) => ({ ...good, key: wrong })),
  ]
  for (const token of bad)
    for (const work of [openPkcs11Signer, generatePkcs11Key])
      assert.equal(await codeOf(work(token, open)), 'ERR_TOKEN_NAME', JSON.stringify(token).slice(0, 90))
  assert.equal(
    await codeOf(pkcs11Signer({ ...good, key: '-' }, makeKey('other').publicKey, open).sign(new Uint8Array(1))),
    'ERR_TOKEN_NAME',
  )
})

test('no second key is made or put under an id that is taken', async () => {
  const { publicKey } = await generatePkcs11Key(hsm.at('05'), open)
  assert.equal(await codeOf(generatePkcs11Key(hsm.at('05'), open)), 'ERR_TOKEN_KEY_EXISTS')
  assert.equal(await codeOf(importPkcs11Key(hsm.at('05'), makeKey('other'), open)), 'ERR_TOKEN_KEY_EXISTS')
  // Also when only its private half is left, which nobody sees who has no PIN.
  await hsm.tool('Alice', '--delete-object', '--type=pubkey', '--id=05')
  assert.equal(await codeOf(openPkcs11Signer(hsm.at('05'), open)), 'ERR_TOKEN_KEY')
  assert.equal(await codeOf(generatePkcs11Key(hsm.at('05'), open)), 'ERR_TOKEN_KEY_EXISTS')
  await pkcs11Signer(hsm.at('05'), publicKey, open).sign(new Uint8Array(1))
})

test('a key that is put onto the token signs from there, cannot be read, and may be put there again', async () => {
  const key = generatePrivateKey(seededRandom('imported'))
  const signer = await importPkcs11Key(hsm.at('06'), key, open)
  assert.deepEqual(signer.publicKey, key.publicKey)
  await signer.sign(new Uint8Array(7))
  await importPkcs11Key(hsm.at('06'), key, open)
  assert.deepEqual((await openPkcs11Signer(hsm.at('06'), open)).publicKey, key.publicKey)
  const listed = await hsm.tool('Alice', '--list-objects', '--type=privkey', '--id=06')
  assert.equal(/ID: +06\n.*\n +Access: +(.*)/.exec(listed)?.[1], 'sensitive')
  // SoftHSM's own files hold it sealed.
  const folder = join(process.env.SOFTHSM2_CONF ?? '', '..', 'tokens')
  for (const path of await readdir(folder, { recursive: true }))
    if (path.endsWith('.object'))
      assert.ok(!reveals((await readFile(join(folder, path))).toString('latin1'), exportPrivateKey(key)), path)
})
