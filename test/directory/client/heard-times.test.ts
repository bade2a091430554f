import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DirectoryError } from '../../../src/core/errors.ts'
import { encodeGet } from '../../../src/directory/client/get-requests.ts'
import {
  askTimes,
  type ClockReading,
  hearTimes,
  holdClock,
  NOTHING_HEARD,
} from '../../../src/directory/client/heard-times.ts'
import { publish } from '../../../src/directory/client/publish.ts'
import { CLOCK_BOUND, CLOCK_NETWORKS } from '../../../src/directory/limits.ts'
import { COMMAND } from '../../../src/directory/request-format.ts'
import { makeWorld } from '../../connection/sides.ts'
import { failsWith, makeIdentity, makePrekeys, NOW, publishCard } from '../../core/identities.ts'
import { runs } from '../../runs.ts'
import { createMemoryNetwork, type MemoryNetwork, type MemoryNode, silent } from '../memory-network.ts'
import { rewriting } from './liars.ts'

/** What nodes say of the time, and what a liar among them can do with that: nothing but refuse. */

const DAY = 86_400
const alice = makeIdentity('Alice')
const prekeys = makePrekeys('Alice')
const signal = new AbortController().signal

/** Nodes in public /24 networks, so many in each, and what each network's nodes say that the time is. */
const networkOf = (said: readonly number[], each = 1): MemoryNetwork => {
  const net = createMemoryNetwork(said.length * each, {
    addressOf: (index) => ({
      host: `203.${index % said.length}.113.${1 + Math.floor(index / said.length)}`,
      port: 49737,
    }),
  })
  for (const [index, node] of net.nodes.entries()) {
    const now = said[index % said.length] ?? 0
    node.behaviour = rewriting((answer) => ({ ...answer, now }))
  }
  return net
}

const readingOf = async ({ network }: MemoryNetwork, now = NOW): Promise<ClockReading> =>
  askTimes(network, makeWorld('reader', now), signal)

test('§9 a clock is held against the median of the networks', async () => {
  for (const [said, ahead, off] of [
    [[NOW], 0, false],
    [[NOW - 3 * DAY], 3 * DAY, true],
    [[NOW, NOW, NOW - 3 * DAY], 0, false],
    [[NOW, NOW - 3 * DAY, NOW - 3 * DAY], 3 * DAY, true],
    [[NOW, NOW + 3 * DAY, NOW + 3 * DAY], -3 * DAY, true],
    // Half of all is no majority, and neither are two halves that say opposite things.
    [[NOW, NOW - 3 * DAY], 0, false],
    [[NOW + 60, NOW + 60, NOW + 3 * DAY, NOW + 3 * DAY], -60, false],
    [[NOW - 3 * DAY, NOW + 3 * DAY], 0, false],
    [[NOW - CLOCK_BOUND], CLOCK_BOUND, false],
    [[NOW - CLOCK_BOUND - 1], CLOCK_BOUND + 1, true],
    [[NOW + CLOCK_BOUND + 1], -CLOCK_BOUND - 1, true],
    [[0, Number.MAX_SAFE_INTEGER, NOW + 5], -5, false],
  ] as const)
    assert.deepEqual(await readingOf(networkOf(said)), { ahead, networks: said.length, off }, said.join())
})

test('§9 a network has one voice, however many nodes there are in it', async () => {
  const net = networkOf([NOW - 3 * DAY, NOW, NOW])
  const crowd = createMemoryNetwork(12, {
    addressOf: (index) =>
      index < 10 ? { host: `203.0.113.${index + 1}`, port: 1 } : { host: `203.${index}.113.1`, port: 1 },
  })
  for (const node of crowd.nodes.slice(0, 10))
    node.behaviour = rewriting((answer) => ({ ...answer, now: NOW - 3 * DAY }))
  assert.deepEqual(await readingOf(net), { ahead: 0, networks: 3, off: false })
  const { ahead, networks } = await readingOf({ ...crowd, network: { ...crowd.network, perNetwork: Infinity } })
  assert.deepEqual([ahead, networks], [0, 3])
})

test('§9 nobody who answers says nothing, and so does who says no time', async () => {
  const net = networkOf([NOW, NOW, NOW])
  for (const node of net.nodes) node.behaviour = silent
  assert.deepEqual(await readingOf(net), NOTHING_HEARD)
  for (const node of net.nodes) node.behaviour = () => new Uint8Array([0xa0])
  assert.deepEqual(await readingOf(net), NOTHING_HEARD)
  assert.doesNotThrow(() => holdClock(NOTHING_HEARD, { world: makeWorld('alone') }))
})

