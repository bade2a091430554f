import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { blake2b256 } from '../../src/core/kdf.ts'
import { createStockDirectory } from '../../src/directory/stock/stock-directory.ts'
import { createNode } from '../../src/network/node.ts'
import { createStockNode, type StockNode } from '../../src/network/stock-node.ts'
import { createStockRequests } from '../../src/network/stock-requests.ts'
import { at, failsWith, lengthen, makeBytes, makeIdentity, makePrekeys, slotKeyOf } from '../core/identities.ts'
import { publicationOf, rotated } from '../directory/publications.ts'
import { HEADERS, MTU, watchSizes } from '../network/datagram-sizes.ts'
import { stockClient } from './stock-client.ts'

/** The directory of any nodes over UDP: real nodes of HyperDHT on loopback, which know nothing of Handfast. */

const NOW = Math.floor(Date.now() / 1000)
const alice = makeIdentity('net/Alice', { devices: 7 })
const prekeys = makePrekeys('net/Alice')
const mailboxes = [1, 2, 3].map((index) => makeBytes(`mailbox ${index}`, 32))
const inTime = (): AbortSignal => AbortSignal.timeout(60_000)

const start = async (t: TestContext, size: number) => {
  const first = await createStockNode([])
  const nodes: StockNode[] = [first]
  nodes.push(...(await Promise.all(Array.from({ length: size - 1 }, () => createStockNode([first])))))
  t.after(() => Promise.all(nodes.map((node) => node.close())))
  const join = async () => {
    const node = await createNode({ bootstrap: [first] })
    t.after(() => node.close())
    const network = createStockRequests(node.dht)
    return { ...node, network, directory: createStockDirectory(network) }
  }
  return { nodes, first, join }
}

test('one publishes at stock nodes, another finds log, card and key, and no datagram is larger than 1,280 bytes', async (t) => {
  const { nodes, join } = await start(t, 24)
  const [owner, reader] = await Promise.all([join(), join()])
  const sizes = [...nodes, owner, reader].map(watchSizes)
  const log = lengthen(alice.log, at(alice.roots, 0), 5)
  const records = publicationOf(alice, log, prekeys, { serial: NOW * 1000, mailboxes })
  const publication = await owner.directory.publish(records, { signal: inTime() })
  assert.deepEqual([publication.weak, publication.refusals.size], [false, 0])
  // Five entries, two halves of a key, and the slot.
  assert.deepEqual(
    publication.replicas,
    Array.from({ length: 8 }, () => ({ asked: 20, accepted: 20 })),
  )
  const found = await reader.directory.lookup(log.id, { now: NOW, signal: inTime() })
  assert.deepEqual([found.log.last.hash, found.verdict.kind], [log.last.hash, 'current'])
  assert.ok(found.card !== null)
  const kem = await reader.directory.fetchKem({ card: found.card, holders: [] }, inTime())
  assert.deepEqual(kem, prekeys.kem.publicKey)
  const largest = Math.max(...sizes.flat())
  assert.ok(largest > 900 && HEADERS + largest <= MTU, `${largest} bytes`)
})

test('HyperDHT’s own clients find what is published, and what they put is found', async (t) => {
  const { first, join } = await start(t, 12)
  const [{ directory }, client] = [await join(), await stockClient(t, [first])]
  const records = publicationOf(alice, alice.log, prekeys, { serial: NOW * 1000 })
  await directory.publish(records, { signal: inTime() })
  const entry = await client.immutableGet(alice.log.id)
  assert.deepEqual(Uint8Array.from(entry?.value ?? []), at(alice.log.entries, 0).envelope)
  const slot = await client.mutableGet(slotKeyOf(at(alice.roots, 0)).publicKey)
  assert.equal(slot?.seq, NOW * 1000)
  // An entry of the next epoch, put by a stranger: it proves itself, and leads on to nothing by itself.
  const next = rotated(alice, alice.log, { time: NOW })
  const put = await client.immutablePut(next.last.envelope)
  assert.deepEqual(Uint8Array.from(put.hash), blake2b256(next.last.envelope))
  const options = { now: NOW, signal: inTime() }
  assert.deepEqual((await directory.lookup(alice.log.id, options)).log.last.hash, alice.log.last.hash)
  await assert.rejects(directory.lookup(makeBytes('nobody', 32), options), failsWith('ERR_LOOKUP_NOT_FOUND'))
})

test('the quickest lookup asks at most twice as often as HyperDHT does for the same two values', async (t) => {
  const { first, join } = await start(t, 40)
  const [{ directory }, reader, client] = [await join(), await join(), await stockClient(t, [first])]
  await directory.publish(publicationOf(alice, alice.log, prekeys, { serial: NOW * 1000 }), { signal: inTime() })
  const theirs = watchSizes({ dht: client })
  await client.immutableGet(alice.log.id)
  await client.mutableGet(slotKeyOf(at(alice.roots, 0)).publicKey)
  const ours = watchSizes(reader)
  const found = await reader.directory.lookup(alice.log.id, { now: NOW, signal: inTime(), policy: 'first' })
  assert.equal(found.freshness, 'current')
  assert.ok(ours.length <= 2 * theirs.length, `${ours.length} and ${theirs.length} requests`)
})
