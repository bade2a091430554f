import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openChannel } from '../../src/connection/channel.ts'
import { answerLive } from '../../src/connection/live-handshake.ts'
import { createPublisher } from '../../src/contacts/publisher.ts'
import { hex, utf8 } from '../../src/core/bytes.ts'
import { sha256 } from '../../src/core/kdf.ts'
import { openParcel, PARCELLED_BYTES_MAX, sealParcel } from '../../src/core/parcel.ts'
import { timesOf } from '../../src/core/steady-clock.ts'
import { alice, answering, bob, makeWorld, mallory } from '../connection/sides.ts'
import { makeBytes, NOW } from '../core/identities.ts'
import { seededRandom } from '../core/test-bytes.ts'
import { transportKeyOf } from './town.ts'
import { addresses, boxes, deposit, depositAtAll, fetchAll, start } from './visitors.ts'

/** What a mailbox, and whoever has what is in it, learns of those who write and of what they say. */

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
  const clockWatch = { hold: () => {} }
  const announced = { identity: box, directory: town.directory.directory, transport: transport.publicKey, clockWatch }
  const own = { ...announced, prekeys: a.store.prekeys, self: a.store.self, world: makeWorld('box') }
  await createPublisher(own).publish(() => AbortSignal.timeout(60_000))
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
    box.put(
      { to: bob.log.id, id: sha256(parcel), size: 2048, source: makeBytes(`${index}`, 32) },
      parcel,
      bob.log,
      timesOf(undefined, NOW),
    )
  await depositAtAll(a, found, utf8('hello'))
  assert.equal(box.size, 3)
  assert.deepEqual(await fetchAll(b), { texts: ['hello'], failures: [] })
  assert.equal(box.size, 0)
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
