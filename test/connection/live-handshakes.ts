import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Identity } from '../../src/core/identity.ts'
import type { Transport } from '../../src/network/transport.ts'
import type { Peer } from '../../src/peer/peer.ts'
import { listenTo, said } from '../messages/told.ts'
import { createTown, type Town, transportKeyOf } from '../messages/town.ts'
import type { MemoryPair } from './memory-transport.ts'
import { alice, bob, isSettled, settle } from './sides.ts'

/** Whole peers whose handshakes a test can hold back and look at. */

/** A transport that shows every stream it opens before anything is said on it. */
export const showing = (town: Town, identity: Identity, onOpened: (pair: MemoryPair) => void): Transport => {
  const transport = town.transports.add(transportKeyOf(identity))
  const connect: Transport['connect'] = async (...args) => {
    const stream = await transport.connect(...args)
    const pair = town.transports.pairs.find(({ near }) => near === stream)
    assert.ok(pair !== undefined)
    onOpened(pair)
    return stream
  }
  return { ...transport, connect }
}

/** Alice and Bob, who listen. */
export const start = async (t: TestContext, onOpened: (pair: MemoryPair) => void = () => {}) => {
  const town = createTown()
  const open = (identity: Identity) => town.open(identity, { transport: showing(town, identity, onOpened) })
  const [a, b] = [open(alice), open(bob)]
  t.after(() => Promise.all([a.close(), b.close()]))
  const [ofAlice, ofBob] = await Promise.all([listenTo(a), listenTo(b)])
  return { town, a, b, ofAlice, ofBob }
}

/** The steps of a handshake: who sends, and how many frames of that side come before. */
export const STEPS: readonly (readonly [string, 'toFar' | 'toNear', number])[] = [
  ['open', 'toFar', 0],
  ['card', 'toNear', 0],
  ['hello', 'toFar', 1],
  ['the responder’s confirmation', 'toNear', 1],
  ['the initiator’s confirmation', 'toFar', 2],
]

/** The wire passes `count` frames and holds back what follows them. */
export const holdAfter = (pair: MemoryPair, direction: 'toFar' | 'toNear', count: number): void => {
  const wire = pair[direction]
  let passed = 0
  if (count === 0) wire.hold()
  wire.rewrite = (frame) => {
    passed += 1
    if (passed === count) wire.hold()
    return [frame]
  }
}

export const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await settle()
}

/** Both sides have exactly these messages of the other, and nothing more is on its way. */
export const haveExactly = async (a: Peer, b: Peer, fromAlice: readonly string[], fromBob: readonly string[]) => {
  const received = (peer: Peer, from: Peer) =>
    peer.messages
      .history(from.address, { limit: 1000 })
      .filter(({ direction }) => direction === 'in')
      .map(said)
  await settle()
  assert.deepEqual([received(b, a), received(a, b)], [fromAlice, fromBob])
  assert.equal(await isSettled(a.messages.receive()), false)
  assert.equal(await isSettled(b.messages.receive()), false)
}
