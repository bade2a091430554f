import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import type { DhtNode } from '../../src/network/node.ts'
import { NODE_PORTS, openFurtherPorts, seenAt } from '../../src/network/node-ports.ts'
import { startNetwork } from './loopback-network.ts'

const open = async (t: TestContext, first: DhtNode, options = {}): Promise<readonly DhtNode[]> => {
  const opened = await openFurtherPorts(first, { bootstrap: [], host: '127.0.0.1', ...options })
  t.after(() => Promise.all(opened.map((node) => node.close())))
  return opened
}

/** A node with the three ports after it free, as far as that can be known. */
const startFirst = async (t: TestContext): Promise<DhtNode> => {
  const { nodes } = await startNetwork(t, 1)
  const [first] = nodes
  assert.ok(first !== undefined)
  return first
}

test('who joins by one port of a machine learns of enough ports to find out what its NAT does', async (t) => {
  const network = await startNetwork(t, 1)
  const [first] = network.nodes
  assert.ok(first !== undefined)
  const further = await open(t, first)
  assert.equal(further.length, NODE_PORTS - 1)
  const ports = new Set([first, ...further].map((node) => seenAt(node).port))
  assert.equal(ports.size, 4)
  for (const node of further) assert.equal(node.dht.ephemeral, false)
  const peer = await network.join()
  assert.deepEqual(new Set(peer.dht.toArray().map(({ port }) => port)), ports)
})

test('a port that somebody else has is left out for a free one', async (t) => {
  const first = await startFirst(t)
  const other = createSocket('udp4')
  t.after(() => other.close())
  // Whoever has it: this socket, or another process already.
  other.on('error', () => {})
  other.bind(first.port + 2, '127.0.0.1')
  await Promise.race([once(other, 'listening'), once(other, 'error')])
  const ports = (await open(t, first)).map((node) => seenAt(node).port)
  assert.equal(new Set(ports).size, NODE_PORTS - 1)
  assert.ok(!ports.includes(first.port + 2))
})

test('told their outer address, the ports of a machine are known to each other, and stay so when they do not answer there', async (t) => {
  const first = await startFirst(t)
  const further = await open(t, first, { publicHost: '127.0.0.9' })
  // Nobody is there.
  const outer = further.map((node) => ({ host: '127.0.0.9', port: node.port }))
  const known = () => outer.filter(({ port }) => first.dht.toArray().some((node) => node.port === port))
  assert.deepEqual(known(), outer)
  const removed: number[] = []
  first.dht.on('remove-node', ({ port }) => removed.push(port))
  // Silence takes a node out of the routing table.
  await first.dht.findNode(randomBytes(32), { retries: 0 }).finished()
  assert.deepEqual([...removed].sort(), outer.map(({ port }) => port).sort())
  assert.deepEqual(known(), outer)
})
