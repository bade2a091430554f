import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { encodeAddress } from '../../src/core/address.ts'
import { createIdentity, type Identity, renewDevice } from '../../src/core/identity.ts'
import { FORGETTING } from '../../src/core/limits/protocol-limits.ts'
import { recoveryBase, rotateIdentity } from '../../src/core/recovery.ts'
import type { Peer } from '../../src/peer/peer.ts'
import type { PeerEvent } from '../../src/peer/peer-events.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { bob, identityOf, makeTemporary, makeWorld, settle } from '../connection/sides.ts'
import { makeBytes, NOW } from '../core/identities.ts'
import { seededRandom } from '../core/test-bytes.ts'
import { storeAt } from '../files/file-sides.ts'
import { createResident, start as startSquare } from '../messages/residents.ts'
import { collect, eventOf, isOfType, reaches, take } from '../messages/told.ts'
import { createTown } from '../messages/town.ts'

/** Mallory copied the device keys of Alice, and takes what Bob sends to her: until Alice rotates, and gets it all the same. */

const { identity: alice, phrase } = createIdentity(NOW, seededRandom('theft/alice'))
const address = encodeAddress(alice.log.id)
const rotated = rotateIdentity(alice.log, phrase, NOW, seededRandom('theft/rotated'))

const NONE = { received: 0, receivedFiles: 0 }
let opened = 0

const start = async (t: TestContext, kept: Store = storeAt(null)) => {
  const town = createTown()
  const own = storeAt(null)
  /** Somebody with a transport key of their own, whose card is later than those before. */
  const open = (name: string, identity: Identity, store: Store = storeAt(null)) => {
    opened += 1
    const transport = town.transports.add(makeBytes(`theft/${name}/${opened}`, 32))
    const left = { ...store, close: () => {} }
    const peer = town.open(identity, { store: left, transport, world: makeWorld(`theft/${opened}`, NOW + opened) })
    t.after(() => peer.close())
    return peer
  }
  const b = open('bob', bob, kept)
  await b.listen()
  return { town, own, open, bob: b }
}

/** Says it, and has it confirmed by whoever is there. */
const tell = async (from: Peer, ...texts: readonly string[]): Promise<void> => {
  for (const text of texts) {
    const { id } = await from.messages.send(address, text)
    if (from.messages.history(address).find((one) => one.id === id)?.state !== 'delivered')
      await reaches(from, 'delivered', id)
  }
}

const past = ({ messages }: Peer): readonly (readonly [string | undefined, string, boolean])[] =>
  messages.history(address).map(({ text, state, exposed }) => [text, state, exposed] as const)

/** Of those that nobody else may have read, as far as Bob knows. */
const states = (peer: Peer): readonly string[] => past(peer).flatMap(([, state, exposed]) => (exposed ? [] : [state]))

const exposedOf = (events: readonly PeerEvent[]) => events.filter(isOfType('exposed'))

const allDelivered = async (peer: Peer): Promise<void> => {
  while (peer.messages.waiting(address) > 0) await reaches(peer, 'delivered')
}

test('what was delivered to a thief is told, marked, and delivered once more to the owner who rotated: once', async (t) => {
  const { open, own, bob: b } = await start(t)
  const events = collect(b)
  const laptop = open('laptop', alice, own)
  await laptop.listen()
  await tell(b, 'one')
  assert.deepEqual(await take(laptop, 1), ['one'])
  await laptop.close()

  const mallory = open('mallory', alice)
  await mallory.listen()
  await tell(b, 'two', 'three')
  assert.deepEqual(await take(mallory, 3 - 1), ['two', 'three'])
  // Mallory has another folder, without what came before: all that Bob can see of it.
  assert.deepEqual(states(b), ['gone', 'delivered', 'delivered'])

  const back = open('back', rotated, own)
  await back.listen()
  await Promise.all([eventOf(b, isOfType('exposed')), b.lookup(address)])
  // The owner has the first one from before, though the application has not asked for the next: it did not come again.
  assert.deepEqual(await take(back, 3), ['one', 'two', 'three'])
  await allDelivered(b)
  assert.equal(back.messages.history(b.address).length, 3)
  assert.deepEqual(exposedOf(events), [{ type: 'exposed', address, messages: 3, files: 0, ...NONE, again: 3 }])
  assert.deepEqual(
    past(b),
    ['one', 'two', 'three'].map((text) => [text, 'delivered', true]),
  )

  // Nothing of it came to Mallory, nor does what follows; and nothing is told twice.
  await tell(b, 'four')
  assert.deepEqual(await take(back, 1), ['four'])
  assert.deepEqual(past(b).at(-1), ['four', 'delivered', false])
  await b.lookup(address)
  assert.equal(exposedOf(events).length, 1)
  assert.deepEqual(
    mallory.messages.history(b.address).map(({ text }) => text),
    ['two', 'three'],
  )
})

test('an owner who has nothing left but the phrase gets what went to the thief and what came before it', async (t) => {
  const { open, bob: b } = await start(t)
  const mallory = open('mallory', alice)
  await mallory.listen()
  await tell(b, 'one', 'two')
  const back = open('new machine', rotated)
  await back.listen()
  const got = take(back, 2)
  await b.lookup(address)
  assert.deepEqual(await got, ['one', 'two'])
  await allDelivered(b)
})

