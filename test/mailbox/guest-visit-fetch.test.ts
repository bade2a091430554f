import assert from 'node:assert/strict'
import { test } from 'node:test'
import { signFetch } from '../../src/core/fetch-proof.ts'
import { createIdentity } from '../../src/core/identity.ts'
import { sha256 } from '../../src/core/kdf.ts'
import { type KeyLog, updateLog } from '../../src/core/key-log.ts'
import { MAILBOX_AGE } from '../../src/core/limits/mailbox-limits.ts'
import { LOG_ENTRIES_MAX } from '../../src/core/limits/protocol-limits.ts'
import { alice, bob, mallory } from '../connection/sides.ts'
import { at, envelopesOf, lengthen, makeBytes, makeIdentity, NOW } from '../core/identities.ts'
import { seededRandom } from '../core/test-bytes.ts'
import { answerTo, ask, createOffice, drawChallenge, fetchIds, leave, mailbox, parcelFor, prove } from './office.ts'

/** Fetching from a mailbox (docs/spec/mailbox.md §5), and everything somebody else might try. */

const { identity: dave } = createIdentity(NOW, seededRandom('mailbox/dave'))

/** An office with two parcels for Bob and one for Alice. */
const fill = async () => {
  const office = createOffice()
  await office.announce(bob)
  await office.announce(alice)
  const parcels = [parcelFor(bob, 'one'), parcelFor(bob, 'two', 5_000)]
  const other = parcelFor(alice, 'three')
  for (const parcel of parcels) assert.equal(await leave(office.visit(), bob, parcel), 'kept')
  assert.equal(await leave(office.visit(), alice, other), 'kept')
  return { office, ids: parcels.map((parcel) => sha256(parcel)), other: sha256(other) }
}

/** Bob's proof of a challenge, as a request. */
const proofOf = (challenge: Uint8Array, { sign, log } = bob) => {
  const claim = { challenge, channel: makeBytes('channel', 64), mailbox, recipient: log.id }
  return { t: 'prove', id: log.id, device: 0, proof: signFetch(claim, sign) } as const
}

test('§5 who proves to be the recipient is handed its parcels, oldest first, and has them deleted', async () => {
  const { office, ids } = await fill()
  const visit = office.visit()
  assert.equal(await prove(visit, bob), 'open')
  assert.deepEqual(await fetchIds(visit), ids)
  // Handed out is not deleted.
  const again = office.visit()
  await prove(again, bob)
  assert.deepEqual(await fetchIds(again), ids)
  assert.equal(await answerTo(again, { t: 'done', ids: [at(ids, 0)] }), 'deleted')
  const third = office.visit()
  await prove(third, bob)
  assert.deepEqual(await fetchIds(third), [at(ids, 1)])
  assert.equal(await answerTo(third, { t: 'done', ids: [at(ids, 1), at(ids, 0)] }), 'deleted')
  assert.equal(office.store.size, 1)
})

test('§5 what arrives during a visit is handed out as well', async () => {
  const { office } = await fill()
  const visit = office.visit()
  await prove(visit, bob)
  assert.equal((await fetchIds(visit)).length, 2)
  await leave(office.visit(), bob, parcelFor(bob, 'late'))
  assert.equal((await fetchIds(visit)).length, 1)
})

test('§5 without a proof nothing is handed out or deleted', async () => {
  const { office, ids } = await fill()
  const refused = { answers: [{ t: 'refused', code: 'ERR_MAILBOX_PROOF' }], over: true }
  for (const request of [{ t: 'next' }, { t: 'done', ids }] as const)
    assert.deepEqual(await ask(office.visit(), request), refused)
  const visit = office.visit()
  await ask(visit, { t: 'challenge' })
  assert.equal(await answerTo(visit, { t: 'next' }), 'ERR_MAILBOX_PROOF')
  assert.equal(office.store.size, 3)
})

test('§5 a proof is for one challenge, one connection, one mailbox and one recipient', async () => {
  const { office } = await fill()
  for (const changed of [
    { challenge: await drawChallenge(office.visit()) },
    { challenge: makeBytes('made up', 32) },
    { channel: makeBytes('another connection', 64) },
    { mailbox: makeBytes('another mailbox', 32) },
    { recipient: alice.log.id },
  ]) {
    const visit = office.visit()
    assert.equal(await prove(visit, bob, changed), 'ERR_MAILBOX_PROOF', Object.keys(changed).join())
    assert.equal(await answerTo(visit, { t: 'next' }), 'ERR_MAILBOX_PROOF')
  }
})

test('§5 a proof that was overheard is worth nothing: neither again here, nor on another connection', async () => {
  const { office } = await fill()
  const visit = office.visit()
  const log = { t: 'log', d: envelopesOf(bob.log) } as const
  const proof = proofOf(await drawChallenge(visit))
  await ask(visit, log)
  assert.equal(await answerTo(visit, proof), 'open')
  // The challenge is used up.
  assert.equal(await answerTo(visit, proof), 'ERR_MAILBOX_PROOF')
  const elsewhere = office.visit()
  assert.equal(await answerTo(elsewhere, proof), 'ERR_MAILBOX_PROOF')
  await drawChallenge(elsewhere)
  await ask(elsewhere, log)
  assert.equal(await answerTo(elsewhere, proof), 'ERR_MAILBOX_PROOF')
})

