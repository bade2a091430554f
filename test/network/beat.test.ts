import assert from 'node:assert/strict'
import { test } from 'node:test'
import type HyperDHT from 'hyperdht'
import type { NodeAddress } from '../../src/directory/network-port.ts'
import { createBeat } from '../../src/network/beat.ts'

const NODE = { host: '192.0.2.1', port: 1 }
const [HERE, THERE] = [
  { host: '198.51.100.1', port: 4_000 },
  { host: '198.51.100.2', port: 4_000 },
]

/** A peer that is announced at one node, which sees it at `at` and knows it or not; both are set by tests. */
const start = () => {
  const announced = { relays: [{ relayAddress: NODE, peerAddress: HERE }] }
  const server = { target: new Uint8Array(32), relayAddresses: [NODE], _announcer: announced }
  const node: { at: NodeAddress; knows: boolean; answers: boolean } = { at: HERE, knows: true, answers: true }
  const dht = {
    listening: new Set([server]),
    toArray: () => [NODE],
    request: async () => {
      if (!node.answers) throw new Error('REQUEST_TIMEOUT')
      return { to: node.at, from: NODE, value: node.knows ? new Uint8Array(1) : null }
    },
  } as unknown as HyperDHT
  const own: NodeAddress[] = []
  const beat = createBeat(dht, ({ host, port }) => own.some((one) => one.host === host && one.port === port))
  return { server, node, own, beat }
}

test('a peer that moved before the first beat is not where its nodes were told', async () => {
  const { node, server, beat } = start()
  node.at = THERE
  for (let count = 0; count < 2; count++) {
    const { moved, host } = await beat()
    // Until it is announced from there: one announcement may be lost.
    assert.deepEqual([moved, host], [true, THERE.host])
  }
  server._announcer.relays = [{ relayAddress: NODE, peerAddress: THERE }]
  assert.equal((await beat()).moved, false)
})

test('a node that came back without it has forgotten it, and one that is silent has not', async () => {
  const { node, beat } = start()
  const seen = async () => {
    const { answered, forgotten } = await beat()
    return [answered, forgotten]
  }
  assert.deepEqual(await seen(), [1, false])
  node.knows = false
  assert.deepEqual(await seen(), [1, true])
  node.answers = false
  assert.deepEqual(await seen(), [0, false])
})

test('when HyperDHT announced it anew before it was time, others may have lost what else they were told', async () => {
  const { server, beat } = start()
  assert.equal((await beat()).hurried, false)
  // The same node, which knows it again: another list all the same.
  server.relayAddresses = [{ ...NODE }]
  assert.equal((await beat()).hurried, true)
  assert.equal((await beat()).hurried, false)
})

test('what nodes of the same machine say shows nothing', async () => {
  const { own, beat } = start()
  own.push(NODE)
  const { asked, answered } = await beat()
  assert.deepEqual([asked, answered], [0, 0])
})
