import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createContacts } from '../../src/contacts/contact-api.ts'
import { encodeAddress } from '../../src/core/address.ts'
import { createIdentity } from '../../src/core/identity.ts'
import { BLOCK_LOOK_MS } from '../../src/core/limits/connection-limits.ts'
import { rotateIdentity } from '../../src/core/recovery.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { alice, bob, codeOf, makeWorld, settle } from '../connection/sides.ts'
import { at, makeBytes, NOW } from '../core/identities.ts'
import { seededRandom } from '../core/test-bytes.ts'
import { createResident, parcels, start as startSquare } from '../messages/residents.ts'
import { collect, endOf, isOfType, reaches, take } from '../messages/told.ts'
import { createTown, transportKeyOf } from '../messages/town.ts'

/** Bob deals with somebody no more. */

const { identity: mallory, phrase } = createIdentity(NOW, seededRandom('blocking/mallory'))
const MALLORY = encodeAddress(mallory.log.id)

const start = async (t: TestContext, store: Store = openStore(null)) => {
  const town = createTown()
  const open = (identity: typeof alice, key?: Uint8Array) => {
    const transport = town.transports.add(key ?? transportKeyOf(identity))
    const peer = town.open(identity, { transport })
    t.after(() => peer.close())
    return peer
  }
  const b = town.open(bob, { store })
  t.after(() => b.close())
  const [a, m] = [open(alice), open(mallory)]
  await Promise.all([a.listen(), b.listen(), m.listen()])
  await Promise.all([b.addContact(a.address), b.addContact(m.address, { name: 'Mallory' })])
  return { town, open, a, b, m }
}

/** What the other side is told when it calls. */
const answerTo = async (work: Promise<unknown>): Promise<string> => {
  const error = await work.then(
    () => assert.fail('let in'),
    (reason: { code: string; cause?: { code?: string } }) => reason,
  )
  return `${error.code} ${error.cause?.code ?? ''}`.trim()
}

test('a block ends what is connected at once, and nothing goes either way any more; others notice nothing', async (t) => {
  const { a, b, m } = await start(t)
  const told = collect(b)
  const [connection, other] = [await m.connect(b.address), await a.connect(b.address)]
  await m.messages.send(b.address, 'before')
  assert.deepEqual(await take(b, 1), ['before'])
  const blocked = b.contacts.block('Mallory')
  assert.deepEqual(blocked, { address: m.address, name: 'Mallory', since: NOW, messages: 0, files: 0 })
  assert.equal(await endOf(connection), 'ERR_REMOTE')
  assert.equal(await Promise.race([other.closed, settle()]), undefined)
  assert.deepEqual(told.filter(isOfType('blocked')), [{ type: 'blocked', address: m.address, messages: 0, files: 0 }])
  const refused = [
    b.messages.send('Mallory', 'x'),
    b.messages.resend('Mallory'),
    b.connect('Mallory'),
    b.dial('Mallory', 'chess/1'),
    b.files.send('Mallory', import.meta.filename),
  ]
  for (const attempt of refused) assert.equal(await codeOf(attempt), 'ERR_PEER_BLOCKED')
  // It knocks under a key that is known for hers: nobody answers.
  assert.equal(await answerTo(m.connect(b.address)), 'ERR_CONNECT')
  await a.messages.send(b.address, 'others')
  assert.deepEqual(await take(b, 1), ['others'])
})

test('under another transport key the handshake shows who it is: refused without a reason, nothing is kept, and that key is known then', async (t) => {
  const { town, open, b, m } = await start(t)
  await m.close()
  b.contacts.block('Mallory')
  const [floor, contact] = [b.store.floors.get(mallory.log.id), b.store.contacts.get(mallory.log.id)]
  const again = open(mallory, makeBytes('another key', 32))
  const { length } = town.transports.pairs
  assert.equal(await answerTo(again.connect(b.address)), 'ERR_REMOTE ERR_PEER_REFUSED')
  // Of Bob's side there is a card, and the refusal: no confirmation that would cost more.
  assert.equal(at(town.transports.pairs, length).toNear.sent.length, 2)
  assert.equal(await answerTo(again.connect(b.address)), 'ERR_CONNECT')
  assert.deepEqual([b.store.floors.get(mallory.log.id), b.store.contacts.get(mallory.log.id)], [floor, contact])
  assert.equal(b.store.messages.latest(), 0)
})

