import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { signCard } from '../../src/core/card.ts'
import { createLog, type KeyLog, updateLog } from '../../src/core/key-log.ts'
import { fetchKem } from '../../src/directory/client/fetch-kem.ts'
import { lookup } from '../../src/directory/client/lookup.ts'
import { publish } from '../../src/directory/client/publish.ts'
import { createStorage, type Storage } from '../../src/directory/node/storage.ts'
import { decodeGetAnswer, decodePutAnswer, encodeMessage } from '../../src/directory/request-format.ts'
import { joinDirectory } from '../../src/network/directory-plugin.ts'
import {
  at,
  commitmentAfter,
  failsWith,
  flip,
  lengthen,
  makeBytes,
  makeIdentity,
  makePrekeys,
  publicOf,
} from '../core/identities.ts'
import { entryPut } from '../directory/records.ts'
import { HEADERS, MTU, watchSizes } from '../network/datagram-sizes.ts'
import { addressOf, type LoopbackNetwork, startNetwork } from '../network/loopback-network.ts'

/** The directory over UDP: real storage nodes on loopback, and a client that speaks the wire format by hand. */

const NOW = Math.floor(Date.now() / 1000)
const alice = makeIdentity('Alice', { devices: 7 })
const root = at(alice.roots, 0)
const { spk, kem } = makePrekeys('Alice')
const content = { devices: publicOf(alice.devices), time: NOW - 60 }
const log = lengthen(createLog(root, commitmentAfter(alice, 0), content), root, 6)
const card = signCard(log, at(alice.devices, 0).sign, {
  device: 0,
  now: NOW * 1000,
  inc: makeBytes('inc', 16),
  spk: spk.publicKey,
  kem: kem.publicKey,
  transport: makeBytes('transport', 32),
})
const records = { log, card: { signed: card, kem: kem.publicKey } }
const within = (milliseconds: number): AbortSignal => AbortSignal.timeout(milliseconds)
const inTime = (): AbortSignal => within(60_000)

type StorageNetwork = LoopbackNetwork & { readonly storages: readonly Storage[] }

const startStorage = async (t: TestContext, size: number): Promise<StorageNetwork> => {
  const network = await startNetwork(t, size)
  const storages = network.nodes.map((node) => {
    const storage = createStorage()
    joinDirectory(node.dht, storage)
    return storage
  })
  return { ...network, storages }
}

test('§4 one client publishes, another finds log, card and key, and no datagram is larger than 1,280 bytes', async (t) => {
  const { nodes, join, storages } = await startStorage(t, 21)
  const [owner, reader] = await Promise.all([join(), join()])
  const sizes = [...nodes, owner, reader].map(watchSizes)
  const publication = await publish(joinDirectory(owner.dht, createStorage()), records, inTime())
  assert.equal(publication.weak, false)
  assert.equal(publication.refusals.size, 0)
  assert.equal(publication.accepted, storages.filter(({ size }) => size === 1).length)
  const network = joinDirectory(reader.dht, createStorage())
  const found = await lookup(network, log.id, { now: NOW, signal: inTime() })
  assert.deepEqual(found.log.last.hash, log.last.hash)
  assert.equal(found.freshness, 'current')
  assert.ok(found.card !== null)
  assert.deepEqual(await fetchKem(network, { card: found.card, holders: found.holders }, inTime()), kem.publicKey)
  const largest = Math.max(...sizes.flat())
  assert.ok(largest > 1000 && HEADERS + largest <= MTU, `${largest} bytes`)
})

test('§4 a lookup while most nodes are dead finds what is known, and does not say "not found" of the rest', async (t) => {
  const { nodes, join } = await startStorage(t, 12)
  const client = await join()
  const network = joinDirectory(client.dht, createStorage())
  await publish(network, records, inTime())
  await Promise.all(nodes.slice(3).map(({ dht }) => dht.destroy({ force: true })))
  const unknown = lookup(network, makeBytes('unknown', 32), { now: NOW, signal: within(1_500) })
  const [found] = await Promise.all([
    lookup(network, log.id, { now: NOW, signal: within(1_500) }),
    assert.rejects(unknown, failsWith('ERR_LOOKUP_INCOMPLETE')),
  ])
  assert.deepEqual(found.card?.hash, card.hash)
  assert.deepEqual([found.evidence.agreeing, found.evidence.complete], [3, true])
  assert.ok(found.evidence.failed > 0)
})

