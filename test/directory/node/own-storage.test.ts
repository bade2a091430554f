import assert from 'node:assert/strict'
import { test } from 'node:test'
import { REPLICA_NODES } from '../../../src/core/limits/record-limits.ts'
import { lookup } from '../../../src/directory/client/lookup.ts'
import { publish } from '../../../src/directory/client/publish.ts'
import { compareDistances, distanceOf } from '../../../src/directory/distance.ts'
import type { DirectoryNetwork, NodeAddress } from '../../../src/directory/network-port.ts'
import { includeOwn } from '../../../src/directory/node/own-storage.ts'
import { createStorage } from '../../../src/directory/node/storage.ts'
import { replicaTargets } from '../../../src/directory/replicas.ts'
import { makeIdentity, NOW } from '../../core/identities.ts'
import { createMemoryNetwork, idOf, silent } from '../memory-network.ts'

/** A storage node that counts itself among the nodes it asks. */

const carol = makeIdentity('own/carol')
const home = { host: '10.1.0.1', port: 4000 }
const { signal } = new AbortController()

const start = (size: number, self = home) => {
  const others = createMemoryNetwork(size)
  const storage = createStorage()
  const network: DirectoryNetwork = includeOwn(others.network, { storage, self: () => self, now: () => NOW })
  return { others, storage, network }
}

test('alone, a node keeps its own records and finds them', async () => {
  const { storage, network } = start(0)
  const { replicas, accepted } = await publish(network, { log: carol.log }, signal)
  assert.deepEqual([accepted, replicas], [1, Array.from({ length: 3 }, () => ({ asked: 1, accepted: 1 }))])
  assert.equal(storage.size, 1)
  const found = await lookup(network, carol.log.id, { now: NOW, signal })
  assert.deepEqual(found.log.last.hash, carol.log.last.hash)
})

test('among others it is one more, and what it keeps is enough when they are silent', async () => {
  const { others, storage, network } = start(3)
  const { accepted } = await publish(network, { log: carol.log }, signal)
  assert.deepEqual([accepted, storage.size, others.nodes.map((node) => node.storage.size)], [4, 1, [1, 1, 1]])
  const { evidence } = await lookup(network, carol.log.id, { now: NOW, signal })
  assert.equal(evidence.agreeing, 4)
  for (const node of others.nodes) node.behaviour = silent
  assert.equal((await lookup(network, carol.log.id, { now: NOW, signal })).evidence.agreeing, 1)
})

test('where 20 others are nearer it does not push itself in', async () => {
  const size = 4 * REPLICA_NODES
  const { nodes } = createMemoryNetwork(size)
  const isFar = (self: NodeAddress): boolean =>
    replicaTargets(carol.log.id).every((target) => {
      const own = distanceOf(idOf(self), target)
      const nearer = nodes.filter(({ address }) => compareDistances(distanceOf(idOf(address), target), own) < 0)
      return nearer.length >= REPLICA_NODES
    })
  const far = Array.from({ length: 1000 }, (_, port) => ({ ...home, port: 5000 + port })).find(isFar)
  assert.ok(far !== undefined)
  const { storage, network } = start(size, far)
  await publish(network, { log: carol.log }, signal)
  assert.equal(storage.size, 0)
})
