import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createIdentity, renewDevice } from '../../src/core/identity.ts'
import { secretKey } from '../../src/core/kdf.ts'
import { updateLog } from '../../src/core/key-log.ts'
import { MESSAGE_BYTES_MAX, MESSAGE_WINDOW, STRANGER_MESSAGES_MAX } from '../../src/core/limits/message-limits.ts'
import { openStore } from '../../src/store/store.ts'
import { alice, bob, codeOf, isSettled, makeTemporary, makeWorld, settle } from '../connection/sides.ts'
import { makeBytes, NOW } from '../core/identities.ts'
import { seededRandom } from '../core/test-bytes.ts'
import { runs } from '../runs.ts'
import { reaches, said, take } from './told.ts'
import { createTown } from './town.ts'

/** Messages between whole peers: once, in order, and not before they are on disk. */

const storeAt = (folder: string | null) => openStore(folder, secretKey(makeBytes('store key', 32)))

const start = async (t: TestContext) => {
  const town = createTown()
  const folders = new Map([
    [alice, await makeTemporary(t)],
    [bob, await makeTemporary(t)],
  ])
  const open = (identity: typeof alice) => {
    const peer = town.open(identity, { store: storeAt(folders.get(identity) ?? null) })
    t.after(() => peer.close())
    return peer
  }
  return { town, open }
}

/** Listening, with both cards in the directory. */
const startListening = async (t: TestContext) => {
  const started = await start(t)
  const [a, b] = [started.open(alice), started.open(bob)]
  await Promise.all([a.listen(), b.listen()])
  return { ...started, a, b }
}

const numbers = (count: number): string[] => Array.from({ length: count }, (_, index) => `${index}`)

test('messages arrive in order, both ways, and are told as delivered once they are on the other disk', async (t) => {
  const { a, b } = await startListening(t)
  const count = 3 * MESSAGE_WINDOW
  const sent = await Promise.all(numbers(count).map((text) => a.messages.send(b.address, text)))
  assert.ok(sent.every(({ state, direction, peer }) => state === 'queued' && direction === 'out' && peer === b.address))
  const delivered = reaches(a, 'delivered', sent.at(-1)?.id)
  await b.messages.send(a.address, Uint8Array.of(1, 2, 3))
  assert.deepEqual(await take(b, count), numbers(count))
  assert.deepEqual(await take(a, 1), [Uint8Array.of(1, 2, 3)])
  await delivered
  const history = a.messages.history(b.address, { limit: 1000 })
  assert.deepEqual(
    history.filter(({ direction }) => direction === 'out').map((one) => [said(one), one.state]),
    numbers(count).map((text) => [text, 'delivered']),
  )
})

test('a message to somebody who is away is queued, and arrives when both are there, also after a restart', async (t) => {
  const { open } = await start(t)
  const first = open(alice)
  const { address } = open(bob)
  const { id } = await first.messages.send(address, 'are you there?')
  await settle()
  assert.equal(first.messages.history(address)[0]?.state, 'queued')
  await first.close()

  const b = open(bob)
  await b.listen()
  const a = open(alice)
  await a.listen()
  const delivered = reaches(a, 'delivered', id)
  assert.deepEqual(await take(b, 1), ['are you there?'])
  await delivered
  assert.deepEqual(
    a.messages.history(address).map(({ state }) => state),
    ['delivered'],
  )
})

test('a message is taken when the next is asked for: after a crash only the last one comes again', async (t) => {
  const { open, a, b } = await startListening(t)
  for (const text of ['one', 'two', 'three']) await a.messages.send(b.address, text)
  const seen = [await b.messages.receive(), await b.messages.receive()]
  assert.deepEqual(seen.map(said), ['one', 'two'])
  await b.close()
  const again = open(bob)
  const [two, three] = [await again.messages.receive(), await again.messages.receive()]
  assert.deepEqual([said(two), two?.id, said(three)], ['two', seen[1]?.id, 'three'])
  again.messages.take(three ?? assert.fail())
  await again.close()
  assert.equal(await isSettled(open(bob).messages.receive()), false)
})

test('what was in flight when a connection broke arrives once, in order', async (t) => {
  const { a, b, town } = await startListening(t)
  // What strangers say is taken at a rate.
  await b.addContact(a.address)
  const count = runs(500)
  const received = take(b, count)
  for (let index = 0; index < count; index++) {
    await a.messages.send(b.address, `${index}`)
    if (index % 10 === 5) for (const pair of town.transports.pairs) pair.cut()
  }
  assert.deepEqual(await received, numbers(count))
  assert.deepEqual(b.messages.history(a.address, { limit: 1000 }).map(said), numbers(count))
})

