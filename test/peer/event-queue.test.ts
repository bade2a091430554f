import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEventQueue, type EventQueue, type Waiting } from '../../src/peer/event-queue.ts'
import { PEER, remoteOf, transferOf } from '../cli/chat/happenings.ts'
import { NETWORK } from '../network/states.ts'

/** What waits for one loop. */

const MOST = 10

const connected: Waiting = { type: 'connected', remote: remoteOf() }
const disconnected: Waiting = { type: 'disconnected', remote: remoteOf(), reason: 'left', error: null }
const forked: Waiting = { type: 'forked', address: PEER }
const network = (nodes: number): Waiting => ({ type: 'network', ...NETWORK, nodes })
const came = (after: number, upTo: number): Waiting => ({ type: 'came', after, upTo })
const file = (id: number, done: number, state: 'receiving' | 'waiting' | 'saved' = 'receiving'): Waiting => ({
  type: 'file',
  transfer: transferOf(id, { direction: 'in', state, done }),
})

const fill = (...events: readonly Waiting[]): EventQueue => {
  const queue = createEventQueue()
  for (const event of events) queue.put(event, MOST)
  return queue
}

const rest = (queue: EventQueue): Waiting[] => {
  const taken: Waiting[] = []
  for (let event = queue.take(); event !== null; event = queue.take()) taken.push(event)
  assert.equal(queue.size, 0)
  return taken
}

test('events come in their order', () => {
  const events = [connected, forked, network(1), disconnected, network(2), file(1, 0)]
  const queue = fill(...events)
  assert.equal(queue.size, events.length)
  assert.deepEqual(rest(queue), events)
})

test('strangers who come and go push out news of that, and no warning: the oldest of what there is most of gives way', () => {
  const crowd = Array.from({ length: 1_000 }, () => [connected, disconnected]).flat()
  const queue = fill(forked, network(1), ...crowd)
  assert.equal(queue.size, MOST)
  const [missed, ...told] = rest(queue)
  assert.deepEqual(missed, { type: 'missed', events: crowd.length - (MOST - 2) })
  assert.deepEqual(told, [forked, network(1), ...crowd.slice(-(MOST - 2))])
})

test('how many were left out is told before what comes next, each time', () => {
  const queue = fill(...Array.from({ length: MOST + 1 }, (_, index) => network(index)))
  assert.deepEqual([queue.take(), queue.take()], [{ type: 'missed', events: 1 }, network(1)])
  for (const index of [11, 12, 13]) queue.put(network(index), MOST)
  assert.deepEqual([queue.take(), queue.take()], [{ type: 'missed', events: 2 }, network(4)])
})

test('messages in a row are one entry, and none is ever left out, whatever happens between them', () => {
  assert.deepEqual(rest(fill(came(0, 1), came(1, 2), forked, came(2, 5))), [came(0, 2), forked, came(2, 5)])
  const queue = createEventQueue()
  for (let id = 1; id <= 1_000; id++) {
    queue.put(came(id - 1, id), MOST)
    queue.put(id % 2 === 0 ? connected : disconnected, MOST)
  }
  assert.equal(queue.size, MOST)
  let last = 0
  for (const event of rest(queue)) {
    if (event.type !== 'came') continue
    assert.equal(event.after, last)
    last = event.upTo
  }
  assert.equal(last, 1_000)
})

test('of a file that goes on the latest step waits, in the place of the first, and each of its states', () => {
  const steps = [file(1, 1), file(2, 1), file(1, 2), file(1, 2, 'waiting'), file(1, 2), file(1, 3), file(2, 9)]
  const queue = fill(...steps, file(1, 4, 'saved'))
  assert.deepEqual(rest(queue), [file(1, 2), file(2, 9), file(1, 2, 'waiting'), file(1, 3), file(1, 4, 'saved')])
  // What was told does not take in what follows.
  queue.put(file(1, 1), MOST)
  assert.deepEqual(queue.take(), file(1, 1))
  queue.put(file(1, 2), MOST)
  assert.deepEqual(rest(queue), [file(1, 2)])
})
