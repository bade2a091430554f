import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeAddress } from '../../src/core/address.ts'
import { changeSince, checkFloor, raiseFloor } from '../../src/core/floor.ts'
import { checkForkProof, encodeForkProof } from '../../src/core/fork-proof.ts'
import { createIdentity } from '../../src/core/identity.ts'
import {
  appendEntry,
  bridgeLog,
  compareLogs,
  createLog,
  isComplete,
  type KeyLog,
  rotateLog,
  updateLog,
  verifyLog,
} from '../../src/core/key-log.ts'
import { ownBase, recoveryBase, rotateIdentity } from '../../src/core/recovery.ts'
import {
  at,
  commitmentAfter,
  draftEntry,
  envelopesOf,
  failsWith,
  lengthen,
  makeIdentity,
  NOW,
  publicOf,
  signDraft,
} from './identities.ts'
import { seededRandom } from './test-bytes.ts'

/** Rotations that only lead on to the next: no revoked device comes back by them, and nothing of them proves anything. */

const { identity, phrase } = createIdentity(NOW, seededRandom('bridges'))
const rotate = (log: KeyLog, seed: string) => rotateIdentity(ownBase(log, phrase), phrase, NOW, seededRandom(seed)).log
const recover = (log: KeyLog, seed: string) =>
  rotateIdentity(recoveryBase(log, phrase), phrase, NOW, seededRandom(seed)).log
const first = identity.log
const twice = rotate(rotate(first, 'one'), 'two')
const recovered = recover(twice, 'recovery')
const again = recover(recovered, 'second recovery')

/** Every log that anybody can make of what the owner ever published. */
const published = [twice, recovered, again].flatMap((log) =>
  log.entries.map((_, index) => envelopesOf(log).slice(0, index + 1)),
)

test('§2 a log that was cut off behind a bridge is none', () => {
  for (const log of [recovered, again]) {
    const bridges = log.entries.filter(({ entry }) => entry.status === 'bridge').length
    assert.equal(bridges, log.epoch - 1)
    for (let size = 2; size <= bridges + 1; size++)
      assert.throws(() => verifyLog(first.id, envelopesOf(log).slice(0, size)), failsWith('ERR_LOG_BRIDGE'))
    assert.deepEqual(verifyLog(first.id, envelopesOf(log)), log)
  }
})

test('§3 no log but the first entry alone names the first device, whatever is cut off of what was published', () => {
  const device = at(first.last.entry.devices, 0)
  for (const envelopes of published) {
    let log: KeyLog
    try {
      log = verifyLog(first.id, envelopes)
    } catch (error) {
      assert.equal((error as { code?: unknown }).code, 'ERR_LOG_BRIDGE')
      continue
    }
    const named = log.last.entry.devices.some(({ sign }) => Buffer.compare(sign, device.sign) === 0)
    assert.equal(named, log.epoch === 0)
    // And who has accepted any rotation does not take the first entry any more.
    if (log.epoch > 0)
      assert.throws(() => checkFloor(raiseFloor(null, log, null), first, null), failsWith('ERR_ROLLBACK'))
  }
})

test('§6 nobody makes a proof of a fork of what an owner published who rotated, and recovered, and recovered again', () => {
  const logs = published.flatMap((envelopes) => {
    const log = envelopes.reduce<Parameters<typeof appendEntry>[0]>((before, one) => appendEntry(before, one), null)
    return log !== null && isComplete(log) ? [log] : []
  })
  for (const a of logs)
    for (const b of logs) {
      assert.notEqual(compareLogs(a, b), 'fork')
      assert.throws(() => encodeForkProof(a, b), failsWith('ERR_PROOF'))
    }
  // By hand, since no code writes it: a bridge against the rotation it stands for.
  const base64 = (envelope: Uint8Array): string => Buffer.from(envelope).toString('base64url')
  const [a, b] = [twice, recovered].map((log) => envelopesOf(log).slice(0, 2).map(base64))
  const proof = JSON.stringify({ handfast: 'fork-proof', version: 1, address: encodeAddress(first.id), a, b })
  assert.throws(() => checkForkProof(proof), failsWith('ERR_LOG_BRIDGE'))
})

