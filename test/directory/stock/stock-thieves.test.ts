import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hex } from '../../../src/core/bytes.ts'
import { signMutable } from '../../../src/core/mutable-value.ts'
import { signSlotMoved } from '../../../src/core/slot.ts'
import { compareDistances, distanceOf } from '../../../src/directory/distance.ts'
import { DENSITY_SUSPECT } from '../../../src/directory/limits.ts'
import type { NodeAddress } from '../../../src/directory/network-port.ts'
import { encodeMutableAnswer } from '../../../src/directory/stock/stock-format.ts'
import { at, failsWith, makeBytes, NOW } from '../../core/identities.ts'
import { idOf } from '../memory-network.ts'
import { publicationOf, rotated, slotKeyAt } from '../publications.ts'
import { alice, keepers, look, never, places, prekeys, publish, SIZE } from './scene.ts'
import { createStockMemory } from './stock-memory.ts'

/** Thieves among stock nodes, and who surrounds a place: what they can and cannot make a reader believe. */

test('the thief of a device spoils its slot: the verdict says so, and after a rotation nobody is misled', async () => {
  const net = createStockMemory(SIZE)
  await publish(net)
  const key = slotKeyAt(alice, 0)
  const spoil = signMutable(key, NOW * 1000 + 50, makeBytes('spoilt', 60))
  for (const node of net.nodes) if (node.mutables.has(hex(places(0)))) node.mutables.set(hex(places(0)), spoil)
  const spoilt = await look(net)
  assert.deepEqual([spoilt.freshness, spoilt.card, spoilt.verdict.kind], ['stale', null, 'stale'])
  assert.deepEqual(spoilt.evidence.flaws, ['spoiled'])
  assert.match(spoilt.verdict.reason, /somebody else may hold its present keys/)
  // The owner cannot write over it, and is told.
  await assert.rejects(publish(net, alice.log, 20), failsWith('ERR_PUBLISH_REFUSED'))
  const log = rotated(alice, alice.log)
  await publish(net, log, 60)
  for (const known of [undefined, alice.log, log]) {
    const found = await look(net, { known })
    assert.deepEqual([found.log.last.hash, found.freshness, found.verdict.kind], [log.last.hash, 'current', 'current'])
  }
})

test('a slot that is closed while its keys hold is a theft too', async () => {
  const net = createStockMemory(SIZE)
  await publish(net)
  const closed = signSlotMoved(slotKeyAt(alice, 0), alice.log.last.hash)
  for (const node of net.nodes) if (node.mutables.has(hex(places(0)))) node.mutables.set(hex(places(0)), closed)
  const found = await look(net)
  assert.deepEqual([found.verdict.kind, found.evidence.flaws], ['stale', ['spoiled']])
})

test('a rotation whose entry nobody shows makes what was found stale, for who signs there has the phrase', async () => {
  const net = createStockMemory(SIZE)
  await publish(net)
  const log = rotated(alice, alice.log)
  // The old slot stays open: nobody but `after` tells of the rotation.
  await net.directory.publish(
    { ...publicationOf(alice, log, prekeys, { serial: NOW * 1000 + 1 }), closed: [] },
    { signal: never() },
  )
  assert.deepEqual((await look(net)).log.last.hash, log.last.hash)
  for (const { immutables } of net.nodes) immutables.delete(hex(log.last.hash))
  const found = await look(net)
  assert.deepEqual(
    [found.log.last.hash, found.freshness, found.evidence.flaws],
    [alice.log.last.hash, 'stale', ['withheld']],
  )
  assert.match(found.verdict.reason, /newer keys/)
})

test('the thief of everything on a device cannot write, block or overwrite the next slot', async () => {
  const net = createStockMemory(SIZE)
  await publish(net)
  const next = places(1)
  // What he has: the present slot's key, and the hash of the next one. Honest nodes refuse all he can make.
  const own = slotKeyAt(alice, 0)
  const forged = { ...signMutable(own, 2 ** 52, makeBytes('block', 50)), key: slotKeyAt(alice, 1).publicKey }
  for (const value of [signMutable(own, 2 ** 52, makeBytes('block', 50)), forged])
    for (const { address } of keepers(net, next)) {
      const token = (
        await net.network.request(address, {
          command: 'mutable-get',
          target: next,
          value: Uint8Array.of(0),
          signal: never(),
        })
      )?.token
      const put = Uint8Array.from([...value.key, ...encodeMutableAnswer(value)])
      const answer = await net.network.request(address, {
        command: 'mutable-put',
        target: next,
        value: put,
        token: token ?? undefined,
        signal: never(),
      })
      assert.equal(answer, null)
    }
  await publish(net, rotated(alice, alice.log), 3)
  assert.equal((await look(net)).log.epoch, 1)
})

/** Addresses in many networks, of which an attacker takes those nearest to a place. */
const crowdAround = (target: Uint8Array, count: number): readonly NodeAddress[] =>
  Array.from({ length: 4000 }, (_, index) => ({ host: `90.${index % 251}.${index % 241}.1`, port: 1024 + index }))
    .map((node) => ({ node, distance: distanceOf(idOf(node), target) }))
    .sort((a, b) => compareDistances(a.distance, b.distance))
    .slice(0, count)
    .map(({ node }) => node)

test('who surrounds the place of the next slot is seen, and honest nodes behind him are reached', async () => {
  const honest = 200
  const next = places(1)
  const crowd = crowdAround(next, 30)
  const net = createStockMemory(honest + crowd.length, {
    addressOf: (index) => crowd[index - honest] ?? { host: `50.${index >> 4}.${index & 15}.1`, port: 4000 },
  })
  for (const node of net.nodes.slice(honest))
    node.behaviour = (_, own) => {
      const answer = own()
      return answer === null ? null : { ...answer, value: new Uint8Array(0), error: 0 }
    }
  await publish(net)
  const quiet = await look(net)
  assert.equal(quiet.verdict.kind, 'eclipse')
  assert.match(quiet.verdict.reason, /a rotation may be hidden/)
  assert.ok((at(quiet.evidence.places, 2).density ?? 0) >= DENSITY_SUSPECT)
  const log = rotated(alice, alice.log)
  await net.directory.publish(
    { ...publicationOf(alice, log, prekeys, { serial: NOW * 1000 + 1 }), closed: [] },
    { signal: never() },
  )
  assert.deepEqual((await look(net)).log.last.hash, log.last.hash)
})

test('what a reader asks for is bounded, whatever those with the slot’s key say', async () => {
  const net = createStockMemory(SIZE)
  await publish(net)
  // Each keeper names another last entry, which nobody has.
  const key = slotKeyAt(alice, 0)
  keepers(net, places(0)).forEach((node, index) => {
    node.mutables.set(hex(places(0)), signSlotMoved(key, makeBytes(`head ${index}`, 32)))
  })
  const wanted = new Set<string>()
  for (const node of net.nodes)
    node.behaviour = ({ command, target }, honest) => {
      if (command === 'immutable-get') wanted.add(hex(target))
      return honest()
    }
  const found = await look(net, { policy: 'first' })
  assert.deepEqual([found.freshness, found.evidence.flaws], ['stale', ['withheld']])
  // Entry 0, and so many last entries; a few places more were measured.
  assert.ok(wanted.size <= 1 + 16, `${wanted.size} values`)
})
