import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeCbor } from '../../src/core/cbor.ts'
import { MESSAGE_WINDOW, UNKNOWN_APPLICATION_MESSAGES_MAX } from '../../src/core/limits/message-limits.ts'
import { settle } from '../connection/sides.ts'
import { message, sequence, startLines } from './lines-alone.ts'
import { endOf } from './told.ts'

/** What Mallory says of her messages, on a line of Bob's. */

const [a, b, c] = [sequence('a'), sequence('b'), sequence('c')]
const UNKNOWN = 'chess'
const FULL = UNKNOWN_APPLICATION_MESSAGES_MAX

const upTo = (count: number): string[] => Array.from({ length: count }, (_, index) => `${index + 1}`)

/** She has filled what Bob has room for of an application that he does not have. */
const startFull = async () => {
  const started = await startLines()
  await started.mallory.hearUntil('ready')
  for (let n = 1; n <= FULL + 3; n++) await started.mallory.say(message(a, n, { app: UNKNOWN }))
  const full = await started.mallory.hearUntil('full')
  return { ...started, full }
}

test('what there is no room for is refused with all that follows it, and the other sequences go on', async () => {
  const { mallory, full, texts } = await startFull()
  assert.deepEqual([full.s, full.n], [a, FULL + 1])
  // Saying it again before there is room changes nothing, and has Bob say nothing.
  for (let count = 0; count < 3; count++) await mallory.say(message(a, FULL + 1, { app: UNKNOWN }))
  await mallory.say(message(b, 1))
  assert.deepEqual(await mallory.hear(), { k: 'got', s: b, n: 1 })
  assert.deepEqual([texts(UNKNOWN), texts()], [upTo(FULL), ['1']])
})

test('when there is room again the sequence begins with what was refused; what was on its way before is passed over', async () => {
  const { mallory, bob, takeOne, texts } = await startFull()
  await takeOne(UNKNOWN)
  await takeOne(UNKNOWN)
  await mallory.hearUntil('ready')
  // On its way before she heard that there was no room.
  await mallory.say(message(a, FULL + 4, { app: UNKNOWN }))
  await settle()
  assert.deepEqual(texts(UNKNOWN), upTo(FULL))
  for (const n of [FULL + 1, FULL + 2]) await mallory.say(message(a, n, { app: UNKNOWN }))
  await settle()
  assert.deepEqual(texts(UNKNOWN), upTo(FULL + 2))
  await bob.close()
})

test('it goes on as well when what was refused came by another way, or was given up', async () => {
  for (const [name, before, n] of [
    ['came by mailbox', FULL + 1, FULL + 2],
    ['was given up', FULL, FULL + 3],
  ] as const) {
    const { mallory, peer, store, takeOne, texts } = await startFull()
    for (let count = 0; count < 3; count++) await takeOne(UNKNOWN)
    await mallory.hearUntil('ready')
    if (name === 'came by mailbox') {
      const place = { sequence: a, app: UNKNOWN, number: FULL + 1, before: FULL }
      store.messages.receive(peer, place, 0, encodeCbor({ text: 'x' }))
    }
    await mallory.say(message(a, n, { app: UNKNOWN, p: before }))
    await settle()
    assert.equal(texts(UNKNOWN).at(-1), `${n}`, name)
  }
})

test('a message that follows none of those that are here breaks the connection, as does one of another application', async () => {
  for (const wrong of [message(a, 3), message(a, 2, { app: 'chess' }), message(a, 2, { body: encodeCbor({ x: 1 }) })]) {
    const { mallory, bob, texts } = await startLines()
    await mallory.say(message(a, 1))
    await mallory.hearUntil('got')
    await mallory.say(wrong)
    assert.equal(await endOf(bob), 'ERR_FRAME')
    assert.deepEqual([texts(), texts('chess')], [['1'], []])
  }
})

test('64 may be on their way, of all sequences together: one more breaks the connection', async () => {
  for (const surplus of [0, 1]) {
    const disk = Promise.withResolvers<void>()
    let first = true
    const hold = (): Promise<void> => {
      const now = first ? Promise.resolve() : disk.promise
      first = false
      return now
    }
    const { mallory, bob, texts } = await startLines({ hold })
    await mallory.say(message(c, 1))
    await mallory.hearUntil('got')
    // The disk takes this one, and keeps it waiting.
    await mallory.say(message(c, 2))
    await settle()
    for (let n = 1; n <= MESSAGE_WINDOW / 2; n++) for (const s of [a, b]) await mallory.say(message(s, n))
    if (surplus > 0) await mallory.say(message(c, 3))
    await settle()
    if (surplus > 0) assert.equal(await endOf(bob), 'ERR_FRAME')
    else {
      disk.resolve()
      await mallory.hearUntil('got')
      await settle()
      assert.equal(texts().length, MESSAGE_WINDOW + 2)
    }
  }
})

test('nobody is told of room that there is not, nor twice', async () => {
  const { mallory, takeOne, store } = await startFull()
  // There is room for others, and what he takes is of another application.
  await mallory.say(message(b, 1))
  await mallory.hearUntil('got')
  await takeOne()
  await takeOne(UNKNOWN)
  await takeOne(UNKNOWN)
  const said: unknown[] = []
  await mallory.say(message(b, 2))
  for (let one = await mallory.hear(); one !== null; one = await mallory.hear()) {
    said.push(one.k)
    if (one.k === 'got') break
  }
  assert.deepEqual(said, ['ready', 'got'])
  store.close()
})
