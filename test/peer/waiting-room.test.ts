import assert from 'node:assert/strict'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { safetyNumber } from '../../src/core/safety-number.ts'
import type { PeerEvent } from '../../src/peer/peer-events.ts'
import { openStore } from '../../src/store/store.ts'
import { alice, bob, codeOf, settle } from '../connection/sides.ts'
import { at } from '../core/identities.ts'
import { collect, endOf, reaches, said } from '../messages/told.ts'
import { createTown } from '../messages/town.ts'

/** Alice is a stranger to Bob: what he is told of her, before and after he lets her in. */

const start = async (t: TestContext) => {
  const town = createTown()
  const store = openStore(null)
  const kept = { ...store, close: () => {} }
  const [a, b] = [town.open(alice), town.open(bob, { store: kept })]
  t.after(() => Promise.all([a.close(), b.close()]))
  await Promise.all([a.listen(), b.listen()])
  const events = collect(b)
  return { town, kept, a, b, events }
}

const textsOf = (events: readonly PeerEvent[]): unknown[] =>
  events.flatMap((event) => (event.type === 'message' ? [said(event.message)] : []))
const requestsOf = (events: readonly PeerEvent[]) =>
  events.flatMap((event) => (event.type === 'request' ? [event.request] : []))

const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await settle()
}

test('who connects asks once, and what it says is told when it is let in, each message once, in every loop', async (t) => {
  const { a, b, events } = await start(t)
  const connection = await a.connect(b.address)
  await until(() => requestsOf(events).length > 0)
  await a.messages.send(b.address, 'one')
  await a.messages.send(b.address, 'two')
  await until(() => b.requests.list()[0]?.messages === 2)
  const again = await a.connect(b.address)
  await until(() => events.filter(({ type }) => type === 'connected').length === 2)
  const later = collect(b)
  await settle()
  assert.deepEqual([requestsOf(events).length, textsOf(events), textsOf(later)], [1, [], []])
  assert.partialDeepStrictEqual(at(requestsOf(events), 0), {
    ...{
      id: 1,
      address: a.address,
      safetyNumber: safetyNumber(alice.log.id, bob.log.id),
      connected: true,
      messages: 0,
    },
    trust: { identity: 'unknown', freshness: 'current' },
  })
  assert.deepEqual([b.contacts.list(), b.requests.isLetIn(a.address)], [[], false])
  // Whoever asks for messages of anybody gets these: the loop over messages knows no door.
  assert.equal(said(await b.messages.receive()), 'one')

  const contact = await b.requests.accept(a.address, { name: 'Alice' })
  assert.partialDeepStrictEqual(contact, { address: a.address, name: 'Alice', trust: 'pinned' })
  await a.messages.send(b.address, 'three')
  await until(() => textsOf(events).length >= 3)
  await settle()
  for (const told of [events, later]) assert.deepEqual(textsOf(told), ['one', 'two', 'three'])
  assert.deepEqual(b.requests.list(), [])
  assert.equal(await codeOf(b.requests.accept(a.address)), 'ERR_REQUEST')
  await Promise.all([connection.close(), again.close()])
})

test('who is refused is cut off, what it left is deleted, and until the end it can neither ask nor leave anything', async (t) => {
  const { town, kept, a, b, events } = await start(t)
  const connection = await a.connect(b.address)
  const { id } = await a.messages.send(b.address, 'buy this')
  await until(() => b.requests.list()[0]?.messages === 1)
  if (a.messages.waiting(b.address) > 0) await reaches(a, 'delivered', id)
  assert.equal(await b.requests.refuse(a.address), 1)
  assert.equal(await endOf(connection), 'left')
  assert.deepEqual([b.messages.history(a.address), b.requests.list()], [[], []])

  await a.messages.send(b.address, 'buy that')
  const second = await a.connect(b.address)
  await settle()
  await settle()
  assert.equal(a.messages.waiting(b.address), 1)
  assert.deepEqual([b.messages.history(a.address), b.requests.list(), requestsOf(events).length], [[], [], 1])
  await second.close()

  // Another time she may ask again; what was deleted does not come again, what was not taken does.
  await b.close()
  const anew = town.open(bob, { store: kept })
  t.after(() => anew.close())
  await anew.listen()
  const third = await a.connect(anew.address)
  await until(() => anew.requests.list()[0]?.messages === 1)
  assert.deepEqual(anew.messages.history(a.address).map(said), ['buy that'])
  await third.close()
})

test('what a stranger left before waits in the first loop, and who is gone is looked up when it is let in', async (t) => {
  const { town, kept, a, b } = await start(t)
  const connection = await a.connect(b.address)
  await a.messages.send(b.address, 'one')
  await until(() => b.requests.list()[0]?.messages === 1)
  await connection.close()
  await b.close()
  const anew = town.open(bob, { store: kept })
  t.after(() => anew.close())
  const events = collect(anew)
  await until(() => requestsOf(events).length > 0)
  assert.partialDeepStrictEqual(at(requestsOf(events), 0), { connected: false, messages: 1 })
  assert.deepEqual(textsOf(events), [])
  for (const [who, name, code] of [
    ['hf1qqqq', undefined, 'ERR_ADDRESS_LENGTH'],
    ['Carol', undefined, 'ERR_CONTACT'],
    [anew.address, undefined, 'ERR_REQUEST'],
    [a.address, 'hf1', 'ERR_CONTACT_NAME'],
  ] as const)
    assert.equal(await codeOf(anew.requests.accept(who, { name })), code)
  assert.equal(anew.requests.list().length, 1)
  town.forget()
  assert.match(String(await codeOf(anew.requests.accept(a.address))), /^ERR_LOOKUP/)
  assert.deepEqual([anew.contacts.list(), anew.requests.list().length], [[], 1])
  await town.publish(alice.log)
  await anew.requests.accept(a.address)
  await until(() => textsOf(events).length === 1)
})