test('two that call each other at once still get each message once', async (t) => {
  const { a, b } = await startListening(t)
  const count = 100
  const both = Promise.all([take(a, count), take(b, count)])
  for (const text of numbers(count))
    await Promise.all([a.messages.send(b.address, text), b.messages.send(a.address, text)])
  assert.deepEqual(await both, [numbers(count), numbers(count)])
})

test('a store that was lost begins a sequence of its own, and one that lost what came goes on where the other is', async (t) => {
  const { town, a, b } = await startListening(t)
  await a.messages.send(b.address, 'before')
  assert.deepEqual(await take(b, 1), ['before'])
  await a.close()
  const anew = town.open(alice, { store: storeAt(null), transport: town.transports.add(makeBytes('other', 32)) })
  t.after(() => anew.close())
  await anew.messages.send(b.address, 'after')
  assert.deepEqual(await take(b, 1), ['after'])
  await b.close()
  const [store, transport] = [storeAt(null), town.transports.add(makeBytes('new', 32))]
  const forgetful = town.open(bob, { store, transport, world: makeWorld('later', NOW + 1) })
  t.after(() => forgetful.close())
  await forgetful.listen()
  await settle()
  await anew.messages.send(b.address, 'third')
  assert.deepEqual(await take(forgetful, 1), ['third'])
})

test('a stranger fills a little of the disk and no more, and goes on when there is room', async (t) => {
  const { a, b } = await startListening(t)
  const count = 3 * STRANGER_MESSAGES_MAX
  for (const text of numbers(count)) await a.messages.send(b.address, text)
  while (b.messages.history(a.address).length < STRANGER_MESSAGES_MAX) await settle()
  await settle()
  assert.equal(b.messages.history(a.address).length, STRANGER_MESSAGES_MAX)
  assert.deepEqual(await take(b, count), numbers(count))
})

test('what cannot be sent is refused before it is written', async (t) => {
  const { a, b, town } = await startListening(t)
  const send = (to: string, message: string | Uint8Array): Promise<unknown> => codeOf(a.messages.send(to, message))
  assert.equal(await send(b.address, 'x'.repeat(MESSAGE_BYTES_MAX + 1)), 'ERR_MESSAGE_SIZE')
  assert.equal(await send(b.address, new Uint8Array(MESSAGE_BYTES_MAX + 1)), 'ERR_MESSAGE_SIZE')
  assert.equal(await send(a.address, 'me'), 'ERR_PEER_SELF')
  assert.equal(await send('nobody', 'x'), 'ERR_CONTACT')
  const { identity: carol } = createIdentity(NOW, seededRandom('messages/carol'))
  const c = town.open(carol)
  t.after(() => c.close())
  await c.listen()
  await a.connect(c.address)
  for (const name of ['one', 'two']) await town.publish((await renewDevice(carol, NOW, seededRandom(name))).log)
  await a.lookup(c.address)
  assert.equal(await send(c.address, 'x'), 'ERR_LOG_FORK')
  assert.deepEqual(a.messages.history(c.address), [])
  await a.close()
  assert.equal(await send(b.address, 'x'), 'ERR_PEER_CLOSED')
})

test('messages to an identity that has ended fail, and say why', async (t) => {
  const { a, town } = await startListening(t)
  const { identity: carol } = createIdentity(NOW, seededRandom('messages/carol'))
  const { devices } = carol.log.last.entry
  const { id } = await a.messages.send(town.open(carol).address, 'still there?')
  await settle()
  const failed = reaches(a, 'failed', id)
  await town.publish(updateLog(carol.log, carol.root, { devices, time: NOW, status: 'retired' }))
  await a.messages.send(town.open(carol).address, 'hello?').catch(() => {})
  assert.equal((await failed).reason, 'ERR_PEER_RETIRED')
})

test('nothing leaves that is not on disk: while the disk fails neither messages nor receipts go out', async (t) => {
  const town = createTown()
  const store = storeAt(null)
  let failing = false
  const group = {
    run: <T>(work: () => T): Promise<T> => (failing ? Promise.reject(new Error('disk')) : store.group.run(work)),
  }
  const [a, b] = [town.open(alice, { store: storeAt(null) }), town.open(bob, { store: { ...store, group } })]
  t.after(() => Promise.all([a.close(), b.close()]))
  await Promise.all([a.listen(), b.listen()])
  failing = true
  await assert.rejects(b.messages.send(a.address, 'x'))
  assert.deepEqual(b.messages.history(a.address), [])
  const { id } = await a.messages.send(b.address, 'kept')
  await settle()
  assert.notEqual(a.messages.history(b.address)[0]?.state, 'delivered')
  failing = false
  const delivered = reaches(a, 'delivered', id)
  assert.deepEqual(await take(b, 1), ['kept'])
  await delivered
})
