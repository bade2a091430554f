import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { openChannel } from '../../src/connection/channel.ts'
import { answerLive } from '../../src/connection/live-handshake.ts'
import { createPublisher } from '../../src/contacts/publisher.ts'
import { encodeAddress } from '../../src/core/address.ts'
import { hex, utf8 } from '../../src/core/bytes.ts'
import type { Identity } from '../../src/core/identity.ts'
import { sha256 } from '../../src/core/kdf.ts'
import { openParcel, PARCELLED_BYTES_MAX, sealParcel } from '../../src/core/parcel.ts'
import type { FetchedParcel } from '../../src/messages/mailbox-client.ts'
import { alice, answering, bob, codeOf, identityOf, makeWorld, mallory } from '../connection/sides.ts'
import { makeBytes, NOW } from '../core/identities.ts'
import { seededRandom } from '../core/test-bytes.ts'
import { listenTo, take } from './told.ts'
import { createTown, transportKeyOf } from './town.ts'
import { deposit, depositAtAll, type Visitor, visiting } from './visitors.ts'

/** Whole peers and mailboxes: Alice writes to Bob, who is away. */

const boxes = ['one', 'two', 'three', 'four'].map((name) => identityOf(`box/${name}`))
const addressOf = ({ log }: Identity): string => encodeAddress(log.id)
const addresses = boxes.map(addressOf)

/** A town with three mailboxes, all named in the card that Bob has published before he left. */
const start = async (t: TestContext, names: readonly string[] = addresses.slice(0, 3)) => {
  const town = createTown()
  const opened = boxes.slice(0, 3).map((box) => town.openMailbox(box, { talks: false }))
  for (const box of opened) await box.listen()
  const b = visiting(town, bob)
  b.mailboxes.name(names)
  await b.publish()
  const a = visiting(town, alice)
  t.after(() => Promise.all([a, b, ...opened].map((peer) => peer.close())))
  return { town, boxes: opened, alice: a, bob: b, found: await a.lookup(b.address) }
}

/** Everything that is fetched, acknowledged or not. */
const fetchAll = async (peer: Visitor, acknowledge = true): Promise<{ texts: string[]; failures: string[] }> => {
  const texts: string[] = []
  const failures: string[] = []
  const onFailure = (mailbox: string, error: unknown): void =>
    void failures.push(
      `${addresses.indexOf(mailbox)} ${error instanceof Error && 'code' in error ? error.code : error}`,
    )
  for await (const delivery of peer.visits.fetchAll({ onFailure })) {
    texts.push(Buffer.from(delivery.envelope).toString())
    if (acknowledge) await delivery.acknowledge()
  }
  return { texts, failures }
}

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

test('§2 the mailbox sees a sender’s address nowhere: neither identity nor transport key, and not twice the same', async (t) => {
  const {
    town,
    alice: a,
    bob: b,
    boxes: [one],
    found,
  } = await start(t, addresses.slice(0, 1))
  const known = [alice, bob].flatMap((identity) => [hex(identity.log.id), hex(transportKeyOf(identity))])
  await deposit(a, addresses[0] ?? '', found, utf8('from Alice'))
  await deposit(a, addresses[0] ?? '', found, utf8('from Alice'))
  await fetchAll(b)
  const keys = town.transports.pairs.map(({ far }) => hex(far.remoteKey))
  assert.equal(keys.length, 3)
  assert.equal(new Set(keys).size, 3)
  for (const key of keys) assert.ok(!known.includes(key))
  // Nor does anything of a guest stay behind.
  assert.deepEqual(
    one?.store.floors.all().filter(({ id }) => !known.includes(hex(id))),
    [],
  )
})

test('§2 nor in the hello: to its owner each visit is by somebody else', async (t) => {
  const { town, alice: a, bob: b, found } = await start(t, addresses.slice(3))
  const box = boxes[3] ?? mallory
  const transport = town.transports.add(transportKeyOf(box))
  const announced = { identity: box, directory: town.directory.network, transport: transport.publicKey }
  await createPublisher({ ...announced, prekeys: a.store.prekeys, world: makeWorld('box') }).publish(() =>
    AbortSignal.timeout(60_000),
  )
  const streams = await transport.listen()
  const guests: string[] = []
  const receive = async (): Promise<void> => {
    for await (const stream of streams) {
      const channel = openChannel(stream)
      const met = await answerLive(channel, answering(box, { transport: transport.publicKey, admit: () => {} }))
      guests.push(hex(met.log.id))
      stream.destroy()
    }
  }
  void receive()
  const refused = [deposit(a, addresses[3] ?? '', found, utf8('x')), depositAtAll(a, found, utf8('x'))]
  await Promise.allSettled([...refused, fetchAll(b)])
  assert.equal(guests.length, 3)
  assert.equal(new Set([...guests, hex(alice.log.id), hex(bob.log.id)]).size, 5)
  await transport.close()
})

test('§1 what lies in a mailbox is one of four sizes, and shows nothing of what is in it', async (t) => {
  const {
    alice: a,
    boxes: [one],
    found,
  } = await start(t, addresses.slice(0, 1))
  for (const size of [1, 1_500, 5_000, 30_000, PARCELLED_BYTES_MAX])
    await deposit(a, addresses[0] ?? '', found, new Uint8Array(size))
  let after = 0
  const sizes: number[] = []
  for (let kept = one?.keep.next(bob.log.id, after, NOW); kept; kept = one?.keep.next(bob.log.id, after, NOW)) {
    after = kept.number
    sizes.push(kept.parcel.length)
    assert.equal(Buffer.from(kept.parcel).indexOf(Buffer.alloc(32)), -1)
  }
  assert.deepEqual(sizes, [2048, 2048, 8192, 32_768, 131_072])
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

test('§5 a parcel that nobody here can open is deleted, and does not stand in the way of others', async (t) => {
  const {
    alice: a,
    bob: b,
    boxes: [one],
    found,
  } = await start(t, addresses.slice(0, 1))
  const box = one?.keep
  assert.ok(box !== undefined)
  for (const [index, parcel] of [
    makeBytes('noise', 2048),
    sealParcel(utf8('for Mallory'), mallory.ik.publicKey, seededRandom('other')),
  ].entries())
    box.put({ to: bob.log.id, id: sha256(parcel), size: 2048, source: makeBytes(`${index}`, 32) }, parcel, bob.log, NOW)
  await depositAtAll(a, found, utf8('hello'))
  assert.equal(box.size, 3)
  assert.deepEqual(await fetchAll(b), { texts: ['hello'], failures: [] })
  assert.equal(box.size, 0)
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

test('whoever has the parcel still needs the device’s key', async (t) => {
  const {
    alice: a,
    boxes: [one],
    found,
  } = await start(t, addresses.slice(0, 1))
  await depositAtAll(a, found, utf8('secret'))
  const kept = one?.keep.next(bob.log.id, 0, NOW)
  assert.ok(kept)
  for (const other of [mallory.ik, alice.ik, bob.sign])
    assert.throws(() => openParcel(kept.parcel, other), { code: 'ERR_PARCEL' })
  assert.deepEqual(openParcel(kept.parcel, bob.ik), utf8('secret'))
})
