import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '../../src/core/bytes.ts'
import { encodeCbor } from '../../src/core/cbor.ts'
import { renewDevice } from '../../src/core/identity.ts'
import { sha256 } from '../../src/core/kdf.ts'
import { updateLog } from '../../src/core/key-log.ts'
import { openParcel, sealParcel } from '../../src/core/parcel.ts'
import { encodeSession } from '../../src/core/session/snapshot.ts'
import { timesOf } from '../../src/core/steady-clock.ts'
import type { Store } from '../../src/store/store.ts'
import { alice, bob, settle } from '../connection/sides.ts'
import { seededRandom } from '../core/test-bytes.ts'
import { createResident, meet, parcels, type Square } from './residents.ts'

/** What those can do who write to mailboxes, hold them, or hold keys that were taken from others. */

const random = seededRandom('mail attacks')

/** Puts a parcel into a mailbox, as anyone can whose guest it is. */
const put = (town: Square, parcel: Uint8Array): void => {
  const row = { to: bob.log.id, id: sha256(parcel), size: parcel.length, source: random(32) }
  for (const keep of town.keeps) keep.put(row, parcel, bob.log, timesOf(undefined, town.world.now))
}
const isEmpty = (town: Square): boolean => town.keeps.every((keep) => keep.next(bob.log.id, 0, town.world.now) === null)

/** Everything about a peer that its parcels could change. */
const stateOf = ({ offlineSessions, messages, mailboxOutbox }: Store, peer = alice.log.id) => [
  offlineSessions.all(peer).map(({ session, live, heard }) => [Buffer.from(encodeSession(session)), live, heard]),
  messages.places(peer),
  messages.history(peer, 'handfast', 1e9, 100),
  mailboxOutbox.owedReceipt(peer, Number.MAX_SAFE_INTEGER),
]

test('nothing that does not verify changes what was said, and none of it stays in the mailbox', async (t) => {
  const { town, a, b } = await meet(t)
  await a.write(b.address, 'one')
  await b.fetch()
  // With his receipt she need not send the hello any more.
  await a.fetch()
  await a.write(b.address, 'two')
  const [parcel] = parcels(town)
  assert.ok(parcel)
  const envelope = openParcel(parcel, bob.ik)
  for (const keep of town.keeps) keep.remove(bob.log.id, [sha256(parcel)])
  const before = stateOf(b.store)
  const seal = (bytes: Uint8Array): Uint8Array => sealParcel(bytes, bob.ik.publicKey, random)
  put(town, seal(utf8('no bundle')))
  put(town, seal(encodeCbor({ v: 2, hello: null, h: new Uint8Array(8), d: new Uint8Array(8) })))
  put(town, seal(new Uint8Array(0)))
  // One bit of an envelope that is right, at every 50th place: header, key, token.
  for (let at = 0; at < envelope.length; at += 50) {
    const changed = Uint8Array.from(envelope)
    changed[at] = (changed[at] ?? 0) ^ 1
    put(town, seal(changed))
  }
  assert.deepEqual(await b.fetch(), [])
  const [sessions, ...rest] = stateOf(b.store)
  assert.deepEqual(rest, before.slice(1))
  // Some were of a session that he knows: one of two stores may have gone back, and he has begun another one, once.
  const [was] = before[0] as unknown[][]
  const [begun, known, ...more] = sessions as unknown[][]
  assert.deepEqual([known?.[0], known?.[1], begun?.[1], more], [was?.[0], false, true, []])
  assert.ok(isEmpty(town))
  put(town, parcel)
  assert.deepEqual(await b.fetch(), ['two'])
})

test('what somebody sent and gets back is nothing to him', async (t) => {
  const { town, a, b } = await meet(t)
  await a.write(b.address, 'one')
  const [first] = parcels(town)
  await b.fetch()
  await a.fetch()
  await a.write(b.address, 'two')
  const [second] = parcels(town)
  const before = stateOf(a.store, bob.log.id)
  for (const parcel of [first, second]) {
    assert.ok(parcel)
    const reflected = sealParcel(openParcel(parcel, bob.ik), alice.ik.publicKey, random)
    const row = { to: alice.log.id, id: sha256(reflected), size: reflected.length, source: random(32) }
    town.keeps[0]?.put(row, reflected, alice.log, timesOf(undefined, town.world.now))
  }
  assert.deepEqual(await a.fetch(), [])
  assert.deepEqual(stateOf(a.store, bob.log.id), before)
  assert.equal(town.keeps[0]?.next(alice.log.id, 0, town.world.now), null)
})

