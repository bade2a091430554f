import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createIdentity, renewDevice } from '../../src/core/identity.ts'
import { sha256 } from '../../src/core/kdf.ts'
import { MAILBOX_AGE, MAILBOX_MEMORY_AGE, MAILBOX_PART_BYTES } from '../../src/core/limits/mailbox-limits.ts'
import { CARD_AGE } from '../../src/core/limits/protocol-limits.ts'
import { RECORD_AGE_MAX } from '../../src/core/limits/record-limits.ts'
import { PARCEL_SIZES } from '../../src/core/parcel.ts'
import { rotateIdentity } from '../../src/core/recovery.ts'
import { openMailboxStore } from '../../src/mailbox/mailbox-store.ts'
import { alice, bob, mallory } from '../connection/sides.ts'
import { flip, makeBytes, NOW } from '../core/identities.ts'
import { seededRandom } from '../core/test-bytes.ts'
import { silent } from '../directory/memory-network.ts'
import { answerTo, ask, carol, createOffice, leave, mailbox, parcelFor, sourceOf } from './office.ts'

/** Bringing parcels to a mailbox (docs/spec/mailbox.md §4), step by step. */

test('§4 a parcel of each size is taken in parts, and is on disk when the mailbox says so', async () => {
  const office = createOffice()
  await office.announce(bob)
  for (const [index, size] of PARCEL_SIZES.entries()) {
    const parcel = makeBytes(`${size}`, size)
    assert.equal(await leave(office.visit(), bob, parcel), 'kept')
    assert.equal(office.store.size, index + 1)
    assert.deepEqual(office.store.next(bob.log.id, index, NOW)?.parcel, parcel)
  }
})

test('§4 a parcel that is kept already is dropped, and the answer is the same', async () => {
  const office = createOffice()
  await office.announce(bob)
  const parcel = parcelFor(bob, 'once')
  for (const source of ['192.0.2', '198.51.100', '192.0.2'])
    assert.equal(await leave(office.visit({ source: sourceOf(source) }), bob, parcel), 'kept')
  assert.equal(office.store.size, 1)
})

test('§4 several parcels can be brought in one visit, also for several recipients', async () => {
  const office = createOffice()
  await office.announce(bob)
  await office.announce(alice)
  const visit = office.visit()
  for (const to of [bob, alice, bob])
    assert.equal(await leave(visit, to, parcelFor(to, `${office.store.size}`)), 'kept')
  assert.equal(office.store.size, 3)
})

test('§4 only the four sizes are taken, and parts are as large as they have to be', async () => {
  const office = createOffice()
  await office.announce(bob)
  const to = bob.log.id
  for (const size of [0, 1, 2047, 2049, 16_384, 131_073, 262_144]) {
    const id = makeBytes('id', 32)
    assert.equal(await answerTo(office.visit(), { t: 'deposit', to, id, size }), 'ERR_MAILBOX_SIZE')
  }
  const parcel = parcelFor(bob, 'large', 20_000)
  for (const length of [1, MAILBOX_PART_BYTES - 1, 2048]) {
    const visit = office.visit()
    assert.equal(await answerTo(visit, { t: 'deposit', to, id: sha256(parcel), size: parcel.length }), 'ready')
    assert.equal(await answerTo(visit, { t: 'part', d: parcel.slice(0, length) }), 'ERR_MAILBOX_SIZE')
  }
  assert.equal(office.store.size, 0)
})

test('§4 what is not the parcel that was announced is not kept', async () => {
  const office = createOffice()
  await office.announce(bob)
  const parcel = parcelFor(bob, 'other')
  const visit = office.visit()
  await answerTo(visit, { t: 'deposit', to: bob.log.id, id: sha256(parcel), size: parcel.length })
  assert.equal(await answerTo(visit, { t: 'part', d: flip(parcel) }), 'ERR_PARCEL')
  assert.equal(office.store.size, 0)
})

test('§4 nothing is taken for somebody whose card does not name this mailbox', async () => {
  const office = createOffice()
  await office.announce(bob, [makeBytes('another mailbox', 32)])
  await office.announce(alice, [])
  await office.publish(mallory.log)
  for (const to of [bob, alice, mallory])
    assert.equal(await leave(office.visit(), to, parcelFor(to, 'x')), 'ERR_MAILBOX_RECIPIENT')
  assert.equal(await leave(office.visit(), carol, parcelFor(carol, 'x')), 'ERR_LOOKUP_NOT_FOUND')
  for (const node of office.directory.nodes) node.behaviour = silent
  assert.equal(await leave(office.visit(), bob, parcelFor(bob, 'x')), 'ERR_LOOKUP_INCOMPLETE')
  assert.equal(office.store.size, 0)
})

