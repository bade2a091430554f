import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Connection } from '../../src/connection/connection.ts'
import type { Remote } from '../../src/connection/remote.ts'
import { encodeAddress } from '../../src/core/address.ts'
import { equal } from '../../src/core/bytes.ts'
import type { Identity } from '../../src/core/identity.ts'
import { updateLog } from '../../src/core/key-log.ts'
import { CARD_REISSUE } from '../../src/core/limits/protocol-limits.ts'
import type { P256PrivateKey } from '../../src/core/p256.ts'
import type { Peer } from '../../src/peer/peer.ts'
import { alice, bob, codeOf, isSettled, makeWorld, settle } from '../connection/sides.ts'
import { NOW } from '../core/identities.ts'
import { hanging, silent } from '../directory/memory-network.ts'
import { endOf, listenTo, take } from '../messages/told.ts'
import { createTown, type Town } from '../messages/town.ts'

/** Alice and Bob's peers; Bob listens. */
const start = async (t: TestContext) => {
  const town = createTown()
  const [alicePeer, bobPeer] = [town.open(alice), town.open(bob)]
  t.after(() => Promise.all([alicePeer.close(), bobPeer.close()]))
  const listener = await listenTo(bobPeer)
  return { town, alice: alicePeer, bob: bobPeer, listener }
}

type Listening = Awaited<ReturnType<typeof listenTo>>

const meet = async (from: Peer, to: Peer, listener: Listening): Promise<[Connection, Remote]> => {
  const [near, far] = await Promise.all([from.connect(to.address), listener.accept()])
  assert.ok(far !== null)
  return [near, far]
}

const retire = (identity: Identity<P256PrivateKey>): Identity => {
  const { devices } = identity.log.last.entry
  return { ...identity, log: updateLog(identity.log, identity.root, { devices, time: NOW, status: 'retired' }) }
}

test('two peers meet by address alone, know each other, and talk', async (t) => {
  const { alice: a, bob: b, listener } = await start(t)
  const [near, far] = await meet(a, b, listener)
  await a.messages.send(b.address, 'hello')
  assert.deepEqual(await take(b, 1), ['hello'])
  assert.deepEqual([near.remote.address, far.address], [b.address, a.address])
  assert.equal(a.address, encodeAddress(alice.log.id))
  assert.equal(near.remote.safetyNumber, far.safetyNumber)
  assert.equal(listener.publication.accepted, 3)
})

test('§3 trust says how much is known: pinned or unknown, current or stale', async (t) => {
  const { alice: a, bob: b, listener } = await start(t)
  const trustOf = async (): Promise<string[]> => {
    const [near, far] = await meet(a, b, listener)
    return [near.remote, far].map(({ trust }) => `${trust.identity} ${trust.freshness}`)
  }
  assert.deepEqual(await trustOf(), ['pinned current', 'unknown stale'])
  await a.publish()
  assert.deepEqual(await trustOf(), ['pinned current', 'unknown current'])
})

test('two peers that call each other at once have two conversations', async (t) => {
  const { alice: a, bob: b, listener } = await start(t)
  const other = await listenTo(a)
  const [[near, far], [near2, far2]] = await Promise.all([meet(a, b, listener), meet(b, a, other)])
  assert.deepEqual([far.address, far2.address], [a.address, b.address])
  await Promise.all([a.messages.send(b.address, 'one'), b.messages.send(a.address, 'two')])
  assert.deepEqual([await take(b, 1), await take(a, 1)], [['one'], ['two']])
  // Each ends by itself.
  await near.close()
  assert.equal(await isSettled(near2.closed), false)
  await b.messages.send(a.address, 'three')
  assert.deepEqual(await take(a, 1), ['three'])
})

test('connecting says what is wrong', async (t) => {
  const { town, alice: a, bob: b } = await start(t)
  assert.equal(await codeOf(a.connect('hf1nonsense')), 'ERR_ADDRESS_LENGTH')
  assert.equal(await codeOf(a.connect('handfast:nonsense')), 'ERR_ADDRESS_PREFIX')
  assert.equal(await codeOf(a.connect('mailto:bob')), 'ERR_CONTACT')
  assert.equal(await codeOf(a.connect(a.address)), 'ERR_PEER_SELF')
  assert.equal(await codeOf(b.connect(a.address)), 'ERR_LOOKUP_NOT_FOUND')
  await town.publish(alice.log)
  assert.equal(await codeOf(b.connect(a.address)), 'ERR_PEER_NO_CARD')
  await a.publish()
  assert.equal(await codeOf(b.connect(a.address)), 'ERR_CONNECT')
  await town.publish(retire(alice).log)
  assert.equal(await codeOf(b.connect(a.address)), 'ERR_PEER_RETIRED')
  await b.close()
  assert.equal(await codeOf(a.connect(b.address)), 'ERR_CONNECT')
  for (const node of town.directory.nodes) node.behaviour = silent
  assert.equal(await codeOf(a.connect(b.address)), 'ERR_LOOKUP_INCOMPLETE')
})

