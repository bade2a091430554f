import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hex } from '../../../src/core/bytes.ts'
import { signMutable } from '../../../src/core/mutable-value.ts'
import { encodeMutableAnswer } from '../../../src/directory/stock/stock-format.ts'
import { at, failsWith, flip, lengthen, makeBytes, NOW } from '../../core/identities.ts'
import { publicationOf, slotKeyAt } from '../publications.ts'
import { alice, keepers, look, mallory, never, places, prekeys, publish, SIZE } from './scene.ts'
import { createStockMemory, type StockBehaviour } from './stock-memory.ts'

/** Stock nodes that lie: one honest node is enough. */

const answering =
  (command: string, change: (value: Uint8Array) => Uint8Array): StockBehaviour =>
  (request, honest) => {
    const answer = honest()
    if (answer === null || answer.value === null || request.command !== command) return answer
    return { ...answer, value: change(answer.value) }
  }

test('of the values that nodes show the highest counts, and nodes with a lower one are older', async () => {
  const net = createStockMemory(SIZE)
  await publish(net)
  const liars = keepers(net, places(0)).slice(0, 12)
  const old = liars.map(({ mutables }) => mutables.get(hex(places(0))))
  await publish(net, alice.log, 5)
  liars.forEach(({ mutables }, index) => {
    const value = old[index]
    assert.ok(value !== undefined)
    mutables.set(hex(places(0)), value)
  })
  const { card, evidence, verdict } = await look(net)
  assert.equal(card?.card.serial, NOW * 1000 + 5)
  const slot = at(evidence.places, 1)
  assert.deepEqual([slot.what, slot.closest, slot.older, slot.agreeing], ['slot', 20, 12, 8])
  assert.ok(evidence.older >= 12)
  assert.equal(verdict.kind, 'current')
})

test('garbage is invalid, silence is a failure, nothing is nothing: one honest node is enough', async () => {
  const net = createStockMemory(SIZE)
  const records = publicationOf(alice, alice.log, prekeys)
  await net.directory.publish(records, { signal: never() })
  const [garbage, forged, silent] = [
    keepers(net, places(0)).slice(0, 5),
    keepers(net, places(0)).slice(5, 10),
    keepers(net, places(0)).slice(10, 15),
  ]
  for (const node of garbage) node.behaviour = answering('mutable-get', () => makeBytes('garbage', 200))
  // The right bytes under the right number, which another has signed.
  const { slot: right } = records.card
  assert.ok(right !== undefined)
  const stolen = signMutable(slotKeyAt(mallory, 0), right.seq, right.value)
  for (const node of forged) node.behaviour = answering('mutable-get', () => encodeMutableAnswer(stolen))
  for (const node of silent) node.behaviour = () => null
  const { freshness, card, evidence } = await look(net)
  assert.deepEqual([freshness, card?.hash], ['current', records.card.signed.hash])
  const slot = at(evidence.places, 1)
  assert.ok(evidence.invalid >= 10, `${evidence.invalid} invalid`)
  assert.ok(evidence.failed >= 5, `${evidence.failed} failed`)
  assert.ok(slot.agreeing >= 5)
  assert.deepEqual(evidence.flaws, [])
})

test('an entry with one bit changed, or one of somebody else, is not what was asked for', async () => {
  const net = createStockMemory(SIZE)
  await publish(net)
  const [first, other] = [at(alice.log.entries, 0).envelope, at(mallory.log.entries, 0).envelope]
  net.nodes.forEach((node, index) => {
    node.behaviour = answering('immutable-get', (value) =>
      value.length === 0 ? value : index % 2 === 0 ? flip(first) : other,
    )
  })
  await assert.rejects(look(net), failsWith('ERR_LOOKUP_INCOMPLETE'))
  at(keepers(net, alice.log.id), 7).behaviour = null
  const { freshness, evidence } = await look(net)
  const { agreeing, closest } = at(evidence.places, 0)
  assert.deepEqual([freshness, agreeing, closest], ['current', 1, 20])
  assert.ok(evidence.invalid >= 19)
})

test('nodes that keep the slot from before serve an old card, and a reader who knows a later one hears that they are older', async () => {
  const net = createStockMemory(SIZE)
  await publish(net)
  const before = net.nodes.map(({ mutables }) => new Map(mutables))
  await publish(net, alice.log, 7)
  // Every node: that is what an eclipse of the slot comes to. The floor of a reader knows better (identity §5).
  net.nodes.forEach((node, index) => {
    node.mutables.clear()
    for (const [key, value] of before[index] ?? []) node.mutables.set(key, value)
  })
  const { card } = await look(net)
  assert.equal(card?.card.serial, NOW * 1000)
})

test('of the entries between the first and the last one honest node each is enough', async () => {
  const net = createStockMemory(SIZE)
  const log = lengthen(alice.log, at(alice.roots, 0), 4)
  await publish(net, log)
  const first = hex(alice.log.id)
  for (const node of net.nodes)
    node.behaviour = (request, honest) => {
      const answer = honest()
      const isLie =
        request.command === 'immutable-get' && hex(request.target) !== first && (answer?.value?.length ?? 0) > 0
      return isLie && answer !== null ? { ...answer, value: makeBytes('lie', 300) } : answer
    }
  // Whoever lies is not slower.
  for (const { hash } of log.entries) at(keepers(net, hash), 11).behaviour = (_, honest) => honest()
  const { log: found, freshness } = await look(net)
  assert.deepEqual([found.last.hash, freshness], [log.last.hash, 'current'])
})

test('who is silent to what is put has not taken it, and who only says so is counted as he says', async () => {
  const net = createStockMemory(SIZE)
  for (const node of net.nodes) node.behaviour = ({ command }, honest) => (command.endsWith('put') ? null : honest())
  await assert.rejects(publish(net), failsWith('ERR_PUBLISH_REFUSED'))
  for (const node of keepers(net, places(0)).slice(0, 5)) node.behaviour = null
  for (const node of keepers(net, alice.log.id)) node.behaviour = null
  const slot = keepers(net, places(0)).filter(({ behaviour }) => behaviour === null).length
  const { replicas, weak } = await publish(net)
  assert.deepEqual(replicas, [
    { asked: 20, accepted: 20 },
    { asked: 20, accepted: slot },
  ])
  assert.equal(weak, slot < 8)
})
