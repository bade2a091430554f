import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { hex } from '../../src/core/bytes.ts'
import { signCard } from '../../src/core/card.ts'
import { createLog, type KeyLog } from '../../src/core/key-log.ts'
import { fetchKem } from '../../src/directory/client/fetch-kem.ts'
import { lookup } from '../../src/directory/client/lookup.ts'
import { publish } from '../../src/directory/client/publish.ts'
import { compareDistances, distanceOf } from '../../src/directory/distance.ts'
import { type DirectoryNetwork, type NodeAddress, nameOf } from '../../src/directory/network-port.ts'
import type { Storage } from '../../src/directory/node/storage.ts'
import { replicaTargets } from '../../src/directory/replicas.ts'
import { COMMAND, decodeGetAnswer, decodePutAnswer, encodeMessage } from '../../src/directory/request-format.ts'
import {
  at,
  commitmentAfter,
  failsWith,
  lengthen,
  makeBytes,
  makeIdentity,
  makePrekeys,
  publicOf,
} from '../core/identities.ts'
import { type Seen, walkTo } from './client/walks.ts'
import { allPuts } from './records.ts'

/** What the directory may rely on from any DirectoryNetwork: the twin in memory and the plugin over real nodes pass the same. */

export type Harness = {
  /** the network as a node sees it that stores nothing itself */
  readonly network: DirectoryNetwork
  readonly nodes: readonly { readonly address: NodeAddress; readonly storage: Storage }[]
  /** the clock of all nodes, seconds */
  readonly now: number
  /** From then on the node answers nothing. */
  silence(index: number): Promise<void>
}

/** What waiting for silence costs. */
const PATIENCE_MS = 400

const patience = (): AbortSignal => AbortSignal.timeout(PATIENCE_MS)
const plenty = (): AbortSignal => AbortSignal.timeout(60_000)

const alice = makeIdentity('Alice', { devices: 7 })
const prekeys = makePrekeys('Alice')

const recordsAt = (now: number): Parameters<typeof publish>[1] & { readonly log: KeyLog } => {
  const log = lengthen(
    createLog(at(alice.roots, 0), commitmentAfter(alice, 0), { devices: publicOf(alice.devices), time: now - 60 }),
    at(alice.roots, 0),
    4,
  )
  const { spk, kem } = prekeys
  const transport = makeBytes('transport', 32)
  const content = {
    device: 0,
    now: now * 1000,
    inc: makeBytes('inc', 16),
    spk: spk.publicKey,
    kem: kem.publicKey,
    transport,
  }
  return { log, card: { signed: signCard(log, at(alice.devices, 0).sign, content), kem: kem.publicKey } }
}