test('§5 who has seen the rotations takes the recovery, and who has seen that takes the next', () => {
  const steps: readonly [KeyLog, KeyLog][] = [
    [twice, recovered],
    [recovered, again],
    [first, again],
  ]
  for (const [seen, log] of steps) {
    const floor = raiseFloor(null, seen, null)
    checkFloor(floor, log, null)
    assert.equal(changeSince(floor, log), seen === first ? 'rotated' : 'superseded')
  }
  assert.throws(() => checkFloor(raiseFloor(null, recovered, null), twice, null), failsWith('ERR_ROLLBACK'))
})

const alice = makeIdentity('Alice')
const [root0, root1, root2] = [at(alice.roots, 0), at(alice.roots, 1), at(alice.roots, 2)]
const devices = publicOf(alice.devices)
const bridged = bridgeLog(alice.log, root1, commitmentAfter(alice, 1))
const rotation = { root: root1.publicKey, ...commitmentAfter(alice, 1) }
const grown = (draft: ReturnType<typeof draftEntry>, key = root0, log: Parameters<typeof appendEntry>[0] = alice.log) =>
  appendEntry(log, signDraft(draft, key))

test('§2 bridges are rotations without a device, and all others have one', () => {
  const draft = draftEntry(alice.log, alice)
  assert.equal(isComplete(grown({ ...draft, ...rotation, status: 'bridge', devices: [] }, root1)), false)
  const one = devices.map(({ sign, dh }) => ({ sign, dh }))
  for (const wrong of [
    { ...draft, ...rotation, status: 'bridge', devices: one },
    { ...draft, ...rotation, status: 'active', devices: [] },
    { ...draft, ...rotation, status: 'retired', devices: [] },
    { ...draft, ...rotation, status: 'Bridge', devices: [] },
  ])
    assert.throws(() => grown(wrong, root1), failsWith('ERR_LOG_DECODE'))
  assert.throws(() => grown({ ...draft, status: 'bridge', devices: [] }), failsWith('ERR_LOG_BRIDGE'))
  const firstDraft = { ...draftEntry(null, alice), status: 'bridge', devices: [] }
  assert.throws(() => grown(firstDraft, root0, null), failsWith('ERR_LOG_BRIDGE'))
})

test('§2 only a rotation follows a bridge, another bridge or the last', () => {
  const content = { devices, time: NOW }
  const { entry, hash } = bridged.last
  const update = { ...draftEntry(alice.log, alice), ...rotation, seq: entry.seq + 1, prev: hash }
  for (const status of ['active', 'retired'])
    assert.throws(() => grown({ ...update, status }, root1, bridged), failsWith('ERR_LOG_BRIDGE'))
  const whole = rotateLog(bridged, root2, commitmentAfter(alice, 2), content)
  assert.deepEqual(verifyLog(alice.log.id, envelopesOf(whole)), whole)
  assert.equal(updateLog(whole, root2, content).entries.length, 4)
  const far = rotateLog(
    bridgeLog(bridged, root2, commitmentAfter(alice, 2)),
    at(alice.roots, 3),
    commitmentAfter(alice, 3),
    content,
  )
  assert.equal(far.epoch, 3)
})

test('§2 a bridge may follow updates too, and never stands for the log before it', () => {
  const updated = lengthen(alice.log, root0, 4)
  const late = bridgeLog(updated, root1, commitmentAfter(alice, 1))
  assert.throws(() => verifyLog(alice.log.id, envelopesOf(late)), failsWith('ERR_LOG_BRIDGE'))
  const log = createLog(root0, commitmentAfter(alice, 0), { devices, time: NOW })
  assert.equal(isComplete(log), true)
})