test('§5 a challenge is replaced by the next one, and used up by a proof that fails', async () => {
  const { office } = await fill()
  const log = { t: 'log', d: envelopesOf(bob.log) } as const
  const visit = office.visit()
  const first = await drawChallenge(visit)
  assert.notDeepEqual(await drawChallenge(visit), first)
  await ask(visit, log)
  assert.equal(await answerTo(visit, proofOf(first)), 'ERR_MAILBOX_PROOF')

  const failing = office.visit()
  const right = proofOf(await drawChallenge(failing))
  await ask(failing, log)
  assert.equal(await answerTo(failing, { ...right, device: 1 }), 'ERR_MAILBOX_PROOF')
  assert.equal(await answerTo(failing, right), 'ERR_MAILBOX_PROOF')
})

test('§5 another key proves nothing, with whatever log', async () => {
  const { office } = await fill()
  assert.equal(await prove(office.visit(), { ...mallory, log: bob.log }), 'ERR_MAILBOX_PROOF')
  assert.equal(await prove(office.visit(), bob, { device: 6 }), 'ERR_MAILBOX_PROOF')
  assert.equal(await prove(office.visit(), { ...bob, sign: bob.ik }), 'ERR_MAILBOX_PROOF')
  const visit = office.visit()
  const challenge = await drawChallenge(visit)
  await ask(visit, { t: 'log', d: envelopesOf(mallory.log) })
  assert.equal(await answerTo(visit, { ...proofOf(challenge, mallory), id: bob.log.id }), 'ERR_LOG_ADDRESS')
  const bare = office.visit()
  assert.equal(await answerTo(bare, proofOf(await drawChallenge(bare))), 'ERR_LOG_EMPTY')
})

test('§5 a device proves to be itself, not another device of its owner', async () => {
  const eve = makeIdentity('mailbox/eve', { devices: 2 })
  const office = createOffice()
  await office.publish(eve.log)
  const [first, second] = [at(eve.devices, 0), at(eve.devices, 1)]
  assert.equal(await prove(office.visit(), { ...dave, ...second, log: eve.log, device: 1 }), 'open')
  assert.equal(await prove(office.visit(), { ...dave, ...first, log: eve.log, device: 1 }), 'ERR_MAILBOX_PROOF')
  // A device that its owner has removed.
  const devices = at(eve.log.entries, 0).entry.devices.slice(0, 1)
  const less: KeyLog = updateLog(eve.log, at(eve.roots, 0), { devices, time: NOW })
  await office.publish(less)
  assert.equal(await prove(office.visit(), { ...dave, ...second, log: less, device: 1 }), 'ERR_MAILBOX_PROOF')
  assert.equal(await prove(office.visit(), { ...dave, ...second, log: eve.log, device: 1 }), 'ERR_ROLLBACK')
})

test('§5 nobody has the parcels of somebody else deleted', async () => {
  const { office, ids, other } = await fill()
  const visit = office.visit()
  assert.equal(await prove(visit, alice), 'open')
  assert.equal(await answerTo(visit, { t: 'done', ids }), 'deleted')
  assert.equal(office.store.size, 3)
  assert.deepEqual(await fetchIds(visit), [other])
})

test('§5 a log of 64 entries comes in two messages, and no more is listened to', async () => {
  const eve = makeIdentity('mailbox/eve')
  const office = createOffice()
  const long = { ...dave, ...at(eve.devices, 0), log: lengthen(eve.log, at(eve.roots, 0), LOG_ENTRIES_MAX) }
  await office.publish(long.log)
  const envelopes = envelopesOf(long.log)
  const visit = office.visit()
  const proof = proofOf(await drawChallenge(visit), long)
  for (const from of [0, 32]) await ask(visit, { t: 'log', d: envelopes.slice(from, from + 32) })
  assert.equal(await answerTo(visit, proof), 'open')
  const talkative = office.visit()
  await drawChallenge(talkative)
  for (const from of [0, 32]) await ask(talkative, { t: 'log', d: envelopes.slice(from, from + 32) })
  assert.equal(await answerTo(talkative, { t: 'log', d: envelopes.slice(0, 1) }), 'ERR_MAILBOX_REQUEST')
})

test('§6 after 14 days a parcel is not handed out, swept or not', async () => {
  const { office, ids } = await fill()
  office.pass(MAILBOX_AGE - 1)
  await office.announce(bob)
  const before = office.visit()
  assert.equal(await prove(before, bob), 'open')
  assert.deepEqual(await fetchIds(before), ids)
  office.pass(1)
  const after = office.visit()
  assert.equal(await prove(after, bob), 'open')
  assert.deepEqual(await fetchIds(after), [])
  assert.equal(office.store.size, 3)
  office.store.sweep(office.world.now)
  assert.equal(office.store.size, 0)
})
