import assert from 'node:assert/strict'
import { test } from 'node:test'
import { equal, hex } from '../../src/core/bytes.ts'
import { signCard, verifyCard } from '../../src/core/card.ts'
import { exportEd25519 } from '../../src/core/ed25519.ts'
import { commitmentTo } from '../../src/core/epoch-keys.ts'
import { createIdentity, renewDevice } from '../../src/core/identity.ts'
import { secretKey } from '../../src/core/kdf.ts'
import { rotateLog, updateLog, verifyLog } from '../../src/core/key-log.ts'
import { exportPrivateKey } from '../../src/core/p256.ts'
import { phraseKeys } from '../../src/core/recovery-phrase.ts'
import { at, envelopesOf, failsWith, makeBytes, makePrekeys, NOW } from './identities.ts'
import { reveals, textsOf } from './secrets.ts'
import { seededRandom } from './test-bytes.ts'

const create = (name = 'Alice') => createIdentity(NOW, seededRandom(name))
const { identity, phrase } = create()
const { devices } = identity.log.last.entry

test('§2 a new identity is a log of one entry, by its root, with one device whose keys are at hand', () => {
  const { entry } = identity.log.last
  assert.deepEqual(verifyLog(identity.log.id, envelopesOf(identity.log)), identity.log)
  assert.deepEqual([entry.seq, entry.status, entry.time, identity.device], [0, 'active', NOW, 0])
  assert.deepEqual(entry.root, identity.root.publicKey)
  assert.deepEqual(devices, [{ sign: identity.sign.publicKey, dh: identity.ik.publicKey }])
  assert.equal(identity.transportSeed.symmetricKeySize, 32)
})

test('§2 the recovery phrase derives the root key that the log committed to, and the one after it', () => {
  const chain = phraseKeys(phrase)
  assert.ok(equal(commitmentTo(chain.root(1).publicKey, chain.epoch(1)), identity.log.last.entry.next))
  const once = rotateLog(identity.log, chain.root(1), chain.epoch(1), { devices, time: NOW })
  const twice = rotateLog(once, chain.root(2), chain.epoch(2), { devices, time: NOW })
  assert.deepEqual([once.epoch, twice.epoch], [1, 2])
  assert.equal(verifyLog(identity.log.id, envelopesOf(twice)).epoch, 2)
})

test('§2 no other phrase, and no key at hand, can rotate it', () => {
  const next = phraseKeys(phrase).epoch(1)
  const others = [phraseKeys(create('Mallory').phrase).root(1), phraseKeys(phrase).root(2), identity.sign, identity.ik]
  for (const key of others)
    assert.throws(() => rotateLog(identity.log, key, next, { devices, time: NOW }), failsWith('ERR_LOG_ROOT'))
})

test('§2 every key is its own, and another identity shares none', () => {
  const mallory = create('Mallory')
  const secrets = [identity, mallory.identity].flatMap(({ root, sign, ik, transportSeed }) => [
    ...[root, sign, ik].map(exportPrivateKey),
    transportSeed.export(),
  ])
  secrets.push(exportPrivateKey(phraseKeys(phrase).root(1)))
  for (const words of [phrase, mallory.phrase])
    for (const rotation of [0, 1, 2, 63]) secrets.push(exportEd25519(phraseKeys(words).slot(rotation)))
  assert.equal(new Set(secrets.map(hex)).size, secrets.length)
  assert.notEqual(phrase, mallory.phrase)
})

test('what is printed of an identity shows no secret', () => {
  const text = textsOf(identity)
  for (const { publicKey } of [identity.root]) assert.ok(reveals(text, publicKey), 'the check itself works')
  for (const secret of [
    ...[identity.root, identity.sign, identity.ik].map(exportPrivateKey),
    identity.transportSeed.export(),
    exportEd25519(identity.slotKey ?? assert.fail()),
  ])
    assert.ok(!reveals(text, secret))
  for (const word of phrase.split(' ')) assert.doesNotMatch(text, new RegExp(`\\b${word}\\b`))
})

test('§2 a renewed device has new keys in the log under the same root, and is found elsewhere', async () => {
  const renewed = await renewDevice(identity, NOW + 60, seededRandom('renewal'))
  assert.deepEqual(renewed.log.id, identity.log.id)
  assert.deepEqual([renewed.log.last.entry.seq, renewed.log.epoch], [1, 0])
  assert.deepEqual(renewed.log.last.entry.devices, [{ sign: renewed.sign.publicKey, dh: renewed.ik.publicKey }])
  for (const key of ['sign', 'ik'] as const) assert.notDeepEqual(renewed[key].publicKey, identity[key].publicKey)
  assert.equal(renewed.root, identity.root)
  assert.notDeepEqual(renewed.transportSeed.export(), identity.transportSeed.export())
  assert.deepEqual(renewed.log.last.entry.next, identity.log.last.entry.next)
  assert.equal(identity.log.entries.length, 1)
  // The phrase still rotates it.
  rotateLog(renewed.log, phraseKeys(phrase).root(1), phraseKeys(phrase).epoch(1), { devices, time: NOW + 60 })
})

test('§3 cards of the keys before are void from then on', async () => {
  const { spk, kem } = makePrekeys('cards')
  const keys = { spk: spk.publicKey, kem: kem.publicKey, transport: makeBytes('t', 32) }
  const content = { device: 0, now: NOW * 1000, inc: makeBytes('inc', 16), ...keys }
  const renewed = await renewDevice(identity, NOW, seededRandom('renewal'))
  const before = signCard(identity.log, identity.sign, content)
  verifyCard(before.envelope, identity.log, NOW)
  assert.throws(() => verifyCard(before.envelope, renewed.log, NOW), failsWith('ERR_CARD_HEAD'))
  const forged = signCard(renewed.log, identity.sign, content)
  assert.throws(() => verifyCard(forged.envelope, renewed.log, NOW), failsWith('ERR_CARD_SIGNATURE'))
  verifyCard(signCard(renewed.log, renewed.sign, content).envelope, renewed.log, NOW)
})

test('§2 only this device is renewed, where there are several', async () => {
  const other = { sign: create('b').identity.sign.publicKey, dh: create('b').identity.ik.publicKey }
  const log = updateLog(identity.log, identity.root, { devices: [other, at(devices, 0), other], time: NOW })
  const renewed = await renewDevice({ ...identity, log, device: 1 }, NOW, seededRandom('renewal'))
  const expected = [other, { sign: renewed.sign.publicKey, dh: renewed.ik.publicKey }, other]
  assert.deepEqual(renewed.log.last.entry.devices, expected)
})

test('§2 a retired identity, or a clock that runs back, renews nothing', async () => {
  const retired = updateLog(identity.log, identity.root, { devices, time: NOW, status: 'retired' })
  const random = seededRandom('renewal')
  await assert.rejects(renewDevice({ ...identity, log: retired }, NOW, random), failsWith('ERR_LOG_RETIRED'))
  await assert.rejects(renewDevice(identity, NOW - 1, random), failsWith('ERR_LOG_TIME_BACK'))
  const stranger = { ...identity, root: create('Mallory').identity.root, transportSeed: secretKey(new Uint8Array(32)) }
  await assert.rejects(renewDevice(stranger, NOW, random), failsWith('ERR_LOG_ROOT'))
})
