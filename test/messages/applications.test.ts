import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { secretKey } from '../../src/core/kdf.ts'
import { STRANGER_MESSAGES_MAX, UNKNOWN_APPLICATION_MESSAGES_MAX } from '../../src/core/limits/message-limits.ts'
import { openStore } from '../../src/store/store.ts'
import { alice, bob, isSettled, makeTemporary, makeWorld, settle } from '../connection/sides.ts'
import { makeBytes, NOW } from '../core/identities.ts'
import { boxes, carol, createResident, meet } from './residents.ts'
import { collect, reaches, said, take } from './told.ts'
import { createTown } from './town.ts'

/** Programs of one identity, one after the other on its folder: what they say is kept apart. */

const start = async (t: TestContext) => {
  const town = createTown()
  const folders = new Map<typeof alice, string>()
  for (const identity of [alice, bob, carol]) folders.set(identity, await makeTemporary(t))
  let visits = 0
  /** Somebody comes with one of their programs, after the one before has gone. */
  const come = async (identity: typeof alice, app?: string) => {
    const store = openStore(folders.get(identity) ?? null, secretKey(makeBytes('store key', 32)))
    // No two cards of a device have the same serial.
    const world = makeWorld(`visit ${++visits}`, NOW + visits)
    const peer = town.open(identity, { store, app, world })
    t.after(() => peer.close())
    await peer.listen()
    return peer
  }
  return { town, come }
}

const numbers = (count: number): string[] => Array.from({ length: count }, (_, index) => `${index}`)

test('two programs on one identity see nothing of each other: no messages, no history, no events', async (t) => {
  const { come } = await start(t)
  const [chat, b] = [await come(alice), await come(bob)]
  await b.addContact(chat.address)
  const told = collect(b)
  assert.deepEqual([chat.app, b.app], ['handfast', 'handfast'])
  await chat.messages.send(b.address, 'hi')
  assert.deepEqual(await take(b, 1), ['hi'])
  await chat.close()
  const chess = await come(alice, 'chess')
  assert.deepEqual(chess.messages.history(b.address), [])
  const { id, app } = await chess.messages.send(b.address, 'e4')
  assert.equal(app, 'chess')
  await reaches(chess, 'delivered', id)
  await settle()
  assert.equal(await isSettled(b.messages.receive()), false)
  assert.deepEqual(b.messages.history(chess.address).map(said), ['hi'])
  const heard = told.flatMap((event) => (event.type === 'message' ? [said(event.message)] : []))
  assert.deepEqual(heard, ['hi'])
  await b.close()

  const board = await come(bob, 'chess')
  const first = (await board.events()[Symbol.asyncIterator]().next()).value
  assert.ok(first?.type === 'message')
  assert.deepEqual([said(first.message), first.message.app], ['e4', 'chess'])
  assert.deepEqual(await take(board, 1), ['e4'])
  assert.deepEqual(board.messages.history(chess.address).map(said), ['e4'])
})

test('what one program wrote is delivered while another is open, and is no news to that one', async (t) => {
  const { town, come } = await start(t)
  const c = town.open(carol)
  await c.close()
  const chat = await come(alice)
  const { id } = await chat.messages.send(c.address, 'are you there?')
  assert.equal(chat.messages.waiting(c.address), 1)
  await chat.close()
  const chess = await come(alice, 'chess')
  const told = collect(chess)
  assert.equal(chess.messages.waiting(c.address), 0)
  const there = await come(carol)
  await there.connect(chess.address)
  assert.deepEqual(await take(there, 1), ['are you there?'])
  while (chess.store.messages.isWaiting(carol.log.id)) await settle()
  await settle()
  assert.deepEqual(
    told.filter(({ type }) => type === 'delivery'),
    [],
  )
  await chess.close()
  assert.deepEqual(
    (await come(alice)).messages.history(c.address).map((message) => [message.id, message.state]),
    [[id, 'delivered']],
  )
})

