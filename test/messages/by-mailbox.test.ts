import assert from 'node:assert/strict'
import { test } from 'node:test'
import { equal } from '../../src/core/bytes.ts'
import { sha256 } from '../../src/core/kdf.ts'
import {
  BUNDLE_BYTES_MAX,
  MESSAGE_BYTES_MAX,
  PARCEL_AGAIN,
  STRANGER_MESSAGES_MAX,
} from '../../src/core/limits/message-limits.ts'
import { PREKEY_AGE } from '../../src/core/limits/store-limits.ts'
import { timesOf } from '../../src/core/steady-clock.ts'
import type { MailboxStore } from '../../src/mailbox/mailbox-store.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { alice, bob } from '../connection/sides.ts'
import { boxes, carol, createResident, meet } from './residents.ts'

/** Peers who are never there at the same time: what one writes waits in mailboxes until the other comes. */

test('two who are never there together hold a conversation, each message once and in order', async (t) => {
  const { town, a, b } = await meet(t)
  await a.write(b.address, 'one', 'two')
  assert.deepEqual(a.states(bob.log.id), ['sent', 'sent'])
  assert.deepEqual(await b.fetch(), ['one', 'two'])
  assert.deepEqual(await b.fetch(), [])
  assert.deepEqual(await a.fetch(), [])
  assert.deepEqual(a.states(bob.log.id), ['delivered', 'delivered'])
  await b.write(a.address, 'three')
  await a.write(b.address, 'four')
  assert.deepEqual([await a.fetch(), await b.fetch()], [['three'], ['four']])
  await a.fetch()
  await b.fetch()
  assert.deepEqual([a.states(bob.log.id), b.states(alice.log.id)], [Array(3).fill('delivered'), ['delivered']])
  assert.deepEqual(
    town.keeps.map(({ size }) => size),
    [0, 0],
  )
})

test('a stranger writes no more than there is room for, a contact much more, and the longest message fits a parcel', async (t) => {
  const { town, a, b } = await meet(t)
  const many = Array.from({ length: STRANGER_MESSAGES_MAX + 5 }, (_, index) => `${index}`)
  await a.write(b.address, ...many)
  const taken = await b.fetch()
  assert.deepEqual(taken, many.slice(0, STRANGER_MESSAGES_MAX))
  b.store.contacts.keep(alice.log, 0)
  // Bob's receipt says that he is there for more.
  await a.visit(async ({ mailboxes }, inMailboxes) => {
    await mailboxes.fetch()
    await inMailboxes
  })
  assert.deepEqual(await b.fetch(), many.slice(STRANGER_MESSAGES_MAX))
  const long = 'x'.repeat(MESSAGE_BYTES_MAX)
  const texts = [...Array.from({ length: 150 }, (_, index) => `${index}`), long, long]
  await a.write(b.address, ...texts)
  assert.ok(BUNDLE_BYTES_MAX < 2 * MESSAGE_BYTES_MAX)
  assert.ok((town.keeps[0]?.size ?? 0) < 80)
  assert.deepEqual(await b.fetch(), texts)
})

test('a stranger whose letter is fetched and receipted stays a stranger; who is written to is a contact', async (t) => {
  const { a, b } = await meet(t)
  await a.write(b.address, 'one')
  assert.deepEqual(await b.fetch(), ['one'])
  assert.deepEqual(await a.fetch(), [])
  assert.deepEqual(a.states(bob.log.id), ['delivered'])
  assert.deepEqual(
    [a, b].map(({ store }) => store.contacts.all().length),
    [1, 0],
  )
  // Nor is it remembered for good that somebody was looked up for a receipt: anyone can leave something.
  const askedFor = ({ id }: { readonly id: Uint8Array }) => equal(id, alice.log.id) || equal(id, bob.log.id)
  const floors = [a, b].map(({ store }) => store.floors.all().find(askedFor)?.asked)
  assert.deepEqual(floors, [true, false])
  const told = b.notices.filter(({ type }) => type === 'request' || type === 'message')
  assert.deepEqual(
    told.map(({ type }) => type),
    ['request'],
  )
})

test('both begin at once: both sessions receive, and one of them goes on', async (t) => {
  const { a, b } = await meet(t)
  await a.visit(async () => {})
  await Promise.all([a.write(b.address, 'from Alice'), b.write(a.address, 'from Bob')])
  assert.deepEqual([await a.fetch(), await b.fetch()], [['from Bob'], ['from Alice']])
  for (let round = 0; round < 3; round++) {
    await a.write(b.address, `a${round}`)
    await b.write(a.address, `b${round}`)
    assert.deepEqual([await a.fetch(), await b.fetch()], [[`b${round}`], [`a${round}`]])
  }
  const live = (store: Store, peer: Uint8Array) => store.offlineSessions.all(peer).filter((one) => one.live)
  const [mine, theirs] = [live(a.store, bob.log.id), live(b.store, alice.log.id)]
  assert.equal(mine.length, 2)
  const used = (sessions: typeof mine) => sessions.toSorted((x, y) => Buffer.compare(x.h1, y.h1))[0]?.h1
  assert.deepEqual(used(mine), used(theirs))
})