test('a thief who rotates nothing gets nothing once more, nor one who renews the stolen keys by a stolen root key', async (t) => {
  const { open, bob: b } = await start(t)
  const events = collect(b)
  const laptop = open('laptop', alice)
  await laptop.listen()
  await tell(b, 'one')
  await laptop.close()
  const mallory = open('mallory', alice)
  await mallory.listen()
  await tell(b, 'two')
  await mallory.close()
  const update = await renewDevice(alice, NOW, seededRandom('theft/update'))
  const renewed = open('mallory', update)
  await renewed.listen()
  await tell(b, 'three')
  assert.deepEqual(
    renewed.messages.history(b.address).map(({ text }) => text),
    ['three'],
  )
  assert.deepEqual(exposedOf(events), [])
  assert.deepEqual(states(b), ['gone', 'gone', 'delivered'])

  // The owner overrules her, from the first entry on: all of that may have come to her, the keys that she made among them.
  const recovered = rotateIdentity(recoveryBase(update.log, phrase), phrase, NOW, seededRandom('theft/recovered'))
  const back = open('back', recovered)
  await back.listen()
  const got = take(back, 3)
  await b.lookup(address)
  assert.deepEqual(await got, ['one', 'two', 'three'])
  await allDelivered(b)
  assert.deepEqual(exposedOf(events), [{ type: 'exposed', address, messages: 3, files: 0, ...NONE, again: 3 }])
})

test('an open connection with the thief ends before anything is sent again, also when another process learnt of the rotation', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const folder = await makeTemporary(t)
  const store = storeAt(folder)
  const { town, open, bob: b } = await start(t, store)
  const mallory = open('mallory', alice)
  await mallory.listen()
  await tell(b, 'one')
  assert.deepEqual(await take(mallory, 1), ['one'])
  await town.publish(rotated.log)

  // A reader, without the key of the folder: it is not its business to send anything.
  const reading = { ...openStore(folder), self: openStore(null).self }
  const transport = town.transports.add(makeBytes('theft/reader', 32))
  const reader = town.open(identityOf('carol'), { store: reading, transport })
  await reader.lookup(address).catch(() => {})
  await reader.close()
  assert.equal(store.contacts.get(alice.log.id)?.log.epoch, 1)
  assert.deepEqual(past(b), [['one', 'delivered', false]])
  // Mallory is connected still. What is said now does not go to her.
  await b.messages.send(address, 'two')
  const path = join(folder, 'plans.txt')
  await writeFile(path, 'plans')
  const file = await b.files.send(address, path)
  for (let turn = 0; turn < 5; turn++) await settle()
  assert.equal(mallory.messages.history(b.address).length, 1)
  assert.equal(b.files.list().find(({ id }) => id === file.id)?.state, 'queued')

  t.mock.timers.tick(FORGETTING * 1000)
  for (let turn = 0; turn < 5; turn++) await settle()
  assert.deepEqual(past(b), [
    ['one', 'queued', true],
    ['two', 'queued', false],
  ])
  assert.equal(mallory.messages.history(b.address).length, 1)
})

test('files that came to the thief are offered again under another secret, and arrive', async (t) => {
  const { open, own, bob: b } = await start(t)
  const dir = await makeTemporary(t)
  const events = collect(b)
  const path = join(dir, 'plans.txt')
  await writeFile(path, 'plans')
  const mallory = open('mallory', alice)
  await mallory.listen()
  const sent = await b.files.send(address, path)
  await (await mallory.files.receive())?.accept(join(dir, 'mallory'))
  await b.files.finished(sent.id)

  const waiting = await b.files.send(address, path)
  await mallory.files.receive()
  const secretOf = (): Buffer | undefined => b.store.transfers.get(waiting.id)?.secret?.export()
  const known = secretOf()
  const back = open('back', rotated, own)
  await back.listen()
  await b.lookup(address)
  assert.notDeepEqual(secretOf(), known)
  for (const _ of [1, 2]) await (await back.files.receive())?.accept(join(dir, 'alice'))
  await b.files.finished(sent.id)
  await b.files.finished(waiting.id)
  for (const name of ['plans.txt', 'plans (1).txt'])
    assert.equal(await readFile(join(dir, 'alice', name), 'utf8'), 'plans')
  assert.deepEqual(exposedOf(events), [{ type: 'exposed', address, messages: 0, files: 2, ...NONE, again: 1 }])
  assert.ok(known !== undefined && mallory.store.transfers.list(null, 1e9, 10).length === 1)
})

test('what a thief fetched from a mailbox is left there again, sealed for the new keys', async (t) => {
  const town = await startSquare(t)
  const b = createResident(town, bob)
  const mallory = createResident(town, alice)
  t.after(() => [b, mallory].map(({ store }) => store.close()))
  await mallory.visit(async () => {})
  await b.write(address, 'one', 'two')
  assert.deepEqual(await mallory.fetch(), ['one', 'two'])
  await b.fetch()
  assert.deepEqual(b.states(alice.log.id), ['delivered', 'delivered'])

  const back = createResident(town, rotated)
  t.after(() => back.store.close())
  await back.visit(async () => {})
  await b.visit(async (peer, inMailboxes) => {
    await peer.lookup(address)
    await inMailboxes
  })
  const told = { type: 'exposed', address, messages: 2, files: 0, ...NONE, again: 2 }
  assert.deepEqual(b.notices.filter(isOfType('exposed')), [told])
  // Her keys do not even fetch it any more.
  await mallory
    .visit(async ({ mailboxes }) => {
      const { taken } = await mailboxes.fetch()
      assert.equal(taken, 0)
    })
    .catch(() => {})
  assert.deepEqual(await back.fetch(), ['one', 'two'])
  await b.fetch()
  assert.deepEqual(b.states(alice.log.id), ['delivered', 'delivered'])
})
