import assert from 'node:assert/strict'
import { test } from 'node:test'
import { adoptIdentity, createIdentity, createIdentityBy, publicDevice, renewDevice } from '../../src/core/identity.ts'
import { updateLog, verifyLog } from '../../src/core/key-log.ts'
import { LOG_ENTRIES_MAX } from '../../src/core/limits/protocol-limits.ts'
import { keySigner, type Signer } from '../../src/core/p256.ts'
import { rotateIdentity } from '../../src/core/recovery.ts'
import { elsewhere, isHere, placeOf, readTokenKey, rootSigner } from '../../src/core/root-key.ts'
import { envelopesOf, failsWith, flip, lengthen, makeKey, NOW } from './identities.ts'
import { refusalOf } from './refusal.ts'
import { seededRandom } from './test-bytes.ts'

/** Root keys that are elsewhere: everything they sign goes by their signer. */

const TOKEN = { module: '/usr/lib/module.so', token: 'Alice', key: '0a' }
const root = makeKey('root')
const random = seededRandom('device')
const { identity: here } = createIdentity(NOW, seededRandom('Alice'))

/** Counts what it is asked to sign. */
const counting = (key = root) => {
  const asked = { times: 0 }
  const sign: Signer['sign'] = (message) => {
    asked.times += 1
    return keySigner(key).sign(message)
  }
  return { asked, signer: { publicKey: key.publicKey, sign } }
}

test('an identity is created by a signer, which signs once; only where its key is is kept', async () => {
  const { asked, signer } = counting()
  const { identity, phrase } = await createIdentityBy({ ...signer, token: TOKEN }, NOW, random)
  assert.equal(asked.times, 1)
  assert.deepEqual(verifyLog(identity.log.id, envelopesOf(identity.log)), identity.log)
  assert.deepEqual(identity.root, { publicKey: root.publicKey, token: TOKEN })
  assert.deepEqual(identity.log.last.entry.root, root.publicKey)
  assert.deepEqual((await createIdentityBy(signer, NOW, random)).identity.root, {
    publicKey: root.publicKey,
    token: null,
  })
  // The phrase rotates it like any other; then the root key is here.
  const rotated = rotateIdentity(identity.log, phrase, NOW, random)
  assert.deepEqual([rotated.log.epoch, isHere(rotated.root)], [1, true])
})

test('where a root key is', () => {
  assert.equal(placeOf(root), 'folder')
  assert.equal(placeOf(elsewhere({ ...keySigner(root), token: TOKEN })), 'token')
  assert.equal(placeOf(elsewhere(keySigner(root))), 'elsewhere')
})

test('a root key that is elsewhere needs its signer, and no other will do', async () => {
  const { signer } = counting()
  const { identity } = await createIdentityBy(signer, NOW, random)
  const other = keySigner(makeKey('other'))
  const cases = [
    [identity.root, undefined, 'ERR_ROOT_ELSEWHERE'],
    [identity.root, other, 'ERR_ROOT_OTHER'],
    [here.root, other, 'ERR_ROOT_OTHER'],
    [identity.root, signer, null],
    [here.root, undefined, null],
    [here.root, keySigner(here.root), null],
  ] as const
  for (const [key, given, code] of cases)
    assert.equal(
      refusalOf(() => rootSigner(key, given)),
      code,
    )
  await assert.rejects(renewDevice(identity, NOW, random), failsWith('ERR_ROOT_ELSEWHERE'))
  await assert.rejects(renewDevice(identity, NOW, random, other), failsWith('ERR_ROOT_OTHER'))
  const renewed = await renewDevice(identity, NOW, random, signer)
  assert.deepEqual([renewed.log.last.entry.seq, renewed.root], [1, identity.root])
})

test('a signer that does not sign as it should makes nothing', async () => {
  const lying = { publicKey: root.publicKey, sign: async (message: Uint8Array) => keySigner(root).sign(flip(message)) }
  await assert.rejects(createIdentityBy(lying, NOW, random), failsWith('ERR_SIGNER'))
  const { identity } = await createIdentityBy(counting().signer, NOW, random)
  await assert.rejects(renewDevice(identity, NOW, random, lying), failsWith('ERR_SIGNER'))
  await assert.rejects(adoptIdentity(identity.log, lying, NOW, random), failsWith('ERR_SIGNER'))
})

test('an identity is adopted by its signer alone: one device, and every former one is void', async () => {
  const { log } = (await createIdentityBy(counting().signer, NOW, random)).identity
  const devices = [...log.last.entry.devices, publicDevice(here)]
  const two = updateLog(log, root, { devices, time: NOW })
  const adopted = await adoptIdentity(two, { ...counting().signer, token: TOKEN }, NOW - 1_000, random)
  const { entry } = adopted.log.last
  assert.deepEqual([entry.devices, adopted.device], [[publicDevice(adopted)], 0])
  assert.deepEqual([entry.seq, entry.time, entry.root], [2, NOW, root.publicKey])
  assert.deepEqual(adopted.root, { publicKey: root.publicKey, token: TOKEN })
  assert.equal(adopted.transportSeed.symmetricKeySize, 32)
  // Its slot's key is in the phrase, which nobody gave.
  assert.deepEqual([adopted.slotKey, adopted.closings], [null, []])
  await assert.rejects(adoptIdentity(here.log, counting().signer, NOW, random), failsWith('ERR_ROOT_OTHER'))
})

test('nobody is asked to sign what cannot follow: a retired log, a full one, a clock that runs back', async () => {
  const { asked, signer } = counting()
  const { identity } = await createIdentityBy(signer, NOW, random)
  const { devices } = identity.log.last.entry
  const retired = updateLog(identity.log, root, { devices, time: NOW, status: 'retired' })
  const cases = [
    [retired, 'ERR_LOG_RETIRED'],
    [lengthen(identity.log, root, LOG_ENTRIES_MAX), 'ERR_LOG_TOO_LONG'],
  ] as const
  for (const [log, code] of cases) {
    await assert.rejects(renewDevice({ ...identity, log }, NOW, random, signer), failsWith(code))
    await assert.rejects(adoptIdentity(log, signer, NOW, random), failsWith(code))
  }
  await assert.rejects(renewDevice(identity, NOW - 1, random, signer), failsWith('ERR_LOG_TIME_BACK'))
  assert.equal(asked.times, 1)
})

test('what names a key on a token is bounded, without control characters, and has an id in hex', () => {
  assert.deepEqual(readTokenKey(TOKEN, 'token'), TOKEN)
  const bad = [
    { ...TOKEN, module: '' },
    { ...TOKEN, module: '/a\nb' },
    { ...TOKEN, token: 'Ali\u0000ce' },
    { ...TOKEN, token: 'a\u0085b' },
    { ...TOKEN, key: 'a' },
    { ...TOKEN, key: '0A' },
    { ...TOKEN, key: '0x0a' },
  ]
  for (const one of bad)
    assert.equal(
      refusalOf(() => readTokenKey(one, 'token')),
      'ERR_TOKEN_NAME',
    )
  const misshapen = [
    { ...TOKEN, module: `/${'a'.repeat(1_024)}` },
    { ...TOKEN, token: 'a'.repeat(33) },
    { ...TOKEN, key: 'ab'.repeat(65) },
    { ...TOKEN, extra: 1 },
    { module: TOKEN.module, token: TOKEN.token },
    { ...TOKEN, key: 10 },
    null,
  ]
  for (const one of misshapen)
    assert.equal(
      refusalOf(() => readTokenKey(one, 'token')),
      'ERR_FIELD',
    )
})
