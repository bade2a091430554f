import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createNode } from '../../src/network/node.ts'
import { standInForPublic } from '../../src/network/public-network.ts'
import { createStockNode } from '../../src/network/stock-node.ts'
import { openPeer } from '../../src/peer/open.ts'
import { codeOf } from '../network/loopback-network.ts'

/** The public network, for which stock nodes of HyperDHT stand that never heard of Handfast, on 127.0.0.1. */

const startStock = async (t: TestContext, count: number) => {
  const first = await createStockNode([])
  const nodes = [first, ...(await Promise.all(Array.from({ length: count - 1 }, () => createStockNode([first]))))]
  t.after(() => Promise.all(nodes.map((node) => node.close())))
  return nodes.map(({ host, port }) => ({ host, port }))
}

test('who chooses public enters the public network, and nothing else than what stands for it', async (t) => {
  const stock = await startStock(t, 3)
  t.after(standInForPublic(stock))
  const alice = await openPeer({ network: 'public', listen: false })
  t.after(() => alice.close())
  assert.equal(alice.network.state, 'joined')
  assert.ok(alice.network.nodes >= 1)
  await alice.publish()
  const bob = await openPeer({ network: 'public', listen: false })
  t.after(() => bob.close())
  assert.equal((await bob.lookup(alice.address)).freshness, 'current')
  assert.equal(bob.network.directory, 'stock')
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
