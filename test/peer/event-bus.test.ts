import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EVENTS_EARLY_MAX, EVENTS_WAITING_MAX } from '../../src/core/limits/connection-limits.ts'
import type { Message } from '../../src/messages/message.ts'
import type { Untaken } from '../../src/messages/message-api.ts'
import { createEventBus } from '../../src/peer/event-bus.ts'
import type { PeerEvent } from '../../src/peer/peer-events.ts'
import { codeOf, isSettled } from '../connection/sides.ts'

/** Events on their way to those who loop over them. */

const NONE: Untaken = { upTo: 0, messages: [] }
const event = (nodes: number): PeerEvent => ({ type: 'network', online: true, nodes, port: 1 })
const messageOf = (id: number): Message => ({
  ...{ id, peer: 'hf1bob', from: 'hf1bob', direction: 'in', app: 'handfast', sentAt: 0 },
  ...{ hash: '', state: 'arrived', reason: null, exposed: false, text: `${id}` },
})
const arrived = (id: number): PeerEvent => ({ type: 'message', message: messageOf(id) })

/** What a loop tells, by the number of each event or the id of each message. */
const numbers = async (events: AsyncIterable<PeerEvent>): Promise<unknown[]> => {
  const told: unknown[] = []
  for await (const one of events)
    told.push(one.type === 'network' ? one.nodes : one.type === 'message' ? one.message.id : one.type)
  return told
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

test('what nobody has heard is told to the first loop alone, and from then on everybody is told the same', async () => {
  const bus = createEventBus([{ type: 'created', address: 'hf1me' }])
  bus.emit(event(1))
  const first = numbers(bus.loop(NONE, undefined))
  bus.emit(event(2))
  const second = numbers(bus.loop(NONE, undefined))
  bus.emit(event(3))
  bus.close()
  assert.deepEqual(await Promise.all([first, second]), [['created', 1, 2, 3], [3]])
})

test('of what nobody has heard the latest 1,000 are kept, and no messages: those are on disk', async () => {
  const bus = createEventBus()
  for (const number of upTo(EVENTS_EARLY_MAX + 10)) {
    bus.emit(event(number))
    bus.emit(arrived(number + 1))
  }
  const loop = bus.loop(NONE, undefined)
  bus.close()
  assert.deepEqual(await numbers(loop), upTo(EVENTS_EARLY_MAX + 10).slice(10))
})

test('messages that are not taken come first, and none of them a second time when it is told late', async () => {
  const bus = createEventBus()
  const loops = [1, 2].map(() => bus.loop({ upTo: 3, messages: [messageOf(2), messageOf(3)] }, undefined))
  for (const id of [3, 4]) bus.emit(arrived(id))
  bus.close()
  assert.deepEqual(await Promise.all(loops.map(numbers)), [
    [2, 3, 4],
    [2, 3, 4],
  ])
})

test('a loop that is 10,000 events behind tells those and ends; the others go on', async () => {
  const bus = createEventBus()
  const slow = bus.loop(NONE, undefined)
  const quick = bus.loop(NONE, undefined)
  const heard: unknown[] = []
  const hearing = (async () => {
    for await (const one of quick) heard.push(one)
  })()
  for (const number of upTo(EVENTS_WAITING_MAX + 1)) {
    bus.emit(event(number))
    if (number % 1_000 === 0) await isSettled(hearing)
  }
  const told: unknown[] = []
  const ended = (async () => {
    for await (const one of slow) {
      told.push(one)
      // There is room again, but what came between is lost.
      bus.emit(event(-1))
    }
  })()
  assert.equal(await codeOf(ended), 'ERR_PEER_EVENTS')
  assert.deepEqual(told, upTo(EVENTS_WAITING_MAX).map(event))
  bus.close()
  await hearing
  assert.equal(heard.length, 2 * EVENTS_WAITING_MAX + 1)
})

test('a signal ends a loop before it begins, among the first messages, and while it waits', async () => {
  const bus = createEventBus()
  const untaken = { upTo: 2, messages: [messageOf(1), messageOf(2)] }
  assert.deepEqual(await numbers(bus.loop(untaken, AbortSignal.abort())), [])
  const amid = new AbortController()
  const told: unknown[] = []
  for await (const one of bus.loop(untaken, amid.signal)) {
    told.push(one)
    amid.abort()
  }
  assert.deepEqual(told, [arrived(1)])
  const waiting = new AbortController()
  const loop = numbers(bus.loop(untaken, waiting.signal))
  assert.equal(await isSettled(loop), false)
  waiting.abort(new Error('enough'))
  bus.emit(event(5))
  assert.deepEqual(await loop, [1, 2])
})