test('§9 a liar may answer as often as it is asked: it counts once', async () => {
  const net = createMemoryNetwork(3)
  const [liar] = net.nodes
  assert.ok(liar)
  liar.behaviour = rewriting((answer) => ({ ...answer, now: NOW - 3 * DAY }))
  const { network, reading } = hearTimes(net.network, makeWorld('reader'))
  const ask = ({ address }: MemoryNode) =>
    network.request(address, { target: alice.log.id, command: COMMAND.get, value: encodeGet(alice.log.id), signal })
  for (const node of [...net.nodes, liar, liar, liar, liar]) await ask(node)
  assert.deepEqual(reading(), { ahead: 0, networks: 1, off: false })
})

test('§9 fewer than half of the networks move nothing, whatever they say', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: -60, max: 60 }), { minLength: 2, maxLength: 6 }),
      fc.array(fc.nat(Number.MAX_SAFE_INTEGER), { maxLength: 5 }),
      async (honest, lies) => {
        const few = lies.slice(0, honest.length - 1)
        const reading = await readingOf(networkOf([...honest.map((skew) => NOW + skew), ...few]))
        assert.equal(reading.off, false)
        assert.ok(reading.ahead !== null && Math.abs(reading.ahead) <= 60)
      },
    ),
    { numRuns: runs(300) },
  )
})

test('§9 only most of three networks or more keep an owner from signing, and the owner has the last word', () => {
  const world = makeWorld('owner')
  const off = (networks: number): ClockReading => ({ ahead: 3 * DAY, networks, off: true })
  const told: ClockReading[] = []
  const onClock = (reading: ClockReading): void => void told.push(reading)
  for (let networks = 1; networks < CLOCK_NETWORKS; networks++) holdClock(off(networks), { world, onClock })
  assert.deepEqual(told, [off(1), off(2)])
  assert.throws(
    () => holdClock(off(CLOCK_NETWORKS), { world, onClock }),
    (error) => {
      assert.ok(error instanceof DirectoryError)
      assert.equal(error.code, 'ERR_CLOCK')
      // Both times, so that a person sees which of them is wrong.
      assert.match(error.message, /2026-01-01 00:00 UTC.*3 networks.*2025-12-29 00:00 UTC/)
      return true
    },
  )
  assert.equal(told.length, 2)
  holdClock(off(100), { world, clockIsRight: true })
  holdClock({ ahead: CLOCK_BOUND, networks: 9, off: false }, { world })
})

test('§6 a card that nodes refuse for its time is refused because of the clock; for any other reason it is not', async () => {
  const wrong = NOW + 3 * DAY
  const card = { signed: publishCard(alice, prekeys, { now: wrong }), kem: prekeys.kem.publicKey }
  const net = createMemoryNetwork(3)
  const heard = hearTimes(net.network, makeWorld('publisher', wrong))
  const records = { log: alice.log, card }
  await assert.rejects(publish(net.network, records, signal, heard), (error) => {
    assert.ok(error instanceof DirectoryError)
    assert.equal(error.code, 'ERR_CLOCK')
    assert.match(error.message, /2026-01-04 00:00 UTC.*1 network.*2026-01-01 00:00 UTC.*ERR_CARD_AHEAD from 3/)
    return true
  })
  // By a clock that is right it is the nodes that are wrong, and nobody may be told to set his.
  const right = hearTimes(net.network, makeWorld('publisher', NOW))
  await assert.rejects(publish(net.network, records, signal, right), failsWith('ERR_PUBLISH_REFUSED'))
  const early = { signed: publishCard(alice, prekeys, { now: NOW - 10 * DAY }), kem: prekeys.kem.publicKey }
  const behind = hearTimes(net.network, makeWorld('publisher', NOW - 10 * DAY))
  await assert.rejects(publish(net.network, { log: alice.log, card: early }, signal, behind), failsWith('ERR_CLOCK'))
  for (const node of net.nodes) node.behaviour = silent
  await assert.rejects(publish(net.network, records, signal, heard), failsWith('ERR_PUBLISH_REFUSED'))
})

test('§6 a card is signed once nodes have said what time it is, and not at all when that is refused', async () => {
  const net = createMemoryNetwork(3)
  const heard = hearTimes(net.network, makeWorld('publisher'))
  const order: string[] = []
  const card = () => {
    order.push(`${heard.reading().networks} networks`)
    return { signed: publishCard(alice, prekeys), kem: prekeys.kem.publicKey }
  }
  assert.equal((await publish(net.network, { log: alice.log, card }, signal, heard)).accepted, 3)
  assert.deepEqual(order, ['1 networks'])
  const refuse = (): never => {
    throw new DirectoryError('ERR_CLOCK')
  }
  const empty = createMemoryNetwork(3)
  await assert.rejects(publish(empty.network, { log: alice.log, card: refuse }, signal), failsWith('ERR_CLOCK'))
  assert.deepEqual(
    empty.nodes.map(({ storage }) => storage.size),
    [0, 0, 0],
  )
})