test('a hello is taken once, also when its session is forgotten', async (t) => {
  const { town, a, b } = await meet(t)
  await a.write(b.address, 'one')
  const [parcel] = parcels(town)
  assert.ok(parcel)
  assert.deepEqual(await b.fetch(), ['one'])
  // Four other sessions have pushed it out.
  const [session] = b.store.offlineSessions.all(alice.log.id)
  assert.ok(session)
  for (let index = 0; index < 8; index++) {
    town.pass(1)
    const other = { ...session, session: { ...session.session, id: random(16) }, live: true }
    b.store.offlineSessions.keep(other, town.world.now)
  }
  assert.equal(b.store.offlineSessions.get(session.session.id), null)
  const before = stateOf(b.store)
  put(town, parcel)
  assert.deepEqual(await b.fetch(), [])
  assert.deepEqual(stateOf(b.store), before)
  assert.ok(isEmpty(town))
})

test('keys that their owner has replaced write no more, neither in a new session nor in an old one', async (t) => {
  const { town, a, b } = await meet(t)
  await a.write(b.address, 'mine')
  assert.deepEqual(await b.fetch(), ['mine'])
  // Mallory has Alice's folder: her keys, and her session with Bob.
  await a.write(b.address, 'from Mallory')
  const stolen = parcels(town)
  const renewed = await renewDevice(alice, town.world.now, random)
  const thief = createResident(town, alice)
  t.after(() => thief.store.close())
  await thief.write(b.address, 'from Mallory, anew')
  await town.publish(renewed.log)
  assert.ok(stolen.length > 0 && parcels(town).length > stolen.length)
  assert.deepEqual(await b.fetch(), [])
  assert.ok(isEmpty(town))
})

test('while two logs of the sender contradict each other its parcels wait where they are', async (t) => {
  const { town, a, b } = await meet(t)
  b.store.contacts.keep(alice.log, 0)
  await a.write(b.address, 'one')
  const { devices, time } = alice.log.last.entry
  const sides = [1, 2].map((more) => updateLog(alice.log, alice.root, { devices, time: time + more }))
  for (const log of sides) await town.publish(log)
  assert.deepEqual(await b.fetch(), [])
  assert.equal(isEmpty(town), false)
  assert.equal(b.store.offlineSessions.all(alice.log.id).length, 0)
  assert.ok(b.notices.some(({ type }) => type === 'forked'))
  assert.equal(b.store.mailboxOutbox.owedReceipt(alice.log.id, 1e12), null)
})

test('a message to whom two logs contradict goes nowhere', async (t) => {
  const { town, a, b } = await meet(t)
  const { devices, time } = bob.log.last.entry
  const [one, two] = [1, 2].map((more) => updateLog(bob.log, bob.root, { devices, time: time + more }))
  assert.ok(one && two)
  // Each of them would do: it has a card that names mailboxes.
  const thief = createResident(town, { ...bob, log: one })
  t.after(() => thief.store.close())
  await thief.visit(async () => {})
  await town.publish(two)
  await a.visit(async ({ messages, lookup }) => {
    await messages.send(b.address, 'one')
    assert.ok((await lookup(b.address)).fork)
    // Everything is in memory: it was tried, by connection and by mailbox.
    for (let turn = 0; turn < 10; turn++) await settle()
  })
  assert.deepEqual(a.states(bob.log.id), ['queued'])
  assert.deepEqual(a.store.mailboxOutbox.queued(bob.log.id), [])
  assert.deepEqual(a.store.offlineSessions.all(bob.log.id), [])
  assert.ok(isEmpty(town))
})

test('a stranger’s parcel that has to wait does so for a day', async (t) => {
  const { town, a, b } = await meet(t)
  // Messages behind one that is missing.
  await a.write(b.address, 'one')
  await a.write(b.address, 'two')
  const [first] = parcels(town)
  assert.ok(first)
  for (const keep of town.keeps) keep.remove(bob.log.id, [sha256(first)])
  await b.visit(async ({ mailboxes }) => {
    assert.deepEqual(await mailboxes.fetch(), { taken: 0, left: 1, held: 0, failures: [] })
    town.pass(24 * 3600 - 1)
    await town.publishBoxes()
    assert.deepEqual(await mailboxes.fetch(), { taken: 0, left: 1, held: 0, failures: [] })
    town.pass(2)
    assert.deepEqual(await mailboxes.fetch(), { taken: 0, left: 0, held: 0, failures: [] })
  })
  assert.ok(isEmpty(town))
})