test('a program that nobody has opened here gets little room, and keeps nobody else waiting', async (t) => {
  const { come } = await start(t)
  const count = 3 * UNKNOWN_APPLICATION_MESSAGES_MAX
  const b = await come(bob)
  const chess = await come(alice, 'chess')
  await b.connect(chess.address)
  for (const text of numbers(count)) await chess.messages.send(b.address, text)
  const arrived = (): number => b.store.messages.countArrived(alice.log.id, 'chess')
  while (arrived() < UNKNOWN_APPLICATION_MESSAGES_MAX) await settle()
  await chess.close()
  const chat = await come(alice)
  await chat.messages.send(b.address, 'hello')
  assert.deepEqual(await take(b, 1), ['hello'])
  await settle()
  assert.equal(arrived(), UNKNOWN_APPLICATION_MESSAGES_MAX)
  await b.close()
  // As soon as it is opened, there is room for all of it.
  const board = await come(bob, 'chess')
  assert.deepEqual(await take(board, count), numbers(count))
})

test('a name that no application can have is refused, and nothing is remembered of it', async (t) => {
  const { town } = await start(t)
  const store = openStore(null)
  t.after(() => store.close())
  for (const app of ['', 'Chess', 'ch ess', '/chess', '-', 'é', 'x'.repeat(65)])
    assert.throws(() => town.open(alice, { store, app }), { code: 'ERR_PEER_APPLICATION' }, app)
  assert.deepEqual(store.applications.all(), [])
  for (const app of ['chess', 'chess/1', '0.a_b-c', 'x'.repeat(64)]) await town.open(alice, { app }).close()
})

test('by mailbox programs are kept apart as well, and one without room does not hold up the others', async (t) => {
  const { town, a, b } = await meet(t)
  b.store.contacts.keep(alice.log, 0)
  const states = (app: string) => a.store.messages.history(bob.log.id, app, 1e9, 100).map(({ state }) => state)
  const play = (count: number, after: number): Promise<void> =>
    a.visit(
      async ({ messages }) => {
        await Promise.all(numbers(count).map((n) => messages.send(b.address, `${after + Number(n) + 1}`)))
        while (states('chess').includes('queued')) await settle()
      },
      { app: 'chess' },
    )
  // They know each other: nobody is sent less for not having answered.
  await a.write(b.address, 'hi')
  assert.deepEqual(await b.fetch(), ['hi'])
  await a.fetch()
  const most = UNKNOWN_APPLICATION_MESSAGES_MAX
  await play(most - 2, 0)
  await play(4, most - 2)
  await a.write(b.address, 'hello')
  assert.deepEqual(await b.fetch(), ['hello'])
  // A parcel is taken whole or left.
  const arrived = b.store.messages.countArrived(alice.log.id, 'chess')
  assert.ok(arrived >= most - 2 && arrived <= most)
  await a.fetch()
  assert.deepEqual(states('handfast'), ['delivered', 'delivered'])
  assert.deepEqual(states('chess'), [...Array(arrived).fill('delivered'), ...Array(most + 2 - arrived).fill('sent')])

  const moves = await b.visit(
    async ({ messages, mailboxes }) => {
      assert.deepEqual((await mailboxes.fetch()).failures, [])
      while (b.store.mailboxOutbox.waiting(town.world.now).length > 0) await settle()
      return messages.history(a.address).map(said)
    },
    { app: 'chess' },
  )
  assert.deepEqual(
    moves,
    numbers(most + 2).map((n) => `${Number(n) + 1}`),
  )
  await a.fetch()
  assert.deepEqual(states('chess'), Array(most + 2).fill('delivered'))
  assert.equal(town.keeps[0]?.size, 0)
})

test('to somebody who has not answered, one program that has to wait does not hold up another', async (t) => {
  const { town, a } = await meet(t)
  const there = createResident(town, carol, boxes)
  t.after(() => there.store.close())
  await there.visit(async () => {})
  await a.visit(
    async ({ messages }, inMailboxes) => {
      await Promise.all(numbers(3 * STRANGER_MESSAGES_MAX).map((text) => messages.send(there.address, text)))
      await inMailboxes
    },
    { app: 'chess' },
  )
  await a.write(there.address, 'hello')
  assert.deepEqual(await there.fetch(), ['hello'])
})