test('a parcel that is kept twice, brought back, or reordered changes nothing', async (t) => {
  const { town, a, b } = await meet(t)
  const parcels: Uint8Array[] = []
  const copy = (keep: MailboxStore | undefined): void => {
    for (let kept = keep?.next(bob.log.id, 0, town.world.now); kept; ) {
      parcels.push(kept.parcel)
      kept = keep?.next(bob.log.id, kept.number, town.world.now)
    }
  }
  await a.write(b.address, 'one')
  await a.write(b.address, 'two')
  await a.write(b.address, 'three')
  copy(town.keeps[0])
  assert.equal(parcels.length, 3)
  assert.deepEqual(await b.fetch(), ['one', 'two', 'three'])
  const bring = (order: readonly number[]): void => {
    for (const index of order) {
      const parcel = parcels[index] ?? new Uint8Array(0)
      const source = new Uint8Array(32).fill(index)
      const row = { to: bob.log.id, id: sha256(parcel), size: parcel.length, source }
      town.keeps[1]?.put(row, parcel, bob.log, timesOf(undefined, town.world.now))
    }
  }
  bring([0, 1, 2])
  assert.deepEqual(await b.fetch(), [])
  assert.equal(town.keeps[1]?.next(bob.log.id, 0, town.world.now), null)
  const lost = openStore(null)
  const again = createResident(town, carol, boxes, lost)
  t.after(() => lost.close())
  await again.visit(async () => {})
  await a.write(again.address, 'one')
  await a.write(again.address, 'two')
  const [box] = town.keeps
  const first = box?.next(carol.log.id, 0, town.world.now)
  assert.ok(box && first && box.next(carol.log.id, first.number, town.world.now))
  // The mailbox that is asked first has lost the first of two, the other has both.
  box.remove(carol.log.id, [first.id])
  assert.deepEqual(await again.fetch(), ['one', 'two'])
})

test('a peer that lost everything but its keys is written to anew, and gets what was under way', async (t) => {
  const { town, a, b } = await meet(t)
  await a.write(b.address, 'one')
  assert.deepEqual(await b.fetch(), ['one'])
  await a.fetch()
  // Bob restores a backup: his keys, and nothing of sessions or messages.
  const fresh = createResident(town, bob)
  t.after(() => fresh.store.close())
  await fresh.visit(async () => {})
  await a.write(b.address, 'two')
  assert.deepEqual(await fresh.fetch(), [])
  await fresh.write(a.address, 'hello again')
  assert.deepEqual(await a.fetch(), ['hello again'])
  // It followed what went with his old store. His new store says so by its incarnation, and she begins anew with what is not gone.
  assert.deepEqual(await fresh.fetch(), ['two'])
  await a.fetch()
  assert.deepEqual(a.states(bob.log.id), ['gone', 'delivered'])
  assert.ok(a.notices.some((event) => event.type === 'peer-went-back' && event.gone === 1 && event.again === 0))
  // Sending it all the same takes a person's word.
  await a.visit(async ({ messages }, inMailboxes) => {
    assert.deepEqual(
      (await messages.resend(b.address)).map(({ text }) => text),
      ['one'],
    )
    await inMailboxes
  })
  assert.deepEqual(await fresh.fetch(), ['one'])
  await a.fetch()
  assert.deepEqual(a.states(bob.log.id), ['delivered', 'delivered'])
})

test('what nobody confirms is left at mailboxes again after a week, in a new session', async (t) => {
  const { town, a, b } = await meet(t)
  await a.write(b.address, 'one')
  for (const keep of town.keeps) assert.equal(keep.size, 1)
  town.pass(PARCEL_AGAIN / 2)
  await town.publishBoxes()
  // He comes, but does not look into his mailboxes.
  await b.visit(async () => {})
  town.pass(PARCEL_AGAIN / 2 - 10)
  await a.visit(async ({ messages }) => {
    await messages.send(b.address, 'two')
    while (a.store.mailboxOutbox.waiting(town.world.now).length > 0 || a.states(bob.log.id)[1] !== 'sent')
      await new Promise((resolve) => setImmediate(resolve))
  })
  assert.equal(town.keeps[0]?.size, 2)
  town.pass(20)
  await a.write(b.address, 'three')
  assert.equal(a.store.offlineSessions.all(bob.log.id).length, 2)
  assert.deepEqual(await b.fetch(), ['one', 'two', 'three'])
})

test('prekeys are kept for a month, and then nothing opens what was made for them', async (t) => {
  const { a, b } = await meet(t)
  await a.write(b.address, 'one')
  b.store.prekeys.forget(Number.MAX_SAFE_INTEGER)
  assert.deepEqual(await b.fetch(), [])
  assert.ok(PREKEY_AGE > 14 * 86_400)
})

test('what mailboxes lost is left at mailboxes again after a week, in the session that there is', async (t) => {
  const { town, a, b } = await meet(t)
  await a.write(b.address, 'one')
  await b.fetch()
  await a.fetch()
  await a.write(b.address, 'two')
  for (const keep of town.keeps) keep.sweep(town.world.now + 15 * 86_400)
  assert.deepEqual(await b.fetch(), [])
  town.pass(PARCEL_AGAIN)
  await town.publishBoxes()
  await b.visit(async () => {})
  await a.write(b.address, 'three')
  assert.deepEqual(await b.fetch(), ['two', 'three'])
  assert.equal(a.store.offlineSessions.all(bob.log.id).length, 1)
})