test('files of strangers wait as well: offered when they are let in, refused with them', async (t) => {
  const { a, b, events } = await start(t)
  const folder = mkdtempSync(join(tmpdir(), 'handfast-door-'))
  t.after(() => rm(folder, { recursive: true }))
  const path = join(folder, 'a.txt')
  writeFileSync(path, 'content')
  const { id } = await a.files.send(b.address, path)
  await until(() => a.files.list().some(({ state }) => state === 'offered'))
  await settle()
  const offers = () => events.flatMap((event) => (event.type === 'offer' ? [event.offer] : []))
  assert.deepEqual(offers(), [])
  await b.requests.accept(a.address)
  await until(() => offers().length === 1)
  await at(offers(), 0).accept(folder)
  assert.equal((await a.files.finished(id)).state, 'delivered')

  b.contacts.remove(a.address)
  const second = await a.files.send(b.address, path)
  const connection = await a.connect(b.address)
  await until(() => b.requests.list().length === 1 && a.files.list().some(({ state }) => state === 'offered'))
  await settle()
  await b.requests.refuse(a.address)
  assert.equal(await codeOf(a.files.finished(second.id)), 'ERR_FILE_REFUSED')
  assert.equal(offers().length, 1)
  await connection.close()
})

test('whom one connects to, adds or writes to is let in without being asked for', async (t) => {
  for (const choose of ['connect', 'addContact', 'write'] as const) {
    const { a, b, events } = await start(t)
    const connection = await a.connect(b.address)
    await a.messages.send(b.address, 'one')
    await until(() => b.requests.list()[0]?.messages === 1)
    if (choose === 'write') await b.messages.send(a.address, 'two')
    else await b[choose](a.address)
    await until(() => textsOf(events).length === 1)
    assert.deepEqual([textsOf(events), b.requests.list()], [['one'], []], choose)
    await connection.close()
  }
})

test('who is blocked does not ask, and is let in only once it is unblocked', async (t) => {
  const { a, b, events } = await start(t)
  const connection = await a.connect(b.address)
  await a.messages.send(b.address, 'one')
  await until(() => b.requests.list()[0]?.messages === 1)
  b.contacts.block(a.address)
  assert.equal(await endOf(connection), 'ERR_REMOTE')
  assert.deepEqual(b.requests.list(), [])
  assert.equal(await codeOf(b.requests.accept(a.address)), 'ERR_PEER_BLOCKED')
  assert.equal(await codeOf(b.requests.refuse(a.address)), 'ERR_PEER_BLOCKED')
  await assert.rejects(a.connect(b.address))
  await settle()
  assert.deepEqual([b.requests.list(), requestsOf(events).length, b.contacts.list()], [[], 1, []])

  b.contacts.unblock(a.address)
  assert.partialDeepStrictEqual(b.requests.list(), [{ id: 2, address: a.address, messages: 1 }])
  await until(() => requestsOf(events).length === 2)
  await b.requests.accept(a.address)
  await until(() => textsOf(events).length === 1)
  assert.deepEqual(textsOf(events), ['one'])
})

test('who was blocked before it came asks for nothing, and what it left before does not ask either', async (t) => {
  const { town, kept, a, b, events } = await start(t)
  b.contacts.block(a.address)
  await assert.rejects(a.connect(b.address))
  await settle()
  assert.deepEqual([b.requests.list(), requestsOf(events)], [[], []])
  b.contacts.unblock(a.address)
  await a.messages.send(b.address, 'one')
  await until(() => b.requests.list()[0]?.messages === 1)
  b.contacts.block(a.address)
  await b.close()
  const anew = town.open(bob, { store: kept })
  t.after(() => anew.close())
  const again = collect(anew)
  await settle()
  assert.deepEqual([anew.requests.list(), requestsOf(again)], [[], []])
})

test('a stranger that is called again after a crash, or for a receipt, is no contact by that', async (t) => {
  const town = createTown()
  const store = openStore(null)
  const [a, b] = [town.open(alice), town.open(bob, { store })]
  t.after(() => Promise.all([a.close(), b.close()]))
  await a.listen()
  // It was connected when this side crashed.
  store.messages.lineOpened(alice.log.id)
  const events = collect(b)
  await b.listen()
  await until(() => events.some(({ type }) => type === 'connected'))
  await settle()
  assert.deepEqual(b.contacts.list(), [])
  assert.partialDeepStrictEqual(b.requests.list(), [{ address: a.address, connected: true }])
})
