import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MESSAGE_ROW_BYTES, MESSAGE_WINDOW } from '../../src/core/limits/message-limits.ts'
import { STRANGER_MESSAGES } from '../../src/core/limits/stranger-rates.ts'
import { NO_LIMITS } from '../../src/store/volume-store.ts'
import { mallory, settle } from '../connection/sides.ts'
import { message, placeOf, sequence, startLines } from './lines-alone.ts'

/** How much is taken from whom, on connections: nothing is lost by it, and it goes on by itself. */

const [a, b] = [sequence('a'), sequence('b')]
const { burst, perSecond } = STRANGER_MESSAGES.count
type Started = Awaited<ReturnType<typeof startLines>>

/** Mallory says messages of a sequence, from `first` on, and Bob's application takes them at once. */
const say = async ({ mallory, takeOne }: Started, s: Uint8Array, first: number, last: number): Promise<void> => {
  for (let n = first; n <= last; n++) {
    await mallory.say(message(s, n))
    await settle()
    await takeOne()
  }
}

test('a stranger who says more than may be is told to wait, and for how long, however fast it is read', async () => {
  const started = await startLines({ isContact: false })
  const { mallory, texts, told, waits, pass } = started
  await say(started, a, 1, burst + 5)
  const quarter = burst / 4 / perSecond
  const full = await mallory.hearUntil('full')
  assert.deepEqual(full, { k: 'full', s: a, n: burst + 1, code: 'ERR_MESSAGE_RATE', wait: quarter })
  assert.equal(texts().length, burst)
  assert.deepEqual(waits(), [quarter * 1000])
  // In the same or in another sequence nothing more is taken.
  await say(started, a, burst + 1, burst + 3)
  await say(started, b, 1, 2)
  assert.equal(texts().length, burst)
  assert.deepEqual(
    told.flatMap((event) => (event.type === 'limited' ? [event.code] : [])),
    ['ERR_MESSAGE_RATE'],
  )
  pass(quarter * 1000)
  await mallory.hearUntil('ready')
  await say(started, a, burst + 1, burst + 5)
  assert.equal(texts().length, burst + 5)
  started.store.close()
})

test('of a contact there is no rate', async () => {
  const started = await startLines()
  await say(started, a, 1, burst + 5)
  assert.equal(started.texts().length, burst + 5)
  started.store.close()
})

/** Mallory is a contact of Bob's, who lets her send so many messages. */
const startLimited = async (kind: 'messagesDay' | 'messagesTotal', most: number) => {
  const started = await startLines()
  const { store, peer, world } = started
  store.contacts.keep(mallory.log, world.now)
  await say(started, sequence('first'), 1, 1)
  const day = Math.floor(world.now / 86_400)
  const one = store.volumes.of(peer, day).messages.total
  assert.ok(one > MESSAGE_ROW_BYTES)
  const allow = (count: number): void =>
    store.volumes.setLimits(peer, { ...NO_LIMITS, [kind]: count * one + MESSAGE_ROW_BYTES / 2 })
  allow(most)
  return { ...started, allow }
}

test('a contact that has sent as much as it may in a day is told so, and goes on the next day by itself', async () => {
  const started = await startLimited('messagesDay', 4)
  const { mallory, texts, told, waits, pass, world } = started
  await say(started, a, 1, 6)
  const full = await mallory.hearUntil('full')
  const rest = 86_400 - (world.now % 86_400)
  assert.deepEqual(full, { k: 'full', s: a, n: 4, code: 'ERR_MESSAGE_DAY', wait: rest })
  assert.equal(texts().length, 4)
  assert.deepEqual(
    told.flatMap((event) => (event.type === 'limited' ? [event.code, event.wait] : [])),
    ['ERR_MESSAGE_DAY', rest],
  )
  // It is looked every minute, as its owner may allow more meanwhile.
  assert.deepEqual(waits(), [60_000])
  for (let left = rest; left > 0; left -= 60) pass(60_000)
  await mallory.hearUntil('ready')
  await say(started, a, 4, 6)
  assert.equal(texts().length, 7)
  started.store.close()
})

test('a contact of whom as much is kept as may be waits until its owner makes room, or allows more', async () => {
  const started = await startLimited('messagesTotal', 3)
  const { mallory, texts, told, pass, allow, store, peer } = started
  await say(started, a, 1, 4)
  assert.deepEqual(await mallory.hearUntil('full'), {
    ...{ k: 'full', s: a, n: 3, code: 'ERR_MESSAGE_TOTAL', wait: null },
  })
  assert.deepEqual(
    told.flatMap((event) => (event.type === 'limited' ? [event.code, event.wait] : [])),
    ['ERR_MESSAGE_TOTAL', null],
  )
  // Another day changes nothing.
  for (let hours = 0; hours < 48; hours++) pass(3_600_000)
  await say(started, a, 3, 4)
  assert.equal(texts().length, 3)
  allow(4)
  pass(60_000)
  await mallory.hearUntil('ready')
  await say(started, a, 3, 4)
  assert.equal(texts().length, 4)
  await mallory.hearUntil('full')
  store.messages.forget(peer, 'handfast', Number.MAX_SAFE_INTEGER)
  pass(60_000)
  await mallory.hearUntil('ready')
  await say(started, a, 4, 4)
  assert.deepEqual(texts(), ['4'])
  started.store.close()
})

test('receipts that come faster than the disk takes them wait in one transaction, each sequence with its last', async () => {
  let transactions = 0
  let disk: Promise<void> = Promise.resolve()
  const started = await startLines({
    hold: () => {
      transactions += 1
      return disk
    },
  })
  const { mallory, bob, write, pump, store, peer } = started
  for (let n = 1; n <= MESSAGE_WINDOW; n++) write('handfast', `${n}`)
  await mallory.say({ k: 'ready' })
  await settle()
  pump()
  let last = await mallory.hearUntil('message')
  const places = new Map([[1, last.c]])
  while (last.n !== MESSAGE_WINDOW) {
    last = await mallory.hearUntil('message')
    places.set(last.n as number, last.c)
  }
  await settle()
  const { promise, resolve } = Promise.withResolvers<void>()
  disk = promise
  transactions = 0
  const got = (n: number) =>
    mallory.say({ k: 'got', s: last.s as Uint8Array, n, c: places.get(n) as Uint8Array, back: [] })
  for (let round = 0; round < 10; round++) for (let n = MESSAGE_WINDOW; n > 0; n--) await got(n)
  await settle()
  assert.equal(transactions, 1)
  resolve()
  await settle()
  // What was sent meanwhile is looked for too.
  assert.ok(transactions <= 6, `${transactions}`)
  const states = store.messages.history(peer, 'handfast', 1e9, 100).map(({ state }) => state)
  assert.deepEqual(new Set(states), new Set(['delivered']))
  await bob.close()
  store.close()
})

test('receipts for more sequences than there can be break the connection, also after the greeting', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  let isSlow = false
  const { mallory, bob } = await startLines({ hold: () => (isSlow ? promise : Promise.resolve()) })
  await mallory.say({ k: 'ready' })
  await settle()
  isSlow = true
  for (let count = 0; count < 300; count++)
    await mallory.say({ k: 'got', s: sequence(`${count}`), ...placeOf(b, 1), back: [] }).catch(() => {})
  const { reason, error } = await bob.closed
  assert.deepEqual([reason, error !== null && 'code' in error && error.code], ['lost', 'ERR_FRAME'])
  resolve()
})