test('a signal ends connecting wherever it is: before, at the lookup, at the greeting', async (t) => {
  const { town, alice: a, bob: b } = await start(t)
  const reason = new Error('changed my mind')
  await assert.rejects(a.connect(b.address, { signal: AbortSignal.abort(reason) }), reason)
  await assert.rejects(a.lookup(b.address, { signal: AbortSignal.abort(reason) }), reason)

  for (const node of town.directory.nodes) node.behaviour = hanging
  const asking = new AbortController()
  const lookup = a.connect(b.address, { signal: asking.signal })
  assert.equal(await isSettled(lookup), false)
  asking.abort(reason)
  await assert.rejects(lookup, reason)

  for (const node of town.directory.nodes) node.behaviour = null
  const greeting = new AbortController()
  const silentPeer = { ...b.transport, connect: a.transport.connect }
  const connect = a.transport.connect
  const mute = town.open(alice, {
    transport: {
      ...silentPeer,
      connect: async (...args) => {
        const stream = await connect(...args)
        town.transports.pairs.at(-1)?.toNear.hold()
        setImmediate(() => greeting.abort(reason))
        return stream
      },
    },
  })
  await assert.rejects(mute.connect(b.address, { signal: greeting.signal }), reason)

  // Aborted in the very moment the stream is there.
  const sudden = new AbortController()
  const hasty = town.open(alice, {
    transport: {
      ...silentPeer,
      connect: async (...args) => {
        const stream = await connect(...args)
        sudden.abort(reason)
        town.transports.pairs.at(-1)?.toNear.hold()
        return stream
      },
    },
  })
  await assert.rejects(hasty.connect(b.address, { signal: sudden.signal }), reason)
})

test('§3 what a lookup found is the floor from then on', async (t) => {
  const { alice: a, bob: b } = await start(t)
  const found = await a.lookup(b.address)
  assert.equal(found.freshness, 'current')
  const floor = a.store.floors.get(bob.log.id)
  assert.deepEqual([floor?.seq, floor?.devices[0]?.serial], [0, found.card?.card.serial])
  assert.ok(floor !== null && equal(floor.head, bob.log.last.hash))
})

test('§3 a card is issued anew every six hours, and after a failure the next one is', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const town = createTown()
  const world = makeWorld('bob')
  const b = town.open(bob, { world })
  t.after(() => b.close())
  await b.listen()
  const a = town.open(alice, { world })
  const first = (await a.lookup(b.address)).card?.card
  for (const fails of [true, false]) {
    world.now += CARD_REISSUE
    town.directory.now = world.now
    for (const node of town.directory.nodes) node.behaviour = fails ? silent : null
    t.mock.timers.tick(CARD_REISSUE * 1000)
    await settle()
  }
  const reissued = (await a.lookup(b.address)).card?.card
  assert.ok(first !== undefined && reissued !== undefined)
  // The first of those after the second round: the clock's jump may have been a reason for another.
  assert.ok(reissued.serial >= first.serial + 2 * CARD_REISSUE * 1000)
  assert.notDeepEqual(reissued.spk, first.spk)
})

test('listening twice is listening once; a failure can be tried again', async (t) => {
  const town = createTown()
  const b = town.open(bob)
  t.after(() => b.close())
  for (const node of town.directory.nodes) node.behaviour = silent
  assert.equal(await codeOf(b.listen()), 'ERR_PUBLISH_REFUSED')
  for (const node of town.directory.nodes) node.behaviour = null
  const [one, two] = await Promise.all([b.listen(), b.listen()])
  assert.equal(one, two)
  const listener = await listenTo(b)
  const [near] = await Promise.all([town.open(alice).connect(b.address), listener.accept()])
  await near.close()
})

test('closing says goodbye to everyone, ends every wait and every loop, and happens once', async (t) => {
  const town = createTown()
  const release = t.mock.fn(async () => {})
  const [a, b] = [town.open(alice), town.open(bob, { release })]
  t.after(() => a.close())
  const listener = await listenTo(b)
  const [near] = await meet(a, b, listener)
  const [second] = await meet(a, b, listener)
  const loops = [b.messages, b.messages.incoming({ from: a.address }), b.files, b.serve('chess/1')].map((loop) =>
    Array.fromAsync<unknown>(loop),
  )
  const events = Array.fromAsync(b.events())
  const receiving = b.messages.receive()
  for (const node of town.directory.nodes) node.behaviour = hanging
  const pending = [codeOf(b.connect(a.address)), codeOf(b.lookup(a.address))]
  await settle()
  await Promise.all([b.close(), b.close()])
  assert.deepEqual(await Promise.all([near, second].map(endOf)), ['left', 'left'])
  assert.deepEqual(await Promise.all(pending), ['ERR_PEER_CLOSED', 'ERR_PEER_CLOSED'])
  assert.deepEqual(await Promise.all(loops), [[], [], [], []])
  assert.equal(await receiving, null)
  // What ends a loop is told in it before.
  assert.deepEqual(
    (await events).map((event) => [event.type, 'reason' in event && event.reason]),
    [
      ['disconnected', 'closed'],
      ['disconnected', 'closed'],
    ],
  )
  assert.equal(await listener.accept(), null)
  assert.equal(release.mock.callCount(), 1)
  for (const work of [b.connect(a.address), b.lookup(a.address), b.publish()])
    assert.equal(await codeOf(work), 'ERR_PEER_CLOSED')
  // A loop that begins now has nothing to tell.
  for (const loop of [b.events(), b.messages, b.messages.incoming({ from: 'Carol' }), b.files, b.serve('chess/1')])
    assert.deepEqual(await Array.fromAsync<unknown>(loop), [])
})

test('closing while listening begins leaves no timer behind', async (t) => {
  const town: Town = createTown()
  const began = Promise.withResolvers<void>()
  const transport = town.transports.add(new Uint8Array(32))
  const b = town.open(bob, {
    transport: {
      ...transport,
      listen: async () => {
        const streams = await transport.listen()
        await began.promise
        return streams
      },
    },
  })
  const timers = t.mock.method(globalThis, 'setTimeout')
  const listening = codeOf(b.listen())
  await settle()
  await b.close()
  began.resolve()
  assert.equal(await listening, 'ERR_PEER_CLOSED')
  // Rounds of hours; other things wait for seconds.
  const rounds = timers.mock.calls.filter(({ arguments: [, delay = 0] }) => delay > CARD_REISSUE * 500)
  assert.equal(rounds.length, 0)
})
