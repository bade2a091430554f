import assert from 'node:assert/strict'
import { test } from 'node:test'
import { updateLog } from '../../../src/core/key-log.ts'
import { REPLICA_NODES } from '../../../src/core/limits/record-limits.ts'
import type { Lookup } from '../../../src/directory/client/lookup.ts'
import type { Policy } from '../../../src/directory/client/policies.ts'
import { publish } from '../../../src/directory/client/publish.ts'
import { compareDistances, distanceOf, fractionOf } from '../../../src/directory/distance.ts'
import { DENSITY_SUSPECT, REPLICA_NODES_WIDENED } from '../../../src/directory/limits.ts'
import { type NodeAddress, nameOf } from '../../../src/directory/network-port.ts'
import { replicaTargets } from '../../../src/directory/replicas.ts'
import { COMMAND, encodeMessage } from '../../../src/directory/request-format.ts'
import { at, type Identity, makeBytes, makeIdentity, makePrekeys, NOW, publicOf } from '../../core/identities.ts'
import { createMemoryNetwork, idOf, type MemoryNetwork, type MemoryNode } from '../memory-network.ts'
import { cardFor } from '../records.ts'
import { fill, find, never } from './searches.ts'

/** Lookups and publications among some hundred nodes with public addresses, and attackers who choose theirs. */

/** Whose three places are far from each other: an attacker's crowds are three, not one. */
const alice = ((): Identity => {
  for (;;) {
    // Signatures differ from one to the next, and so do ids and places.
    const identity = makeIdentity('Alice')
    const [a, b, c] = replicaTargets(identity.log.id) as [Uint8Array, Uint8Array, Uint8Array]
    if ([distanceOf(a, b), distanceOf(b, c), distanceOf(a, c)].every((apart) => fractionOf(apart) > 0.25))
      return identity
  }
})()
const prekeys = makePrekeys('Alice')
const old = alice.log
const log = updateLog(old, at(alice.roots, 0), { devices: publicOf(alice.devices), time: NOW })
const card = cardFor(log, alice, prekeys)
const targets = replicaTargets(log.id)

const SIZE = 200
const GROUND = 5_000 // addresses that an attacker chooses from
const honestAddress = (index: number): NodeAddress => ({ host: `50.${index >> 4}.${index & 15}.1`, port: 4000 })

/** Addresses that an attacker chose from many, nearest to each target. */
const groundAddresses = (each: number, hostOf: (index: number) => string): readonly NodeAddress[] => {
  const choices = Array.from({ length: GROUND }, (_, index) => ({ host: hostOf(index), port: 1024 + index }))
  const nodes = choices.map((node) => ({ node, id: idOf(node) }))
  return targets.flatMap((target) =>
    nodes
      .map(({ node, id }) => ({ node, distance: distanceOf(id, target) }))
      .sort((a, b) => compareDistances(a.distance, b.distance))
      .slice(0, each)
      .map(({ node }) => node),
  )
}
const onePort = groundAddresses(20, () => '99.9.9.9')
const manyHosts = groundAddresses(30, (index) => `90.${index % 251}.${index % 241}.1`)

/** A place that is near none of the targets, nor so near as to share their crowds. */
const elsewhere = (size: number): Uint8Array => {
  for (let tries = 0; ; tries++) {
    const place = makeBytes(`elsewhere ${tries}`, size)
    if (targets.every((target) => fractionOf(distanceOf(target, place)) > 0.1)) return place
  }
}

/** The attacker's nodes come after the honest ones. */
const start = (sybils: readonly NodeAddress[] = []): MemoryNetwork =>
  createMemoryNetwork(SIZE + sybils.length, { addressOf: (index) => sybils[index - SIZE] ?? honestAddress(index) })
const honestOf = ({ nodes }: MemoryNetwork): readonly MemoryNode[] => nodes.slice(0, SIZE)
const closestTo = (nodes: readonly MemoryNode[], target: Uint8Array, count: number): readonly MemoryNode[] =>
  nodes
    .map((node) => ({ node, distance: distanceOf(idOf(node.address), target) }))
    .sort((a, b) => compareDistances(a.distance, b.distance))
    .slice(0, count)
    .map(({ node }) => node)
