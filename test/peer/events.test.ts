import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { PeerEvent } from '../../src/peer/peer-events.ts'
import { openStore } from '../../src/store/store.ts'
import { alice, bob, codeOf, isSettled, settle } from '../connection/sides.ts'
import { at } from '../core/identities.ts'
import { collect, endOf, said, take } from '../messages/told.ts'
import { createTown } from '../messages/town.ts'

/** What whole peers tell those who loop over it. */

const start = async (t: TestContext) => {
  const town = createTown()
  const [a, b] = [town.open(alice), town.open(bob)]
  t.after(() => Promise.all([a.close(), b.close()]))
  await Promise.all([a.listen(), b.listen()])
  // What strangers say waits: door.test.ts.
  await b.addContact(a.address)
  return { town, a, b }
}

const textsOf = (events: readonly PeerEvent[]): unknown[] =>
  events.flatMap((event) => (event.type === 'message' ? [said(event.message)] : []))

test('a loop begins with what was not taken, each message once, however many loops there are', async (t) => {
  const { a, b } = await start(t)
  for (const text of ['one', 'two', 'three']) await a.messages.send(b.address, text)
  while (b.messages.history(a.address).length < 3) await settle()
  b.messages.take(at(b.messages.history(a.address), 0))
  await b.store.group.run(() => {})
  const loops = [collect(b), collect(b)]
  await a.messages.send(b.address, 'four')
  await settle()
  await settle()
  for (const events of loops) assert.deepEqual(textsOf(events), ['two', 'three', 'four'])
  // Telling is not taking.
  assert.deepEqual(await take(b, 3), ['two', 'three', 'four'])
})

test('a message that is on disk when a loop is asked for, and told a moment later, comes once', async (t) => {
  const town = createTown()
  const store = openStore(null)
  let told = Promise.resolve()
  const group = {
    run: async <T>(work: () => T): Promise<T> => {
      const result = await store.group.run(work)
      await told
      return result
    },
  }
  const [a, b] = [town.open(alice), town.open(bob, { store: { ...store, group } })]
  t.after(() => Promise.all([a.close(), b.close()]))
  await Promise.all([a.listen(), b.listen()])
  await b.addContact(a.address)
  const gate = Promise.withResolvers<void>()
  told = gate.promise
  await a.messages.send(b.address, 'one')
  while (b.messages.history(a.address).length === 0) await settle()
  const events = collect(b)
  gate.resolve()
  await settle()
  await a.messages.send(b.address, 'two')
  assert.deepEqual(await take(b, 2), ['one', 'two'])
  await settle()
  assert.deepEqual(textsOf(events), ['one', 'two'])
})

test('aborting its signal ends each kind of loop without a failure: before it begins, and while it waits', async (t) => {
  const { a, b } = await start(t)
  const kinds = (signal: AbortSignal): AsyncIterable<unknown>[] => [
    b.events({ signal }),
    b.messages.incoming({ signal }),
    b.messages.incoming({ from: a.address, signal }),
    b.files.offers({ signal }),
    b.serve('chess/1', { signal }),
  ]
  const reason = new Error('enough')
  for (const loop of kinds(AbortSignal.abort(reason))) assert.deepEqual(await Array.fromAsync(loop), [])
  const begun = new AbortController()
  const before = kinds(begun.signal)
  begun.abort(reason)
  for (const loop of before) assert.deepEqual(await Array.fromAsync(loop), [])
  const waiting = new AbortController()
  const loops = kinds(waiting.signal).map((loop) => Array.fromAsync(loop))
  for (const loop of loops) assert.equal(await isSettled(loop), false)
  waiting.abort(reason)
  assert.deepEqual(await Promise.all(loops), [[], [], [], [], []])
  // One message that is asked for is no loop.
  assert.equal(await codeOf(b.messages.receive({ signal: waiting.signal })), reason)
  // The next ones work.
  await a.messages.send(b.address, 'still there?')
  assert.deepEqual(await take(b, 1), ['still there?'])
})

test('who is connected and how it ended is told on both sides: left, closed, lost', async (t) => {
  const { town, a, b } = await start(t)
  const [ofA, ofB] = [collect(a), collect(b)]
  const gone = (events: readonly PeerEvent[]) =>
    events.flatMap((event) => (event.type === 'disconnected' ? [[event.reason, event.error === null]] : []))
  const near = await a.connect(b.address)
  await settle()
  const met = [ofA, ofB].map((events) => events.flatMap((one) => (one.type === 'connected' ? [one.remote] : [])))
  assert.deepEqual(
    met.map(([remote]) => [remote?.address, remote?.direction]),
    [
      [b.address, 'out'],
      [a.address, 'in'],
    ],
  )
  await near.close()
  await settle()
  assert.deepEqual([gone(ofA), gone(ofB)], [[['closed', true]], [['left', true]]])
  const second = await a.connect(b.address)
  at(town.transports.pairs, -1).cut()
  assert.equal(await endOf(second), 'ERR_CONNECTION_LOST')
  await settle()
  assert.deepEqual(
    [gone(ofA)[1], gone(ofB)[1]],
    [
      ['lost', false],
      ['lost', false],
    ],
  )
})

test('a message of ours is queued, sent and delivered, and each is told once', async (t) => {
  const { a, b } = await start(t)
  const events = collect(a)
  const { id } = await a.messages.send(b.address, 'one')
  while (a.messages.waiting(b.address) > 0) await settle()
  await settle()
  const states = events.flatMap((event) =>
    event.type === 'delivery' && event.message.id === id ? [event.message.state] : [],
  )
  assert.deepEqual(states, ['queued', 'sent', 'delivered'])
})

test('a loop whose body throws ends alone: nobody else hears less', async (t) => {
  const { a, b } = await start(t)
  const events = collect(b)
  const failing = (async () => {
    for await (const { type } of b.events()) if (type === 'message') throw new Error('in the body')
  })()
  const taking = (async () => {
    for await (const _ of b.messages) throw new Error('in the body')
  })()
  for (const text of ['one', 'two', 'three']) await a.messages.send(b.address, text)
  await assert.rejects(failing, { message: 'in the body' })
  await assert.rejects(taking, { message: 'in the body' })
  while (textsOf(events).length < 3) await settle()
  assert.deepEqual(textsOf(events), ['one', 'two', 'three'])
  assert.deepEqual(await take(b, 2), ['two', 'three'])
})
