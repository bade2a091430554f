import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '../../src/core/bytes.ts'
import type { FetchedParcel } from '../../src/messages/mailbox-client.ts'
import { codeOf, identityOf, mallory } from '../connection/sides.ts'
import { listenTo, take } from './told.ts'
import { addresses, boxes, deposit, depositAtAll, fetchAll, start, visiting } from './visitors.ts'

/** Whole peers and mailboxes: Alice writes to Bob, who is away. */

test('§2 an envelope left at all mailboxes arrives once, and is gone from all of them', async (t) => {
  const {
    alice: a,
    bob: b,
    boxes: [one, two, three],
    found,
  } = await start(t)
  for (const text of ['first', 'second']) {
    const deposited = await depositAtAll(a, found, utf8(text))
    assert.deepEqual(
      deposited,
      addresses.slice(0, 3).map((mailbox) => ({ mailbox, error: null })),
    )
  }
  assert.deepEqual(
    [one, two, three].map((box) => box?.keep.size),
    [2, 2, 2],
  )
  assert.deepEqual(await fetchAll(b), { texts: ['first', 'second'], failures: [] })
  assert.deepEqual(
    [one, two, three].map((box) => box?.keep.size),
    [0, 0, 0],
  )
  assert.deepEqual(await fetchAll(b), { texts: [], failures: [] })
})

test('§5 what is not acknowledged stays, and comes once again', async (t) => {
  const {
    alice: a,
    bob: b,
    boxes: [one],
    found,
  } = await start(t)
  await depositAtAll(a, found, utf8('again'))
  assert.deepEqual((await fetchAll(b, false)).texts, ['again'])
  assert.equal(one?.keep.size, 1)
  assert.deepEqual((await fetchAll(b)).texts, ['again'])
  assert.equal(one.keep.size, 0)
})

test('a mailbox that is gone stops neither who brings nor who fetches', async (t) => {
  const {
    alice: a,
    bob: b,
    boxes: [one, , three],
    found,
  } = await start(t)
  await one?.close()
  const deposited = await depositAtAll(a, found, utf8('hello'))
  assert.deepEqual(
    deposited.map(({ error }) => error instanceof Error && 'code' in error && error.code),
    ['ERR_CONNECT', false, false],
  )
  assert.deepEqual(await fetchAll(b), { texts: ['hello'], failures: ['0 ERR_CONNECT'] })
  assert.equal(three?.keep.size, 0)
})

test('§4 nobody leaves anything where the recipient does not want it, or for whom there is nobody', async (t) => {
  const {
    alice: a,
    bob: b,
    boxes: [one],
    found,
  } = await start(t, addresses.slice(0, 1))
  assert.equal(await codeOf(deposit(a, addresses[1] ?? '', found, utf8('x'))), 'ERR_MAILBOX_RECIPIENT')
  b.mailboxes.name([])
  await b.publish()
  assert.equal(await codeOf(deposit(a, addresses[0] ?? '', found, utf8('x'))), 'ERR_MAILBOX_RECIPIENT')
  assert.equal(one?.keep.size, 0)
})

test('a mailbox talks to nobody, and a peer without one has no mailbox; a contact’s own node can be both', async (t) => {
  const {
    town,
    alice: a,
    boxes: [one],
    found,
  } = await start(t)
  assert.equal(await codeOf(a.connect(one?.address ?? '')), 'ERR_REMOTE')
  const plain = town.open(mallory)
  t.after(() => plain.close())
  await plain.listen()
  assert.equal(await codeOf(deposit(a, plain.address, found, utf8('x'))), 'ERR_REMOTE')

  const friend = town.openMailbox(boxes[3] ?? mallory)
  t.after(() => friend.close())
  const listener = await listenTo(friend)
  const c = visiting(town, identityOf('carol'))
  t.after(() => c.close())
  c.mailboxes.name([friend.address])
  await c.publish()
  await depositAtAll(a, await a.lookup(c.address), utf8('by way of a friend'))
  await a.messages.send(friend.address, 'hello yourself')
  // Only who came to talk is among those who connected.
  assert.equal((await listener.accept())?.address, a.address)
  assert.deepEqual(await take(friend, 1), ['hello yourself'])
  assert.deepEqual((await fetchAll(c)).texts, ['by way of a friend'])
})

test('who stops fetching leaves the rest, and closes the door', async (t) => {
  const {
    town,
    alice: a,
    bob: b,
    boxes: [one],
    found,
  } = await start(t, addresses.slice(0, 1))
  for (const text of ['a', 'b', 'c']) await depositAtAll(a, found, utf8(text))
  let last: FetchedParcel | undefined
  for await (const delivery of b.visits.fetchAll()) {
    await delivery.acknowledge()
    last = delivery
    break
  }
  assert.equal(one?.keep.size, 2)
  assert.equal(await codeOf(last?.acknowledge() ?? Promise.resolve()), 'ERR_CONNECTION_CLOSED')
  const before = town.transports.pairs.length
  const stopping = new AbortController()
  stopping.abort(new Error('enough'))
  const rest = b.visits.fetchAll({ signal: stopping.signal })
  assert.equal(await codeOf(rest.next()), stopping.signal.reason)
  assert.equal(town.transports.pairs.length, before)
})

test('a card names up to three mailboxes, which the folder remembers, and never its own identity', async (t) => {
  const { bob: b, alice: a } = await start(t)
  assert.deepEqual(b.mailboxes.named(), addresses.slice(0, 3))
  assert.throws(() => b.mailboxes.name(addresses), { code: 'ERR_MAILBOX_COUNT' })
  assert.throws(() => b.mailboxes.name([b.address]), { code: 'ERR_PEER_SELF' })
  assert.throws(() => b.mailboxes.name(['hf1nobody']), { code: 'ERR_ADDRESS_LENGTH' })
  assert.deepEqual(b.mailboxes.named(), addresses.slice(0, 3))
  b.mailboxes.name([addresses[3] ?? '', addresses[3]?.toUpperCase() ?? ''])
  await b.publish()
  const { card } = await a.lookup(b.address)
  assert.deepEqual(card?.card.mailboxes, [boxes[3]?.log.id])
})