/** The nodes that keep an identity when nobody interferes. */
const keepers = (net: MemoryNetwork): readonly MemoryNode[] => [
  ...new Set(targets.flatMap((target) => closestTo(honestOf(net), target, REPLICA_NODES))),
]
/** Serve the log from before, and take every PUT without keeping it. */
const freeze = (nodes: readonly MemoryNode[]): void => {
  fill(nodes, old, [cardFor(old, alice, prekeys)])
  for (const node of nodes)
    node.behaviour = ({ command, honest }) => (command === COMMAND.put ? encodeMessage({ refused: null }) : honest())
}
const hasUpdate = (node: MemoryNode): boolean => node.storage.size > 0
const look = (net: MemoryNetwork, policy?: Policy): Promise<Lookup> => find(net, log.id, never(), NOW, policy)
const publishUpdate = (net: MemoryNetwork) =>
  publish(net.network, { log, card: { signed: card, kem: prekeys.kem.publicKey } }, never())

test('§4 in an honest network what everybody holds is current, and the evidence adds up', async () => {
  const net = start()
  fill(keepers(net), log, [card])
  const { verdict, evidence } = await look(net)
  assert.equal(verdict.kind, 'current', verdict.reason)
  const { asked, answered, passed, failed, agreeing, networks, local, density, age, complete, places } = evidence
  assert.deepEqual([answered, agreeing, failed, complete, local], [keepers(net).length, answered, 0, true, false])
  assert.equal(asked, answered + passed + failed)
  assert.equal(networks, answered)
  assert.equal(age, 0)
  assert.ok(density !== null && density < DENSITY_SUSPECT)
  assert.deepEqual(
    places.map(({ closest, agreeing, pathsAgreeing, paths }) => [closest, agreeing, paths, pathsAgreeing]),
    [20, 20, 20].map((all) => [all, all, 4, 4]),
  )
  assert.deepEqual([evidence.paths, evidence.pathsAgreeing], [12, 12])
})

test('§4 20 ports of one address do not fill a place: an update reaches honest nodes, readers find it, and no alarm rings', async () => {
  const net = start(onePort)
  freeze(net.nodes.slice(SIZE))
  const { replicas } = await publishUpdate(net)
  for (const { asked } of replicas) assert.equal(asked, REPLICA_NODES)
  for (const target of targets) {
    const reached = closestTo(honestOf(net), target, REPLICA_NODES).filter(hasUpdate)
    assert.ok(reached.length >= REPLICA_NODES - 2, `${reached.length} honest nodes`)
  }
  const { log: found, verdict, evidence } = await look(net)
  assert.deepEqual(found.last.hash, log.last.hash)
  assert.equal(verdict.kind, 'current', verdict.reason)
  assert.ok(evidence.older <= 4 * 3, 'four of them are asked at each of three places')
})

test('§4 many addresses around all places: the update gets past them, is found, and the verdict is a possible eclipse', async () => {
  const net = start(manyHosts)
  freeze(net.nodes.slice(SIZE))
  const { replicas, crowded } = await publishUpdate(net)
  assert.equal(crowded, true)
  for (const { asked } of replicas)
    assert.ok(asked > 30 && asked <= REPLICA_NODES_WIDENED, `${asked}: more than all of hers`)
  const reached = honestOf(net).filter(hasUpdate).length
  assert.ok(reached >= 10, `${reached} honest nodes`)
  const found = await look(net)
  assert.deepEqual(found.log.last.hash, log.last.hash)
  assert.equal(found.verdict.kind, 'eclipse', found.verdict.reason)
  for (const place of found.evidence.places) assert.ok((place.density ?? 0) >= DENSITY_SUSPECT)
})

test('§4 an eclipse that hides the update altogether never yields a current verdict, under any policy', async () => {
  const net = start(manyHosts)
  // All honest nodes that might have been told are gone.
  for (const node of honestOf(net))
    node.behaviour = ({ command, honest }) => (command === COMMAND.put ? null : honest())
  fill(net.nodes.slice(SIZE), old, [cardFor(old, alice, prekeys)])
  for (const policy of ['first', 'fresh', 'thorough'] as const) {
    const { log: found, freshness, verdict } = await look(net, policy)
    assert.deepEqual([found.last.hash, freshness], [old.last.hash, 'current'], 'what the attacker shows is well signed')
    assert.equal(verdict.kind, policy === 'first' ? 'unconfirmed' : 'eclipse')
  }
})

test('§4 an eclipse is noticed also when the random place happens to be in the midst of the crowd', async () => {
  const net = start(manyHosts)
  fill(net.nodes.slice(SIZE), old, [cardFor(old, alice, prekeys)])
  let calls = 0
  // Salts of three walks, then place and salt of the fourth; and those of the fifth, which has no better luck.
  const random = (size: number): Uint8Array => (calls++ < 7 ? at(targets, 0) : elsewhere(size))
  const { verdict } = await find({ network: { ...net.network, random } }, log.id)
  assert.ok(calls > 7)
  assert.equal(verdict.kind, 'eclipse', verdict.reason)
})

