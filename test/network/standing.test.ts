import assert from 'node:assert/strict'
import { test } from 'node:test'
import { standingOf } from '../../src/network/hyperdht-internals.ts'
import type { DhtNode } from '../../src/network/node.ts'
import { follow, lookAround, mingle, settle, standAlone } from '../../src/network/standing.ts'
import { startNetwork } from './loopback-network.ts'

/** How a node stands that was alone and comes among others: HyperDHT's own nodes on loopback, where peers never have to find that out. */

/** Whether others find it under the id of the address they see it at. */
const isFound = async (by: DhtNode, { dht, port }: DhtNode): Promise<boolean> => {
  assert.ok(dht.id !== null)
  const query = by.dht.findNode(dht.id)
  await query.finished()
  return query.closestNodes.some((node) => node.port === port)
}

test('a storage node that stood alone under another address has the id of the one that others see', async (t) => {
  const network = await startNetwork(t, 3)
  const asker = await network.join()
  const node = await network.join({ storage: true })
  const right = node.dht.id
  await standAlone(node.dht, { host: '127.0.0.9', port: node.port })
  assert.notDeepEqual(node.dht.id, right)
  await follow(node.dht)
  assert.equal(node.dht.ephemeral, false)
  assert.deepEqual(node.dht.id, right)
  assert.deepEqual(node.dht.remoteAddress(), { host: '127.0.0.1', port: node.port })
  assert.equal(await isFound(asker, node), true)
})

test('where nobody says anything of its address it stays who it was', async (t) => {
  const network = await startNetwork(t, 1)
  const [first] = network.nodes
  assert.ok(first !== undefined)
  const { id } = first.dht
  await follow(first.dht)
  assert.deepEqual([first.dht.id, first.dht.ephemeral, first.dht.host], [id, false, '127.0.0.1'])
})

test('a peer that was alone is one of the nodes when others reach it', async (t) => {
  const network = await startNetwork(t, 3)
  const asker = await network.join()
  const node = await network.join()
  await standAlone(node.dht, { host: '127.0.0.9', port: node.port })
  const alone = node.dht.id
  mingle(node.dht)
  // Who came in through it finds it all the same, and its questions come from the socket that nobody has to reach.
  assert.deepEqual([node.dht.ephemeral, node.dht.firewalled], [false, true])
  await lookAround(node.dht)
  assert.equal(standingOf(node.dht)._nat.port, node.dht.io.clientSocket?.address()?.port)
  await settle(node.dht)
  assert.deepEqual([node.dht.ephemeral, node.dht.firewalled], [false, false])
  assert.notDeepEqual(node.dht.id, alone)
  assert.deepEqual(node.dht.remoteAddress(), { host: '127.0.0.1', port: node.port })
  assert.equal(await isFound(asker, node), true)
})

test('a peer that was alone is a client of the others when they do not reach it', { timeout: 60_000 }, async (t) => {
  const network = await startNetwork(t, 3)
  const node = await network.join()
  await standAlone(node.dht, { host: '127.0.0.9', port: node.port })
  let told = 0
  node.dht.on('ephemeral', () => {
    told += 1
  })
  mingle(node.dht)
  // A router that lets in only what was asked for from there.
  node.dht.io.serverSocket?.removeAllListeners('message')
  await lookAround(node.dht)
  await settle(node.dht)
  assert.deepEqual([node.dht.ephemeral, node.dht.firewalled, node.dht.id, told], [true, true, null, 1])
  // It goes on asking, and finds.
  assert.equal(node.dht.host, '127.0.0.1')
  assert.equal(node.dht.toArray().length > 0, true)
})
