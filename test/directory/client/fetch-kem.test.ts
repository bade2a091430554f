import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fetchKem } from '../../../src/directory/client/fetch-kem.ts'
import type { KnownNode } from '../../../src/directory/client/get-requests.ts'
import { lookup } from '../../../src/directory/client/lookup.ts'
import { nameOf } from '../../../src/directory/network-port.ts'
import { replicaTargets } from '../../../src/directory/replicas.ts'
import { COMMAND, decodeGetKemHalfAnswer, encodeMessage } from '../../../src/directory/request-format.ts'
import { at, failsWith, flip, type Identity, makeBytes, makeIdentity, makePrekeys, NOW } from '../../core/identities.ts'
import {
  type Behaviour,
  createMemoryNetwork,
  hanging,
  type MemoryNetwork,
  saying,
  silent,
  tokenOf,
} from '../memory-network.ts'
import { allPuts, cardFor, putAll } from '../records.ts'
import { walkTo } from './walks.ts'

const alice = makeIdentity('Alice')
const prekeys = makePrekeys('Alice')
const { log } = alice
const card = cardFor(log, alice, prekeys)
const never = (): AbortSignal => new AbortController().signal

const filled = (size: number): MemoryNetwork => {
  const net = createMemoryNetwork(size)
  for (const { storage } of net.nodes) putAll(storage, allPuts(log, card, prekeys))
  return net
}
const holdersOf = (net: MemoryNetwork): readonly KnownNode[] =>
  net.nodes.map(({ address }) => ({ node: address, token: tokenOf(address) }))
const fetch = (net: MemoryNetwork, holders = holdersOf(net), signal = never()): Promise<Uint8Array> =>
  fetchKem(net.network, { card, holders }, signal)

const badHalf =
  (half: (honest: Uint8Array | null) => Uint8Array | null): Behaviour =>
  ({ command, honest }) => {
    const answer = honest()
    if (command !== COMMAND.getKemHalf || answer === null) return answer
    return encodeMessage({ half: half(decodeGetKemHalfAnswer(answer).half) })
  }

test('§4 the key is fetched in halves and is the one the card commits to', async () => {
  const net = filled(3)
  assert.deepEqual(await fetch(net), prekeys.kem.publicKey)
})

for (const [what, behaviour] of [
  ['are silent', silent],
  ['never answer', hanging],
  ['send garbage', saying(makeBytes('garbage', 600))],
  ['hold no key', badHalf(() => null)],
  ['send a half with a bit changed', badHalf((half) => half && flip(half))],
  ['send another key', badHalf(() => makeBytes('half', 592))],
] as const)
  test(`§4 one holder is enough when all others ${what}`, async () => {
    const net = filled(20)
    for (const node of net.nodes.slice(0, 19)) node.behaviour = behaviour
    assert.deepEqual(await fetch(net), prekeys.kem.publicKey)
  })

test('§4 when every holder answers and none has the key, it is not found', async () => {
  const net = createMemoryNetwork(3)
  await assert.rejects(fetch(net), failsWith('ERR_LOOKUP_NOT_FOUND'))
  for (const node of net.nodes) node.behaviour = badHalf(() => makeBytes('half', 592))
  await assert.rejects(fetch(net), failsWith('ERR_LOOKUP_NOT_FOUND'))
})

test('§4 a silent holder, no holder and no time are no "not found"', async () => {
  const net = createMemoryNetwork(3)
  at(net.nodes, 1).behaviour = silent
  await assert.rejects(fetch(net), failsWith('ERR_LOOKUP_INCOMPLETE'))
  await assert.rejects(fetch(net, []), failsWith('ERR_LOOKUP_INCOMPLETE'))
  await assert.rejects(fetch(filled(3), undefined, AbortSignal.abort()), failsWith('ERR_LOOKUP_INCOMPLETE'))
})

test('§4 the deadline ends the fetching', async () => {
  const net = filled(3)
  const deadline = new AbortController()
  for (const node of net.nodes) node.behaviour = hanging
  at(net.nodes, 2).behaviour = () => {
    deadline.abort()
    return null
  }
  await assert.rejects(fetch(net, undefined, deadline.signal), failsWith('ERR_LOOKUP_INCOMPLETE'))
})

/** An identity some of whose targets have nodes that are not near the first one, and the nodes near each. */
const spreadOut = async ({
  network,
}: MemoryNetwork): Promise<{ owner: Identity; near: readonly (readonly string[])[] }> => {
  for (;;) {
    // Signatures differ from one to the next, and so do ids.
    const owner = makeIdentity('Alice')
    const value = encodeMessage({ id: owner.log.id, from: 0 })
    const near = await Promise.all(
      replicaTargets(owner.log.id).map(async (target) => {
        const { closest } = await walkTo(network, target, value)
        return closest.map(({ node }) => nameOf(node))
      }),
    )
    if (near.flat().some((name) => !near[0]?.includes(name))) return { owner, near }
  }
}

test('§4 surrounding one target does not hide the key: the holders are of all targets, the nearest first', async () => {
  const net = createMemoryNetwork(120)
  const { owner, near } = await spreadOut(net)
  const current = cardFor(owner.log, owner, prekeys)
  for (const node of net.nodes) {
    const name = nameOf(node.address)
    if (near[0]?.includes(name)) node.behaviour = badHalf(() => null)
    if (near.flat().includes(name)) putAll(node.storage, allPuts(owner.log, current, prekeys))
  }
  const { holders } = await lookup(net.network, owner.log.id, { now: NOW, signal: never() })
  assert.deepEqual(new Set(holders.map(({ node }) => nameOf(node))), new Set(near.flat()))
  const first = new Set(holders.slice(0, 3).map(({ node }) => nameOf(node)))
  for (const names of near) assert.ok(first.has(at(names, 0)), 'the nearest of every target comes first')
  assert.deepEqual(await fetchKem(net.network, { card: current, holders }, never()), prekeys.kem.publicKey)
})
