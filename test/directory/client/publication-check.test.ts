import assert from 'node:assert/strict'
import { test } from 'node:test'
import { signCard } from '../../../src/core/card.ts'
import { updateLog } from '../../../src/core/key-log.ts'
import { checkPublication } from '../../../src/directory/client/publication-check.ts'
import { publish, type Records } from '../../../src/directory/client/publish.ts'
import { at, makeBytes, makeIdentity, makePrekeys, NOW } from '../../core/identities.ts'
import { createMemoryNetwork, type MemoryNetwork } from '../memory-network.ts'

/** What an owner does to be sure that others find what was published. */

const alice = makeIdentity('Alice')
const recordsOf = (log = alice.log): Records => {
  const prekeys = makePrekeys('read back')
  const keys = { spk: prekeys.spk.publicKey, kem: prekeys.kem.publicKey, transport: makeBytes('transport', 32) }
  const signed = signCard(log, at(alice.devices, 0).sign, {
    device: 0,
    now: NOW * 1000,
    inc: makeBytes('inc', 16),
    ...keys,
  })
  return { log, card: { signed, kem: prekeys.kem.publicKey } }
}
const records = recordsOf()
const deadline = () => AbortSignal.timeout(60_000)
const look = (network: MemoryNetwork, what = records) =>
  checkPublication(network.network, what, { now: NOW, signal: deadline() })

test('what was published and is found is confirmed, and nothing is put again', async () => {
  const network = createMemoryNetwork(40)
  await publish(network.network, records, deadline())
  const puts = () => network.nodes.reduce((sum, { asked }) => sum + (asked.get(2) ?? 0), 0)
  const before = puts()
  const { confirmed, repaired, found } = await look(network)
  assert.deepEqual([confirmed, repaired, puts()], [true, 0, before])
  assert.deepEqual(found.log.last.hash, alice.log.last.hash)
})

test('close nodes that lost it are given it again, key and all', async () => {
  const network = createMemoryNetwork(12)
  await publish(network.network, records, deadline())
  const fresh = createMemoryNetwork(12)
  for (const [index, node] of network.nodes.entries())
    if (index % 3 === 0) Object.assign(node, { storage: at(fresh.nodes, index).storage })
  const { confirmed, repaired } = await look(network)
  assert.deepEqual([confirmed, repaired], [true, 4])
  assert.equal((await look(network)).repaired, 0)
  for (const { storage } of network.nodes) assert.equal(storage.size, 1)
})

test('nodes that accept and serve nothing are not believed', async () => {
  const network = createMemoryNetwork(12)
  await publish(network.network, records, deadline())
  const empty = createMemoryNetwork(1)
  for (const node of network.nodes.slice(0, 9))
    node.behaviour = ({ command, value, honest }) =>
      command === 2
        ? honest(value)
        : (at(empty.nodes, 0).storage.handle(command, value, { now: NOW, proven: true }) ?? null)
  const { confirmed, found } = await look(network)
  assert.equal(confirmed, false)
  assert.equal(found.verdict.kind, 'unconfirmed')
})

test('a log that goes on elsewhere, or is forked, is no confirmation, and is not overwritten', async () => {
  const { devices, time } = alice.log.last.entry
  const [one, two] = [1, 2].map((more) => updateLog(alice.log, at(alice.roots, 0), { devices, time: time + more }))
  assert.ok(one && two)
  const network = createMemoryNetwork(12)
  await publish(network.network, { log: one }, deadline())
  const later = await look(network)
  assert.deepEqual([later.confirmed, later.repaired], [false, 0])
  await publish(network.network, { log: two }, deadline())
  const forked = await look(network)
  assert.ok(forked.found.fork)
  assert.deepEqual([forked.confirmed, forked.repaired], [false, 0])
})