test('a block stays when the contact is forgotten, the folder is opened again, and its owner rotates all keys', async (t) => {
  const store = openStore(null)
  const first = await start(t, { ...store, close: () => {} })
  first.b.contacts.block(MALLORY)
  first.b.contacts.remove('Mallory')
  assert.deepEqual(first.b.contacts.get(MALLORY), null)
  await first.b.close()
  const town = createTown()
  const b = town.open(bob, { store: { ...store, close: () => {} } })
  t.after(() => b.close())
  await b.listen()
  assert.deepEqual(
    b.contacts.blocked().map(({ address, name }) => [address, name]),
    [[MALLORY, null]],
  )
  const rotated = rotateIdentity(mallory.log, phrase, NOW, seededRandom('blocking/rotation'))
  const m = town.open(rotated, { transport: town.transports.add(makeBytes('a new key', 32)) })
  t.after(() => m.close())
  await town.publish(rotated.log)
  assert.equal(await answerTo(m.connect(b.address)), 'ERR_REMOTE ERR_PEER_REFUSED')
  b.contacts.unblock(MALLORY)
  const connection = await m.connect(b.address)
  await m.messages.send(b.address, 'again')
  assert.deepEqual(await take(b, 1), ['again'])
  await connection.close()
})

test('a key that a card only names shuts nobody out: not Alice, whose key Mallory writes on her card', async (t) => {
  const { town, a, b, m } = await start(t)
  await m.close()
  const liar = town.open(mallory, { transport: a.transport })
  await liar.publish()
  assert.deepEqual((await b.lookup(MALLORY)).card?.card.transport, a.transport.publicKey)
  b.contacts.block('Mallory')
  const connection = await a.connect(b.address)
  await a.messages.send(b.address, 'let in')
  assert.deepEqual(await take(b, 1), ['let in'])
  await connection.close()
})

test('what waits for somebody who is blocked is kept and counted, and goes on once it is unblocked', async (t) => {
  const { open, b, m } = await start(t)
  const told = collect(b)
  await m.close()
  const { id } = await b.messages.send('Mallory', 'waits')
  await b.files.send('Mallory', import.meta.filename)
  assert.partialDeepStrictEqual(b.contacts.block('Mallory'), { messages: 1, files: 1 })
  assert.deepEqual([b.messages.waiting('Mallory'), b.contacts.get('Mallory')?.blocked], [1, true])
  const back = open(mallory)
  await back.listen()
  await b.mailboxes.fetch()
  await settle()
  assert.equal(back.store.messages.latest(), 0)
  const delivered = reaches(b, 'delivered', id)
  assert.partialDeepStrictEqual(b.contacts.unblock('Mallory'), { messages: 1, files: 1 })
  await delivered
  assert.deepEqual(await take(back, 1), ['waits'])
  assert.equal(b.contacts.unblock('Mallory'), null)
  assert.deepEqual(told.filter(isOfType('unblocked')), [{ type: 'unblocked', address: MALLORY, messages: 1, files: 1 }])
})

test('another program on the folder blocks: nothing is taken from then on, and the connection ends when that is seen', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const { b, m } = await start(t)
  const told = collect(b)
  const [talking, silent] = [await m.connect(b.address), await m.connect(b.address)]
  createContacts(b.store, makeWorld('another program')).block('Mallory')
  await m.messages.send(b.address, 'too late')
  assert.equal(await Promise.any([endOf(talking), endOf(silent)]), 'ERR_REMOTE')
  assert.equal(b.store.messages.latest(), 0)
  t.mock.timers.tick(BLOCK_LOOK_MS)
  assert.deepEqual(await Promise.all([endOf(talking), endOf(silent)]), ['ERR_REMOTE', 'ERR_REMOTE'])
  await settle()
  assert.equal(told.filter(isOfType('blocked')).length, 1)
})

test('what somebody who is blocked leaves in a mailbox is deleted unread', async (t) => {
  const town = await startSquare(t)
  const [m, b] = [createResident(town, mallory), createResident(town, bob)]
  await b.visit(async () => {})
  await m.write(b.address, 'first')
  assert.deepEqual(await b.fetch(), ['first'])
  createContacts(b.store, town.world).block(MALLORY)
  await m.write(b.address, 'second')
  assert.ok(parcels(town).length > 0)
  const before = b.store.floors.get(mallory.log.id)
  assert.deepEqual(await b.fetch(), [])
  assert.deepEqual([parcels(town).length, b.store.floors.get(mallory.log.id)], [0, before])
  createContacts(b.store, town.world).unblock(MALLORY)
  assert.deepEqual(await b.fetch(), [])
})

test('what was put into parcels already is left nowhere once its recipient is blocked', async (t) => {
  const town = await startSquare(t)
  const m = createResident(town, mallory)
  await m.visit(async () => {})
  const store = openStore(null)
  const blocked = Promise.withResolvers<void>()
  const queued: Store['mailboxOutbox']['queued'] = (peer) => {
    const found = store.mailboxOutbox.queued(peer)
    if (found.length > 0) {
      createContacts(store, town.world).block(MALLORY)
      blocked.resolve()
    }
    return found
  }
  const b = createResident(town, bob, undefined, { ...store, mailboxOutbox: { ...store.mailboxOutbox, queued } })
  await b.visit(async ({ messages }) => {
    await messages.send(MALLORY, 'too late')
    await blocked.promise
    for (let turn = 0; turn < 20; turn++) await settle()
  })
  assert.deepEqual([parcels(town).length, store.mailboxOutbox.queued(mallory.log.id).length > 0], [0, true])
})