test('§4 where a crowd says "nothing", that is no "not found"', async () => {
  const net = start(manyHosts)
  await assert.rejects(look(net), { code: 'ERR_LOOKUP_INCOMPLETE' })
  await assert.rejects(look(start()), { code: 'ERR_LOOKUP_NOT_FOUND' })
})

test('§4 a family of a few nodes is no eclipse, and not called current beyond doubt either', async () => {
  for (const size of [1, 2, 5, 12, 19]) {
    const net = createMemoryNetwork(size)
    fill(net.nodes, log, [card])
    const { verdict, evidence } = await look(net)
    assert.deepEqual([verdict.kind, evidence.density, evidence.local], ['few', null, true], `${size}`)
  }
})

test('§4 the policy first ends with what is valid and current, and does not wait for others', async () => {
  const net = start()
  fill(keepers(net), log, [card])
  const { clock } = net.network
  for (const [index, node] of net.nodes.entries())
    node.behaviour = ({ honest }) => new Promise((resolve) => clock.after(50 + index, () => resolve(honest())))
  const asked = (): number => net.nodes.reduce((sum, node) => sum + (node.asked.get(COMMAND.get) ?? 0), 0)
  const quick = await look(net, 'first')
  assert.deepEqual([quick.freshness, quick.verdict.kind, quick.evidence.complete], ['current', 'unconfirmed', false])
  const few = asked()
  await look(net, 'fresh')
  assert.ok(asked() - few > few, `${few} and ${asked() - few} requests`)
  // What has no current card does not end it.
  const stale = start()
  fill(keepers(stale), log)
  const { freshness, evidence } = await look(stale, 'first')
  assert.deepEqual([freshness, evidence.complete, evidence.answered], ['stale', true, keepers(stale).length])
})

test('§4 the policy thorough waits for slow nodes that fresh leaves behind', async () => {
  const slow = async (policy: Policy): Promise<Lookup> => {
    const net = start()
    fill(keepers(net), log, [card])
    const { clock } = net.network
    for (const node of keepers(net).filter((_, index) => index % 3 === 0))
      node.behaviour = ({ honest }) => new Promise((resolve) => clock.after(1_500, () => resolve(honest())))
    return look(net, policy)
  }
  const [fresh, thorough] = [await slow('fresh'), await slow('thorough')]
  assert.ok(fresh.evidence.failed > 0)
  assert.equal(thorough.evidence.failed, 0)
  assert.deepEqual([fresh.evidence.complete, thorough.evidence.complete], [true, true])
})

test('§4 follow-up requests show the token of the first answer, and one that has expired is replaced', async () => {
  const net = createMemoryNetwork(3)
  const { kem } = prekeys
  await publishUpdate(net)
  const tokens = new Set<boolean>()
  const { network } = net
  const request: typeof network.request = async (node, message) => {
    const isFirst = message.command === COMMAND.get && message.token === undefined
    tokens.add(isFirst)
    const answer = await network.request(node, message)
    // The token that comes with the first answer has expired by the time it is shown.
    return isFirst && answer !== null ? { ...answer, token: new Uint8Array(32) } : answer
  }
  const { fetchKem } = await import('../../../src/directory/client/fetch-kem.ts')
  const found = await find({ ...net, network: { ...network, request } }, log.id)
  assert.ok(found.card !== null)
  const key = await fetchKem({ ...network, request }, { card: found.card, holders: found.holders }, never())
  assert.deepEqual(key, kem.publicKey)
  assert.deepEqual(tokens, new Set([true, false]))
})

test('§4 nodes named at private addresses are not asked from a public network', async () => {
  const net = start()
  fill(keepers(net), log, [card])
  const asked = new Set<string>()
  const { network } = net
  for (const node of net.nodes.slice(0, 60))
    node.manner = (answer) => ({
      ...answer,
      closer: [
        { host: '192.168.0.1', port: 80 },
        { host: '127.0.0.1', port: 22 },
      ],
    })
  const request: typeof network.request = (node, message) => {
    asked.add(nameOf(node))
    return network.request(node, message)
  }
  await find({ ...net, network: { ...network, request } }, log.id)
  assert.ok(asked.size > 20)
  for (const name of asked) assert.match(name, /^50\./)
})
