import assert from 'node:assert/strict'
import { test } from 'node:test'
import HyperDHT from 'hyperdht'
import { makeBytes } from '../core/identities.ts'
import { stockClient } from '../net/stock-client.ts'
import { startNetwork } from './loopback-network.ts'

/** HyperDHT's own clients at Handfast's nodes: what they put and announce is found, whatever its size. */

const relay = { host: '127.0.0.1', port: 4001 }

test('§10 HyperDHT’s own clients put and get, announce and find at nodes of Handfast', async (t) => {
  const { bootstrap } = await startNetwork(t, 5)
  const [writer, reader] = [await stockClient(t, bootstrap), await stockClient(t, bootstrap)]
  for (const size of [1, 100, 1_000]) {
    const value = Buffer.alloc(size, size)
    const { hash } = await writer.immutablePut(value)
    assert.deepEqual((await reader.immutableGet(hash))?.value, value, `${size}`)
    const keyPair = HyperDHT.keyPair(makeBytes(`${size}`, 32))
    for (const seq of [0, 1]) {
      const newest = Buffer.concat([value.subarray(0, 900), Buffer.of(seq)])
      await writer.mutablePut(keyPair, newest, { seq })
      const found = await reader.mutableGet(keyPair.publicKey)
      assert.deepEqual([found?.value, found?.seq], [newest, seq])
    }
  }

  const topic = makeBytes('topic', 32)
  const people = Array.from({ length: 25 }, (_, index) => HyperDHT.keyPair(makeBytes(`person ${index}`, 32)))
  for (const person of people) await writer.announce(topic, person, [relay]).finished()
  const seen = new Set<string>()
  for await (const { peers } of reader.lookup(topic)) {
    assert.equal(peers.length, 20)
    for (const { publicKey } of peers) seen.add(publicKey.toString('hex'))
  }
  assert.ok(people.filter(({ publicKey }) => seen.has(publicKey.toString('hex'))).length > 20)
})

test('§10 a value larger than an answer may be is refused at once', async (t) => {
  const { bootstrap } = await startNetwork(t, 3)
  const client = await stockClient(t, bootstrap)
  const { hash } = await client.immutablePut(Buffer.alloc(1_201))
  assert.equal(await client.immutableGet(hash), null)
})