/** HyperDHT's command for plugins, and a plugin request by hand: name, version, command, flags, value (docs/spec/directory.md). */
const PLUGIN = 10
const pluginValue = (command: number, value: Uint8Array, { name = 'handfast', version = 1 } = {}): Uint8Array =>
  Buffer.concat([
    Uint8Array.of(name.length),
    Buffer.from(name),
    Uint8Array.of(version, command, 1),
    value.length < 0xfd ? Uint8Array.of(value.length) : Uint8Array.of(0xfd, value.length & 255, value.length >> 8),
    value,
  ])
const [GET, PUT] = [0, 2]

test('§4 forged PUTs from a handmade client are refused with their reason, and nothing is stored', async (t) => {
  const { nodes, join, storages } = await startStorage(t, 3)
  const { dht } = await join()
  const [node, storage] = [at(nodes, 0), at(storages, 0)]
  const target = log.id
  const get = encodeMessage({ id: log.id, from: 0 })
  const ask = (value: Uint8Array, token: Uint8Array | null = null) =>
    dht.request({ token, target, command: PLUGIN, value }, addressOf(node))
  const { token } = await ask(pluginValue(GET, get))
  assert.ok(token !== null)

  const put = async (value: Uint8Array): Promise<string | null> => {
    const { value: answer } = await ask(pluginValue(PUT, value), token)
    assert.ok(answer !== null)
    return decodePutAnswer(answer).refused
  }
  const first = entryPut(log, 0)
  const mallory: KeyLog = makeIdentity('Mallory').log
  const theft = updateLog(mallory, at(makeIdentity('Mallory').roots, 0), { ...content, time: NOW })
  assert.equal(await put(encodeMessage({ ...first, d: flip(first.d) })), 'ERR_LOG_ADDRESS')
  assert.equal(await put(encodeMessage({ ...entryPut(mallory), id: log.id })), 'ERR_LOG_ADDRESS')
  assert.equal(await put(encodeMessage(entryPut(log, 1))), 'ERR_PUT_GAP')
  assert.equal(await put(encodeMessage({ t: 'card', id: log.id, d: card.envelope })), 'ERR_PUT_GAP')
  assert.equal(await put(encodeMessage({ ...first, d: makeBytes('garbage', 300) })), 'ERR_LOG_DECODE')
  assert.equal(await put(makeBytes('garbage', 300)), 'ERR_REQUEST_DECODE')
  assert.deepEqual(
    storages.map(({ size }) => size),
    [0, 0, 0],
  )

  assert.equal(await put(encodeMessage(first)), null)
  const second = entryPut(log, 1)
  assert.equal(await put(encodeMessage({ ...second, d: flip(second.d) })), 'ERR_LOG_SIGNATURE')
  assert.equal(await put(encodeMessage({ ...entryPut(theft), id: log.id })), 'ERR_PUT_GAP')
  assert.equal(await put(encodeMessage({ t: 'card', id: log.id, d: card.envelope })), 'ERR_CARD_HEAD')
  assert.equal(storage.size, 1)

  /** All it says but what time it is. */
  const said = async (): Promise<unknown> => {
    const { value } = await ask(pluginValue(GET, get))
    assert.ok(value !== null)
    return { ...decodeGetAnswer(value), now: 0 }
  }
  const stored = await said()
  const session = dht.session()
  const unanswered = [
    { value: pluginValue(PUT, encodeMessage(second)), token: null },
    { value: pluginValue(PUT, encodeMessage(second), { version: 2 }), token },
    { value: pluginValue(PUT, encodeMessage(second), { name: 'handfasx' }), token },
    { value: pluginValue(3, encodeMessage(second)), token },
    { value: pluginValue(GET, makeBytes('garbage', 40)), token },
    { value: makeBytes('garbage', 40), token },
    { value: new Uint8Array(0), token },
  ].map(({ value, token }) =>
    dht.request({ token, target, command: PLUGIN, value }, addressOf(node), { session, retry: false }),
  )
  const rejected = Promise.allSettled(unanswered)
  const wrongToken = await ask(pluginValue(PUT, encodeMessage(second)), makeBytes('token', 32))
  assert.notEqual(wrongToken.error, 0)
  assert.deepEqual(
    (await rejected).map(({ status }) => status),
    unanswered.map(() => 'rejected'),
  )
  assert.deepEqual(await said(), stored)
  assert.equal(await put(encodeMessage(second)), null)
})
