import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { equal } from '../../../src/core/bytes.ts'
import { updateLog } from '../../../src/core/key-log.ts'
import { LOG_ENTRIES_MAX } from '../../../src/core/limits/protocol-limits.ts'
import { ACCEPTANCES_WANTED } from '../../../src/core/limits/record-limits.ts'
import { publish } from '../../../src/directory/client/publish.ts'
import { nameOf } from '../../../src/directory/network-port.ts'
import { replicaTargets } from '../../../src/directory/replicas.ts'
import { COMMAND, encodeMessage } from '../../../src/directory/request-format.ts'
import {
  at,
  envelopesOf,
  failsWith,
  lengthen,
  makeBytes,
  makeDevice,
  makeIdentity,
  makePrekeys,
  NOW,
  publicOf,
} from '../../core/identities.ts'
import { type Behaviour, createMemoryNetwork, hanging, type MemoryNetwork, silent } from '../memory-network.ts'
import { allPuts, cardFor, entryPut, getKemHalf, putAll, readAll } from '../records.ts'
import { walkTo } from './walks.ts'

const alice = makeIdentity('Alice')
const root0 = at(alice.roots, 0)
const prekeys = makePrekeys('Alice')
const log = lengthen(alice.log, root0, 3)
const card = cardFor(log, alice, prekeys)
const records = { log, card: { signed: card, kem: prekeys.kem.publicKey } }
const never = (): AbortSignal => new AbortController().signal
const run = (
  { network }: MemoryNetwork,
  signal: AbortSignal = never(),
  what: Parameters<typeof publish>[1] = records,
) => publish(network, what, signal)
const refusalsOf = ({ refusals }: { readonly refusals: ReadonlyMap<string, number> }) => Object.fromEntries(refusals)

const onPut =
  (behaviour: Behaviour): Behaviour =>
  (request) =>
    request.command === COMMAND.put ? behaviour(request) : request.honest()
const refusing = (code: string): Behaviour => onPut(() => encodeMessage({ refused: code as 'ERR_REMOTE' }))

test('§4 log, card and key reach every node near a target, and each acceptance is counted there', async () => {
  const net = createMemoryNetwork(20)
  const publication = await run(net)
  assert.deepEqual(
    publication.replicas,
    Array.from({ length: 3 }, () => ({ asked: 20, accepted: 20 })),
  )
  assert.deepEqual([publication.accepted, publication.weak, publication.refusals.size], [20, false, 0])
  for (const { storage } of net.nodes) {
    const held = readAll(storage, log.id)
    assert.deepEqual([held.entries, held.cards], [envelopesOf(log), [card.envelope]])
    assert.deepEqual(
      Buffer.concat([0, 1].map((half) => getKemHalf(storage, card, half) ?? new Uint8Array(0))),
      Buffer.from(prekeys.kem.publicKey),
    )
  }
})

test('§4 a log may be published without a card', async () => {
  const net = createMemoryNetwork(3)
  assert.equal((await run(net, never(), { log })).accepted, 3)
  assert.deepEqual(readAll(at(net.nodes, 0).storage, log.id).cards, [])
})

test('§4 a node near several targets gets every record once', async () => {
  const net = createMemoryNetwork(12)
  await run(net)
  for (const { asked } of net.nodes) {
    assert.equal(asked.get(COMMAND.get), 3)
    // The last entry first, which is a gap, then all of them, the card and two halves.
    assert.equal(asked.get(COMMAND.put), 1 + log.entries.length + 3)
  }
})

test('§4 a node that has the log already is asked for its last entry only', async () => {
  const net = createMemoryNetwork(1)
  const longest = lengthen(log, root0, LOG_ENTRIES_MAX)
  await run(net, never(), { log: longest })
  const puts = (): number => at(net.nodes, 0).asked.get(COMMAND.put) ?? 0
  assert.equal(puts(), 1 + LOG_ENTRIES_MAX)
  const before = puts()
  await run(net, never(), { log: longest })
  assert.equal(puts(), before + 1)
})

test('§4 in a large network every target has 20 nodes of its own', async () => {
  const net = createMemoryNetwork(300)
  const publication = await run(net)
  assert.deepEqual(
    publication.replicas,
    Array.from({ length: 3 }, () => ({ asked: 20, accepted: 20 })),
  )
  const holding = net.nodes.filter(({ storage }) => storage.size === 1).length
  assert.equal(publication.accepted, holding)
  assert.ok(holding >= 20 && holding <= 60, 'targets may share nodes')
})

test('§4 refusals are counted by their reason, and silence and nonsense have one too', async () => {
  const net = createMemoryNetwork(20)
  const behaviours: readonly Behaviour[] = [
    refusing('ERR_PUT_FULL'),
    refusing('ERR_PUT_FULL'),
    refusing('ERR_REASON_OF_A_LATER_VERSION'),
    onPut(() => null),
    onPut(() => makeBytes('garbage', 30)),
  ]
  for (const [index, behaviour] of behaviours.entries()) at(net.nodes, index).behaviour = behaviour
  const publication = await run(net)
  assert.equal(publication.accepted, 15)
  assert.deepEqual(refusalsOf(publication), { ERR_PUT_FULL: 2, ERR_REMOTE: 1, ERR_TIMEOUT: 1, ERR_REQUEST_DECODE: 1 })
  assert.equal(publication.weak, false)
})

