import assert from 'node:assert/strict'
import { test } from 'node:test'
import { equal } from '../../src/core/bytes.ts'
import type { Message } from '../../src/messages/message.ts'
import type { KeptMessages } from '../../src/messages/message-api.ts'
import { createEventBus } from '../../src/peer/event-bus.ts'
import type { PeerEvent } from '../../src/peer/peer-events.ts'
import { isSettled } from '../connection/sides.ts'

/** Messages of strangers are passed over by a loop until their sender is let in, and are told then: each once, and in order. */

const ALICE = Uint8Array.of(1)
const MALLORY = Uint8Array.of(2)

const messageOf = (id: number): Message => ({
  ...{ id, peer: 'hf1bob', from: 'hf1bob', direction: 'in', app: 'handfast', sentAt: 0 },
  ...{ hash: '', state: 'arrived', reason: null, exposed: false, text: 'text' },
})

/** A disk to which messages come; who is let in is told. */
const createDisk = () => {
  const bus = createEventBus()
  const senders = new Map<number, Uint8Array>()
  const letIn = new Set<Uint8Array>([ALICE])
  const kept: KeptMessages = {
    latest: () => Math.max(0, ...senders.keys()),
    came: (which) => {
      const isMeant = ([id, sender]: [number, Uint8Array]): boolean =>
        id > which.after &&
        id <= which.upTo &&
        letIn.has(sender) &&
        (!which.untaken || which.peer === null || equal(which.peer, sender))
      const [id] = [...senders].find(isMeant) ?? []
      return id === undefined ? null : messageOf(id)
    },
    sent: messageOf,
  }
  return {
    bus,
    kept,
    come: (id: number, sender: Uint8Array) => {
      senders.set(id, sender)
      if (letIn.has(sender)) bus.emit({ type: 'message', message: messageOf(id) })
    },
    letIn: (sender: Uint8Array) => {
      letIn.add(sender)
      bus.letIn(sender)
    },
  }
}

const idsOf = async (events: AsyncIterable<PeerEvent>): Promise<readonly number[]> => {
  const told: number[] = []
  for await (const one of events) if (one.type === 'message') told.push(one.message.id)
  return told
}

test('a loop that kept up tells what it passed over, one that stood still tells all in the order in which it came', async () => {
  const { bus, kept, come, letIn } = createDisk()
  come(1, MALLORY)
  come(2, ALICE)
  const quick = idsOf(bus.loop(kept, undefined))
  const slow = bus.loop(kept, undefined)
  come(3, MALLORY)
  come(4, ALICE)
  come(5, MALLORY)
  assert.equal(await isSettled(quick), false)
  letIn(MALLORY)
  come(6, MALLORY)
  come(7, ALICE)
  // It was on disk when its sender was let in, and is told a moment later.
  bus.emit({ type: 'message', message: messageOf(5) })
  const behind = idsOf(slow)
  assert.equal(await isSettled(Promise.all([quick, behind])), false)
  bus.close()
  assert.deepEqual(await quick, [2, 4, 1, 3, 5, 6, 7])
  assert.deepEqual(await behind, [1, 2, 3, 4, 5, 6, 7])
})

test('a loop that is halfway tells what it passed over first, and then what it has not come to', async () => {
  const { bus, kept, come, letIn } = createDisk()
  for (const [id, sender] of [MALLORY, ALICE, MALLORY, ALICE].entries()) come(id + 1, sender)
  const loop = bus.loop(kept, undefined)
  const { value: first } = await loop.next()
  assert.ok(first?.type === 'message' && first.message.id === 2)
  letIn(MALLORY)
  const rest = idsOf(loop)
  assert.equal(await isSettled(rest), false)
  bus.close()
  assert.deepEqual(await rest, [1, 3, 4])
})

test('requests that wait are told to the first loop alone, once each', async () => {
  const bus = createEventBus()
  const { kept } = createDisk()
  const request = {
    ...{ id: 1, address: 'hf1mallory', safetyNumber: '1', since: 0, connected: true, messages: 0 },
    trust: { identity: 'unknown', freshness: 'current', reason: '' },
  } as const
  const event = { type: 'request', request, waiting: 1 } as const
  bus.emit(event)
  const loops = [1, 2].map(() => Array.fromAsync(bus.loop(kept, undefined, () => [event])))
  assert.equal(await isSettled(Promise.all(loops)), false)
  bus.close()
  assert.deepEqual(await Promise.all(loops), [[event], []])
})