test('§4 a card that no longer names it counts a minute later at the latest', async () => {
  const office = createOffice()
  await office.announce(bob)
  assert.equal(await leave(office.visit(), bob, parcelFor(bob, 'one')), 'kept')
  office.pass(1)
  await office.announce(bob, [])
  assert.equal(await leave(office.visit(), bob, parcelFor(bob, 'two')), 'kept')
  office.pass(MAILBOX_MEMORY_AGE)
  assert.equal(await leave(office.visit(), bob, parcelFor(bob, 'three')), 'ERR_MAILBOX_RECIPIENT')
})

test('§4 whose card has run out is offline, and that is what a mailbox is for: for 14 days', async () => {
  const office = createOffice()
  await office.announce(bob)
  // Contacts keep the log in the directory meanwhile, and with it the card.
  for (let left = CARD_AGE + MAILBOX_AGE - 1; left > 0; left -= RECORD_AGE_MAX) {
    office.pass(Math.min(RECORD_AGE_MAX, left))
    await office.publish(bob.log)
  }
  assert.equal(await leave(office.visit(), bob, parcelFor(bob, 'late')), 'kept')
  office.pass(MAILBOX_MEMORY_AGE + 1)
  assert.equal(await leave(office.visit(), bob, parcelFor(bob, 'too late')), 'ERR_MAILBOX_RECIPIENT')
})

test('§4 nothing is taken for who is retired, forked, or shown as it was before', async () => {
  const { identity: dave, phrase } = createIdentity(NOW, seededRandom('mailbox/dave'))
  const retired = createOffice()
  await retired.announce(dave)
  await retired.publish(rotateIdentity(dave.log, phrase, NOW, seededRandom('end'), 'retired').log)
  assert.equal(await leave(retired.visit(), dave, parcelFor(dave, 'x')), 'ERR_PEER_RETIRED')

  const forked = createOffice()
  const [one, two] = await Promise.all(['one', 'two'].map((name) => renewDevice(dave, NOW, seededRandom(name))))
  assert.ok(one !== undefined && two !== undefined)
  await forked.announce(one)
  await forked.publish(two.log)
  assert.equal(await leave(forked.visit(), dave, parcelFor(dave, 'x')), 'ERR_LOG_FORK')

  // The mailbox has seen the renewed log; another directory knows the old one only.
  const store = openMailboxStore(null)
  const before = createOffice(store)
  await before.announce(one)
  assert.equal(await leave(before.visit(), dave, parcelFor(dave, 'x')), 'kept')
  const after = createOffice(store)
  await after.announce(dave)
  assert.equal(await leave(after.visit(), dave, parcelFor(dave, 'y')), 'ERR_ROLLBACK')
})

test('§3 what does not decode, or is out of turn, ends the visit', async () => {
  const office = createOffice()
  await office.announce(bob)
  for (const garbage of [new Uint8Array(0), makeBytes('garbage', 100), Uint8Array.of(0xa1, 0x61, 0x74, 0x61, 0x78)]) {
    const { answers, over } = await office.visit().step(garbage, AbortSignal.timeout(60_000))
    assert.deepEqual([answers, over], [[{ t: 'refused', code: 'ERR_MAILBOX_REQUEST' }], true])
  }
  const part = { t: 'part', d: new Uint8Array(2048) } as const
  assert.equal(await answerTo(office.visit(), part), 'ERR_MAILBOX_REQUEST')
  assert.equal(await answerTo(office.visit(), { t: 'log', d: [new Uint8Array(1)] }), 'ERR_MAILBOX_REQUEST')
  for (const early of [{ t: 'next' }, { t: 'challenge' }, { t: 'done', ids: [mailbox] }] as const) {
    const visit = office.visit()
    const parcel = parcelFor(bob, 'interrupted')
    await answerTo(visit, { t: 'deposit', to: bob.log.id, id: sha256(parcel), size: parcel.length })
    const step = await ask(visit, early)
    assert.deepEqual(step, { answers: [{ t: 'refused', code: 'ERR_MAILBOX_REQUEST' }], over: true })
  }
  assert.equal(office.store.size, 0)
})

test('§4 a burst for one recipient costs the directory one lookup', async () => {
  const office = createOffice()
  await office.announce(bob)
  const asked = (): number => office.directory.nodes.reduce((sum, node) => sum + (node.asked.get(0) ?? 0), 0)
  await leave(office.visit(), bob, parcelFor(bob, 'first'))
  const before = asked()
  for (let index = 0; index < 20; index++) await leave(office.visit(), bob, parcelFor(bob, `${index}`))
  assert.equal(asked(), before)
  assert.equal(office.store.size, 21)
})
