import assert from 'node:assert/strict'
import { test } from 'node:test'
import { REPAIRS_A_DAY } from '../../src/core/limits/message-limits.ts'
import { createRepair } from '../../src/messages/repair.ts'
import { openStore } from '../../src/store/store.ts'
import { makeWorld, settle, startWithMallory } from '../connection/sides.ts'
import { makeBytes } from '../core/identities.ts'
import { startLines } from './lines-alone.ts'
import { written } from './written.ts'

/** What becomes of messages that the other side had, by what it says now (docs/spec/messages.md §5). */

const own = makeBytes('own', 32)
const peer = makeBytes('peer', 32)
const PAIR = { own: makeBytes('device/own', 16), device: makeBytes('device/theirs', 16) }

const start = (count: number) => {
  const store = openStore(null)
  const world = makeWorld('repair')
  const { messages } = store
  const repair = createRepair({ own, messages, world })
  const write = (text: string): void => {
    const about = { at: world.clock(), r: world.random(16) }
    messages.queue(written({ from: own, to: peer, app: 'handfast' }, text, about))
  }
  store.transaction(() => {
    for (let n = 1; n <= count; n++) write(`${n}`)
  })
  /** Where message `n` is in the sequence that is written in. */
  const receipt = (n: number) => {
    const [one] = messages.sequences(peer, PAIR)
    assert.ok(one)
    const place = messages.placeAt(peer, one.sequence, n)
    assert.ok(place)
    return { s: one.sequence, n, c: place.c, back: [] }
  }
  /** Everything that waits, some at a time. */
  const place = (): void =>
    store.transaction(() => {
      for (let turn = 0; turn <= count / 100; turn++) repair.place(peer, PAIR)
    })
  const hear = (receipts: readonly ReturnType<typeof receipt>[], fresh: boolean, except = new Set<number>()) =>
    store.transaction(() => repair.hear(peer, PAIR, { receipts, fresh, except }))
  const states = () => messages.history(peer, 'handfast', 1e9, 1e4).map(({ state }) => state)
  return { store, world, write, place, receipt, hear, states }
}

const amount = (states: readonly string[], wanted: string): number => states.filter((state) => state === wanted).length

test('a folder that goes back again and again has no more than so many messages sent again on a day', () => {
  const { store, world, place, receipt, hear, states } = start(REPAIRS_A_DAY + 5)
  place()
  const first = receipt(1)
  hear([receipt(REPAIRS_A_DAY + 5)], false)
  assert.equal(amount(states(), 'delivered'), REPAIRS_A_DAY + 5)
  const { again, gone } = hear([first], true)
  assert.deepEqual([again, gone, amount(states(), 'sent')], [REPAIRS_A_DAY, 4, REPAIRS_A_DAY])
  // What is gone comes another day, should the folder that had it not come back.
  world.now += 86_400
  assert.equal(hear([first], true).again, 4)
  store.close()
})

test('what was written before all that is proven is gone, and told once; what comes back is delivered', () => {
  const { store, place, receipt, hear, states, write } = start(2)
  place()
  const first = receipt(2)
  hear([first], false)
  const lost = hear([], true)
  assert.deepEqual([lost.gone, lost.again, states()], [2, 0, ['gone', 'gone']])
  assert.deepEqual([hear([], true).gone, states()], [0, ['gone', 'gone']])
  write('3')
  place()
  // She has what was said to nobody else: that proves nothing about what was said before.
  hear([receipt(1)], false)
  assert.deepEqual([hear([receipt(1)], true).again, states()], [0, ['gone', 'gone', 'delivered']])
  hear([first, receipt(1)], true)
  assert.deepEqual(states(), ['delivered', 'delivered', 'delivered'])
  store.close()
})

test('nothing is concluded of messages that are older than a month', () => {
  const { store, world, place, receipt, hear, states } = start(2)
  place()
  hear([receipt(2)], false)
  world.now += 31 * 86_400
  hear([], true)
  assert.deepEqual(states(), ['delivered', 'delivered'])
  store.close()
})

test('what was confirmed on another line while a greeting was on its way is not held against that', async () => {
  const { lines, mallory, write, store, peer: her } = await startLines()
  write('handfast', 'hello')
  const states = () => store.messages.history(her, 'handfast', 1e9, 10).map(({ state }) => state)
  // She greets on the second line, and this is on its way while she confirms on the first.
  const second = await startWithMallory([lines.service])
  await mallory.say({ k: 'ready' })
  const { s, n, c } = (await mallory.hearUntil('message')) as { s: Uint8Array; n: number; c: Uint8Array }
  await mallory.say({ k: 'got', s, n, c, back: [] })
  await settle()
  assert.deepEqual(states(), ['delivered'])
  await second.mallory.say({ k: 'ready' })
  for (let turn = 0; turn < 5; turn++) await settle()
  assert.deepEqual(states(), ['delivered'])
  // A later one says that she has lost it.
  const third = await startWithMallory([lines.service])
  await third.mallory.say({ k: 'ready' })
  for (let turn = 0; turn < 5; turn++) await settle()
  assert.deepEqual(states(), ['gone'])
})

test('who called greets when it was greeted, and not before', async () => {
  const { lines, peer: her } = await startLines()
  const said: unknown[] = []
  const line = {
    ...{ peer: her, isCaller: true, remote: {} as never, device: { sign: new Uint8Array(33), dh: new Uint8Array(33) } },
    say: async (payload: unknown) => void said.push(payload),
    ...{ sendChunk: async () => {}, end: assert.fail },
  }
  const handler = lines.service.attach(line)
  await settle()
  assert.deepEqual(said, [])
  handler.handle({ k: 'ready' })
  handler.handle({ k: 'ready' })
  assert.deepEqual(said, [{ k: 'ready' }])
})