export const checkNetworkContract = (start: (t: TestContext, size: number) => Promise<Harness>): void => {
  const walk = ({ network }: Harness, target: Uint8Array, value: Uint8Array, signal = plenty()): Promise<Seen> =>
    walkTo(network, target, value, signal)
  const namesOf = ({ closest }: Seen): readonly string[] => closest.map(({ node }) => nameOf(node))
  const answersOf = ({ heard }: Seen): readonly string[] => heard.map(({ node }) => nameOf(node)).sort()

  test('a walk hears each node once and ends with the closest, nearest first, each with a token', async (t) => {
    const harness = await start(t, 6)
    const target = makeBytes('target', 32)
    const id = makeBytes('id', 32)
    const value = encodeMessage({ id, from: 0 })
    const seen = await walk(harness, target, value)
    const names = harness.nodes.map(({ address }) => nameOf(address)).sort()
    assert.deepEqual(answersOf(seen), names)
    for (const { value } of seen.heard) assert.equal(decodeGetAnswer(value).tip, null)
    assert.deepEqual([...namesOf(seen)].sort(), names)
    const distances = seen.closest.map(({ node }) => distanceOf(harness.network.idOf(node), target))
    assert.deepEqual(distances, distances.toSorted(compareDistances))
    assert.deepEqual([[...seen.asked].sort(), seen.complete], [names, true])
    for (const { token } of seen.closest) assert.ok(token.length > 0)
    assert.deepEqual(namesOf(await walk(harness, target, value)), namesOf(seen))
  })

  test('a walk ends with at most 20 nodes', async (t) => {
    const harness = await start(t, 24)
    const seen = await walk(harness, makeBytes('target', 32), encodeMessage({ id: makeBytes('id', 32), from: 0 }))
    assert.equal(seen.closest.length, 20)
    assert.equal(new Set(namesOf(seen)).size, 20)
  })

  test('a PUT with the token of the walk is stored at that node, and an answer is what its storage says', async (t) => {
    const harness = await start(t, 4)
    const { log } = recordsAt(harness.now)
    const value = encodeMessage({ id: log.id, from: 0 })
    const { closest } = await walk(harness, log.id, value)
    const { node, token } = at(closest, 1)
    const held = at(
      harness.nodes.filter(({ address }) => nameOf(address) === nameOf(node)),
      0,
    ).storage
    for (const request of [...allPuts(log), ...allPuts(log)]) {
      const options = { signal: plenty(), target: log.id, token }
      const put = { ...options, command: COMMAND.put, value: encodeMessage(request) }
      const answer = await harness.network.request(node, put)
      assert.ok(answer !== null && answer.value !== null)
      assert.equal(decodePutAnswer(answer.value).refused, null)
    }
    assert.deepEqual(
      harness.nodes.map(({ storage }) => storage.size),
      harness.nodes.map(({ storage }) => (storage === held ? 1 : 0)),
    )
    const get = { command: COMMAND.get, value, signal: plenty(), target: log.id, token }
    const answer = (await harness.network.request(node, get))?.value ?? null
    assert.ok(answer !== null && answer.length > 900, 'as large as answers get')
    // The node's clock may be a second further than when the test began.
    const { now } = decodeGetAnswer(answer)
    assert.ok(Math.abs(now - harness.now) <= 60)
    assert.deepEqual(hex(answer), hex(held.handle(COMMAND.get, value, { now, proven: false }) ?? new Uint8Array(0)))
    const seen = await walk(harness, log.id, value)
    assert.equal(seen.heard.filter((one) => decodeGetAnswer(one.value).tip !== null).length, 1)
  })

  test('a PUT without a token, with a made-up one, or with that of another node is not answered and not stored', async (t) => {
    const harness = await start(t, 3)
    const { log } = recordsAt(harness.now)
    const { closest } = await walk(harness, log.id, encodeMessage({ id: log.id, from: 0 }))
    const { node, token: right } = at(closest, 0)
    const put = { command: COMMAND.put, value: encodeMessage(at(allPuts(log), 0)), target: log.id }
    // All nodes of the real network have one address, but each its own secret.
    const [none, madeUp, others] = await Promise.all(
      [undefined, makeBytes('token', 32), at(closest, 1).token].map((token) =>
        harness.network.request(node, { ...put, token, signal: plenty() }),
      ),
    )
    assert.equal(none, null)
    assert.deepEqual([madeUp?.value, others?.value], [null, null])
    for (const refusal of [madeUp, others]) assert.deepEqual(refusal?.token, right, 'a refusal comes with a right one')
    for (const { storage } of harness.nodes) assert.equal(storage.size, 0)
  })

  test('what a node cannot understand is not answered', async (t) => {
    const harness = await start(t, 2)
    const options = { command: COMMAND.get, signal: plenty(), target: makeBytes('target', 32) }
    const asked = [new Uint8Array(0), makeBytes('garbage', 50)].map((value) =>
      harness.network.request(at(harness.nodes, 0).address, { ...options, value }),
    )
    assert.deepEqual(await Promise.all(asked), [null, null])
  })

  test('a node names others closer to the target asked for, never the one that asks, and says its id', async (t) => {
    const harness = await start(t, 8)
    const { network, nodes } = harness
    // Everybody hears of everybody first.
    await walk(harness, makeBytes('target', 32), encodeMessage({ id: makeBytes('id', 32), from: 0 }))
    const [{ address }, target] = [at(nodes, 0), makeBytes('another', 32)]
    const value = encodeMessage({ id: makeBytes('id', 32), from: 0 })
    const answer = await network.request(address, { target, command: COMMAND.get, value, signal: plenty() })
    assert.ok(answer !== null && answer.closer.length > 0)
    assert.deepEqual(answer.id, network.idOf(address))
    const known = new Set(nodes.map((node) => nameOf(node.address)))
    for (const node of answer.closer) assert.ok(known.has(nameOf(node)) && nameOf(node) !== nameOf(address))
  })

  test('a silent node costs only time: the others are heard, and the walk does not wait for it long', async (t) => {
    const harness = await start(t, 5)
    const silent = nameOf(at(harness.nodes, 4).address)
    await harness.silence(4)
    const value = encodeMessage({ id: makeBytes('id', 32), from: 0 })
    const begun = performance.now()
    const seen = await walk(harness, makeBytes('target', 32), value)
    assert.equal(seen.heard.length, 4)
    assert.ok(!namesOf(seen).includes(silent))
    assert.equal(seen.closest.length, 4)
    assert.deepEqual([seen.asked.length, seen.complete], [5, true])
    const get = { command: COMMAND.get, value, signal: patience(), target: makeBytes('target', 32) }
    assert.equal(await harness.network.request(at(harness.nodes, 4).address, get), null)
    // By itself HyperDHT gives a walk up after 6 s and a request after 4 s.
    assert.ok(performance.now() - begun < 5_500)
  })

  test('a signal ends a walk, which is not complete then', async (t) => {
    const harness = await start(t, 5)
    const stop = new AbortController()
    const value = encodeMessage({ id: makeBytes('id', 32), from: 0 })
    const seen = await walkTo(harness.network, makeBytes('target', 32), value, stop.signal, () => stop.abort())
    assert.deepEqual([seen.heard.length, seen.complete], [1, false])
  })

  test('a signal that is aborted already asks nobody', async (t) => {
    const harness = await start(t, 2)
    const value = encodeMessage({ id: makeBytes('id', 32), from: 0 })
    const seen = await walk(harness, makeBytes('target', 32), value, AbortSignal.abort())
    assert.deepEqual([seen.closest, seen.asked, seen.heard, seen.complete], [[], [], [], false])
    const get = { command: COMMAND.get, value, signal: AbortSignal.abort(), target: makeBytes('target', 32) }
    assert.equal(await harness.network.request(at(harness.nodes, 0).address, get), null)
  })

  test('§4 what is published is found, with its key, at every node', async (t) => {
    const harness = await start(t, 6)
    const records = recordsAt(harness.now)
    const publication = await publish(harness.network, records, plenty())
    assert.deepEqual(
      publication.replicas,
      replicaTargets(records.log.id).map(() => ({ asked: 6, accepted: 6 })),
    )
    assert.deepEqual([publication.accepted, publication.weak, publication.refusals.size], [6, false, 0])
    const found = await lookup(harness.network, records.log.id, { now: harness.now, signal: plenty() })
    assert.deepEqual(found.log.last.hash, records.log.last.hash)
    assert.equal(found.freshness, 'current')
    const { answered, agreeing, failed, complete } = found.evidence
    assert.deepEqual([answered, agreeing, failed, complete], [6, 6, 0, true])
    assert.ok(found.card !== null)
    const kem = await fetchKem(harness.network, { card: found.card, holders: found.holders }, plenty())
    assert.deepEqual(kem, prekeys.kem.publicKey)
    const unknown = lookup(harness.network, makeBytes('unknown', 32), { now: harness.now, signal: plenty() })
    await assert.rejects(unknown, failsWith('ERR_LOOKUP_NOT_FOUND'))
  })
}
