import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { createStorage } from '../../src/directory/node/storage.ts'
import { COMMAND, encodeMessage } from '../../src/directory/request-format.ts'
import { joinDirectory } from '../../src/network/directory-plugin.ts'
import type { DhtNode } from '../../src/network/node.ts'
import { at, makeBytes } from '../core/identities.ts'
import { walkTo } from '../directory/client/walks.ts'
import { checkNetworkContract, type Harness } from '../directory/network-contract.ts'
import { addressOf, startNetwork } from './loopback-network.ts'

/** The plugin over real HyperDHT nodes on loopback. */

const start = async (t: TestContext, size: number): Promise<Harness & { readonly client: DhtNode }> => {
  const loopback = await startNetwork(t, size)
  const nodes = loopback.nodes.map((node) => {
    const storage = createStorage()
    joinDirectory(node.dht, storage)
    return { address: addressOf(node), storage }
  })
  const client = await loopback.join()
  return {
    network: joinDirectory(client.dht, createStorage()),
    nodes,
    now: Math.floor(Date.now() / 1000),
    silence: (index) => at(loopback.nodes, index).dht.destroy({ force: true }),
    client,
  }
}

checkNetworkContract(start)

const value = encodeMessage({ id: makeBytes('id', 32), from: 0 })
const target = makeBytes('target', 32)
const plenty = (): AbortSignal => AbortSignal.timeout(60_000)

test('a node that is closed asks nobody and gets no answer', async (t) => {
  const { network, nodes, client } = await start(t, 2)
  await client.close()
  assert.deepEqual(await network.seeds(target), [])
  const { asked, closest } = await walkTo(network, target, value, plenty())
  assert.deepEqual([asked, closest], [[], []])
  const get = { command: COMMAND.get, value, signal: plenty(), target }
  assert.equal(await network.request(at(nodes, 0).address, get), null)
})

test('a walk during which the node is closed ends', async (t) => {
  // More nodes than are asked at once, so that some are still to be asked.
  const harness = await start(t, 24)
  let closing: Promise<void> | undefined
  const walk = await walkTo(harness.network, target, value, plenty(), () => {
    closing ??= harness.client.dht.destroy({ force: true })
  })
  assert.ok(walk.closest.length < 20)
  await closing
})

test('an ephemeral node stores and answers nothing', async (t) => {
  const { network, nodes, client } = await start(t, 2)
  const { heard } = await walkTo(network, target, value, plenty())
  const seen = heard.map(({ node }) => `${node.port}`)
  assert.deepEqual(seen.sort(), nodes.map(({ address }) => `${address.port}`).sort())
  assert.ok(!seen.includes(`${client.port}`))
})

test('a storage that fails costs a warning and an answer, not the process', async (t) => {
  const loopback = await startNetwork(t, 1)
  const fault = new RangeError('broken on purpose')
  const broken = {
    ...createStorage(),
    size: 0,
    handle: () => {
      throw fault
    },
  }
  joinDirectory(at(loopback.nodes, 0).dht, broken)
  const client = await loopback.join()
  const network = joinDirectory(client.dht, createStorage())
  const warned = once(process, 'warning')
  const abort = new AbortController()
  const get = { command: COMMAND.get, value, signal: abort.signal, target }
  const asked = network.request(addressOf(at(loopback.nodes, 0)), get)
  assert.equal((await warned)[0], fault)
  abort.abort()
  assert.equal(await asked, null)
})
