import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EVENTS_EARLY_MAX, EVENTS_LATE_MAX, EVENTS_WAITING_MAX } from '../../src/core/limits/connection-limits.ts'
import type { Message } from '../../src/messages/message.ts'
import type { KeptMessages } from '../../src/messages/message-api.ts'
import { createEventBus } from '../../src/peer/event-bus.ts'
import type { PeerEvent } from '../../src/peer/peer-events.ts'
import { isSettled } from '../connection/sides.ts'
import { NETWORK } from '../network/states.ts'

/** Events on their way to those who loop over them. */

const event = (nodes: number): PeerEvent => ({ type: 'network', ...NETWORK, nodes })
const messageOf = (id: number): Message => ({
  ...{ id, peer: 'hf1bob', from: 'hf1bob', direction: 'in', app: 'handfast', sentAt: 0 },
  ...{ hash: '', state: 'arrived', reason: null, exposed: false, text: `${id}` },
})
const arrived = (id: number): PeerEvent => ({ type: 'message', message: messageOf(id) })
const sent = (id: number): PeerEvent => ({ type: 'delivery', message: { ...messageOf(id), state: 'sent' } })

/** A disk with these messages: all came, none is taken. */
const diskOf = (...ids: number[]) => {
  const read: number[] = []
  const messages = new Set(ids)
  const kept: KeptMessages = {
    latest: () => Math.max(0, ...messages),
    came: ({ after, upTo }) => {
      for (let id = after + 1; id <= upTo; id++) {
        if (!messages.has(id)) continue
        read.push(id)
        return messageOf(id)
      }
      return null
    },
    sent: (id) => {
      read.push(id)
      return messageOf(id)
    },
  }
  return { kept, read, messages }
}
const NONE = diskOf().kept

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

test('of what nobody has heard the latest 1,000 are kept, and how many were left out; no messages: those are on disk', async () => {
  const bus = createEventBus()
  for (const number of upTo(EVENTS_EARLY_MAX + 10)) {
    bus.emit(event(number))
    bus.emit(arrived(number + 1))
  }
  const loop = bus.loop(NONE, undefined)
  bus.close()
  assert.deepEqual(await numbers(loop), ['missed', ...upTo(EVENTS_EARLY_MAX + 10).slice(10)])
})

test('messages that are not taken come first, and none of them a second time when it is told late', async () => {
  const bus = createEventBus()
  const { kept, messages } = diskOf(2, 3)
  const loops = [1, 2].map(() => numbers(bus.loop(kept, undefined)))
  messages.add(4)
  for (const id of [3, 4]) bus.emit(arrived(id))
  await isSettled(Promise.all(loops))
  bus.close()
  assert.deepEqual(await Promise.all(loops), [
    [2, 3, 4],
    [2, 3, 4],
  ])
})

test('a loop that stands still keeps no message in memory, and gets every one of them when it goes on', async () => {
  const bus = createEventBus()
  const { kept, read, messages } = diskOf()
  const loop = bus.loop(kept, undefined)
  const count = 3 * EVENTS_WAITING_MAX
  for (const id of upTo(count)) {
    messages.add(id + 1)
    bus.emit(event(id))
    bus.emit(arrived(id + 1))
  }
  assert.deepEqual(read, [])
  const told: PeerEvent[] = []
  for await (const one of loop) {
    told.push(one)
    if (one.type === 'message' && one.message.id === count) break
  }
  assert.deepEqual(read, [...messages])
  const missed = told.reduce((sum, one) => sum + (one.type === 'missed' ? one.events : 0), 0)
  assert.equal(told.filter(({ type }) => type === 'network').length + missed, count)
  assert.equal(told[0]?.type, 'missed')
})

test('a loop that is far behind is told how many were left out, and the others go on', async () => {
  const bus = createEventBus()
  const slow = bus.loop(NONE, undefined)
  const quick = numbers(bus.loop(NONE, undefined))
  for (const number of upTo(EVENTS_WAITING_MAX + 5)) {
    bus.emit(event(number))
    if (number % 1_000 === 0) await isSettled(quick)
  }
  await isSettled(quick)
  bus.close()
  assert.deepEqual(await numbers(slow), ['missed', ...upTo(EVENTS_WAITING_MAX + 5).slice(5)])
  assert.deepEqual(await quick, upTo(EVENTS_WAITING_MAX + 5))
})

test('what became of our own messages is read when the loop comes to it, as it was then; at the end as much of it as memory is worth', async () => {
  const bus = createEventBus()
  const { kept, read } = diskOf()
  const loop = bus.loop(kept, undefined)
  bus.emit(sent(1))
  assert.deepEqual(read, [])
  assert.deepEqual((await loop.next()).value, sent(1))
  const more = 3
  for (const id of upTo(EVENTS_LATE_MAX + more)) bus.emit(sent(id))
  bus.close()
  // The disk is closed from here on.
  const before = read.length
  const told: PeerEvent[] = []
  for await (const one of loop) told.push(one)
  assert.equal(read.length, before)
  assert.deepEqual(told, [...upTo(EVENTS_LATE_MAX).map(sent), { type: 'missed', events: more }])
})

test('a signal ends a loop before it begins, among the first messages, and while it waits', async () => {
  const bus = createEventBus()
  const { kept } = diskOf(1, 2)
  assert.deepEqual(await numbers(bus.loop(kept, AbortSignal.abort())), [])
  const amid = new AbortController()
  const told: unknown[] = []
  for await (const one of bus.loop(kept, amid.signal)) {
    told.push(one)
    amid.abort()
  }
  assert.deepEqual(told, [arrived(1)])
  const waiting = new AbortController()
  const loop = numbers(bus.loop(kept, waiting.signal))
  assert.equal(await isSettled(loop), false)
  waiting.abort(new Error('enough'))
  bus.emit(event(5))
  assert.deepEqual(await loop, [1, 2])
})
