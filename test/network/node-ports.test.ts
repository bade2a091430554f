import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { createNode, type DhtNode } from '../../src/network/node.ts'
import { keepFurtherPorts, NODE_PORTS, openFurtherPorts, seenAt } from '../../src/network/node-ports.ts'
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

/** Resolves when the node's state is that. */
const whenIn = async (node: DhtNode, state: 'joined' | 'waiting'): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const look = (): void => {
    if (node.state().state === state) resolve()
  }
  const end = node.watch(look)
  look()
  await promise
  end()
}

test('a machine whose network is gone notices, though its own ports answer, and opens them only in a network', async (t) => {
  const network = await startNetwork(t, 1)
  const [other] = network.nodes
  assert.ok(other !== undefined)
  const ports = new Set<number>()
  const options = { bootstrap: network.bootstrap, storage: true, ports }
  const machine = await createNode({ ...options, stays: true })
  t.after(() => machine.close())
  const opened: DhtNode[] = []
  const further = keepFurtherPorts(machine, options, (node) => opened.push(node))
  t.after(() => further.close())
  await further.settled()
  assert.deepEqual([further.nodes.length, opened.length, ports.size], [NODE_PORTS - 1, NODE_PORTS - 1, NODE_PORTS])
  await other.close()
  await whenIn(machine, 'waiting')
  // Its own ports are no guests, whatever they ask.
  await Promise.all(further.nodes.map(({ dht }) => dht.findNode(randomBytes(32), { retries: 0 }).finished()))
  assert.equal(machine.state().state, 'waiting')

  const waiting = keepFurtherPorts(machine, options, () => {})
  t.after(() => waiting.close())
  await waiting.settled()
  assert.deepEqual(waiting.nodes, [])
})