test("§4 what a node really refuses: a full store, an older card, a fork's card", async () => {
  const net = createMemoryNetwork(3, { capacity: 1 })
  putAll(at(net.nodes, 0).storage, allPuts(makeIdentity('Bob').log))
  putAll(at(net.nodes, 1).storage, allPuts(log, cardFor(log, alice, prekeys, { serial: NOW * 1000 + 1 })))
  const publication = await run(net)
  assert.deepEqual(refusalsOf(publication), { ERR_PUT_FULL: 1, ERR_CARD_SERIAL: 1 })
  assert.deepEqual([publication.accepted, publication.weak], [1, true])
  const theft = updateLog(alice.log, root0, { devices: publicOf([makeDevice('Mallory')]), time: NOW })
  const forked = createMemoryNetwork(2)
  putAll(at(forked.nodes, 0).storage, allPuts(theft))
  assert.deepEqual(refusalsOf(await run(forked)), { ERR_CARD_HEAD: 1 })
})

test('§4 fewer than 8 acceptances at a target are weak, and 8 are not', async () => {
  for (const [accepting, weak] of [
    [ACCEPTANCES_WANTED, false],
    [ACCEPTANCES_WANTED - 1, true],
  ] as const) {
    const net = createMemoryNetwork(20)
    for (const node of net.nodes.slice(accepting)) node.behaviour = refusing('ERR_PUT_FULL')
    assert.deepEqual([(await run(net)).accepted, (await run(net)).weak], [accepting, weak])
  }
})

test('§4 in a network of fewer than 8 nodes all have to accept', async () => {
  const net = createMemoryNetwork(5)
  assert.equal((await run(net)).weak, false)
  at(net.nodes, 0).behaviour = onPut(silent)
  assert.equal((await run(net)).weak, true)
})

test('§4 a target where nobody answers is weak, however well the others went', async () => {
  const net = createMemoryNetwork(20)
  const [first] = replicaTargets(log.id)
  const publication = await publish(
    {
      ...net.network,
      request: async (node, request) =>
        first !== undefined && equal(request.target, first) ? null : net.network.request(node, request),
    },
    records,
    never(),
  )
  assert.deepEqual(publication.replicas, [
    { asked: 0, accepted: 0 },
    { asked: 20, accepted: 20 },
    { asked: 20, accepted: 20 },
  ])
  assert.equal(publication.weak, true)
})

test('§4 a publication that its deadline cut short is weak', async () => {
  const net = createMemoryNetwork(20)
  const deadline = new AbortController()
  const waiting = at(net.nodes, 19)
  let asked = 0
  waiting.behaviour = (request) => {
    asked += 1
    // Once all targets have asked: every other node has been asked in the same round.
    if (asked === 3) turn().then(() => deadline.abort())
    return hanging(request)
  }
  // What has been heard is put to before the deadline is over.
  const { network } = net
  const request: typeof network.request = (node, { signal, ...rest }) =>
    network.request(node, rest.command === COMMAND.put ? { ...rest, signal: never() } : { ...rest, signal })
  const publication = await publish({ ...network, request }, records, deadline.signal)
  assert.deepEqual([publication.accepted, publication.weak], [19, true])
})

test('§4 ERR_PUBLISH_REFUSED when nobody accepts', async () => {
  const refused = createMemoryNetwork(4)
  for (const node of refused.nodes) node.behaviour = refusing('ERR_PUT_FULL')
  await assert.rejects(run(refused), failsWith('ERR_PUBLISH_REFUSED'))
  const mute = createMemoryNetwork(4)
  for (const node of mute.nodes) node.behaviour = silent
  await assert.rejects(run(mute), failsWith('ERR_PUBLISH_REFUSED'))
  await assert.rejects(run(createMemoryNetwork(0)), failsWith('ERR_PUBLISH_REFUSED'))
  await assert.rejects(run(createMemoryNetwork(4), AbortSignal.abort()), failsWith('ERR_PUBLISH_REFUSED'))
})

test('§4 the deadline ends a publication with the acceptances so far', async () => {
  const net = createMemoryNetwork(10)
  const deadline = new AbortController()
  const last = at(net.nodes, 9)
  let accepted = 0
  for (const node of net.nodes.slice(0, 9))
    node.behaviour = ({ command, value, honest }) => {
      const answer = honest()
      if (command === COMMAND.put && value.length > 600 && ++accepted === 18) queueMicrotask(() => deadline.abort())
      return answer
    }
  last.behaviour = onPut(hanging)
  const publication = await run(net, deadline.signal)
  assert.equal(publication.accepted, 9)
  assert.deepEqual(refusalsOf(publication), { ERR_TIMEOUT: 1 })
})

test('§4 only nodes with a valid token are put to: a thief of tokens stores nothing', async () => {
  const net = createMemoryNetwork(2)
  const [node, neighbour] = [at(net.nodes, 0), at(net.nodes, 1)]
  const value = encodeMessage({ id: log.id, from: 0 })
  const { closest } = await walkTo(net.network, log.id, value)
  const token = closest.find((one) => nameOf(one.node) === nameOf(neighbour.address))?.token
  assert.ok(token !== undefined)
  const put = { command: COMMAND.put, value: encodeMessage(entryPut(log, 0)), signal: never(), target: log.id }
  assert.equal((await net.network.request(node.address, { ...put, token }))?.value, null)
  assert.equal(await net.network.request(node.address, put), null)
  assert.equal(node.storage.size, 0)
})
