import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import HyperDHT from 'hyperdht'
import UDX from 'udx-native'
import { guardLoopback } from '../../src/network/loopback-guard.ts'
import { createNode } from '../../src/network/node.ts'
import { standInForPublic } from '../../src/network/public-network.ts'
import { openPeer } from '../../src/peer/open.ts'
import { codeOf } from '../network/loopback-network.ts'

/** The public network, for which stock nodes of HyperDHT stand that never heard of Handfast, on 127.0.0.1. */

const startStock = async (t: TestContext, count: number) => {
  const nodes: { host: string; port: number }[] = []
  for (let index = 0; index < count; index++) {
    const { udx } = guardLoopback(new UDX())
    const settings = { udx, host: '127.0.0.1', ephemeral: false, firewalled: false, anyPort: false }
    // The first is told its port, since its id is the hash of its address.
    const scout = await createNode({ bootstrap: [], first: true, host: '127.0.0.1' })
    const { port } = scout
    await scout.close()
    const dht =
      index === 0
        ? HyperDHT.bootstrapper(port, '127.0.0.1', { ...settings, bootstrap: [] })
        : new HyperDHT({ ...settings, port, bootstrap: nodes.slice(0, 1) })
    t.after(() => dht.destroy({ force: true }))
    await dht.fullyBootstrapped()
    nodes.push({ host: '127.0.0.1', port })
  }
  return nodes
}

test('who chooses public enters the public network, and nothing else than what stands for it', async (t) => {
  const stock = await startStock(t, 3)
  t.after(standInForPublic(stock))
  const alice = await openPeer({ network: 'public', listen: false })
  t.after(() => alice.close())
  assert.equal(alice.network.state, 'joined')
  assert.ok(alice.network.nodes >= 1)
  // They keep no logs of Handfast: that is said, and is no silence.
  assert.equal(await codeOf(alice.publish()), 'ERR_PUBLISH_REFUSED')
})

test('where nothing may leave the machine, the public network itself is refused before it is asked for anything', async (t) => {
  const before = process.env.HANDFAST_LOOPBACK_ONLY
  process.env.HANDFAST_LOOPBACK_ONLY = '1'
  t.after(() => {
    process.env.HANDFAST_LOOPBACK_ONLY = before ?? ''
  })
  for (const listen of [true, false])
    assert.equal(await codeOf(openPeer({ network: 'public', listen })), 'ERR_LOOPBACK_ONLY')
  assert.equal(
    await codeOf(createNode({ bootstrap: [{ host: '127.0.0.1', port: 1 }], host: '0.0.0.0' })),
    'ERR_LOOPBACK_ONLY',
  )
})
