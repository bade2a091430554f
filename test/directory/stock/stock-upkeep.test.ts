import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hex } from '../../../src/core/bytes.ts'
import { at, lengthen, makeBytes, NOW } from '../../core/identities.ts'
import { publicationOf, rotated } from '../publications.ts'
import { alice, never, places, prekeys } from './scene.ts'
import { createStockMemory, type StockMemory } from './stock-memory.ts'

/** What owners and contacts put back at stock nodes, which forget. */

const mailboxes = [makeBytes('mailbox', 32)]
const log = lengthen(alice.log, at(alice.roots, 0), 4)
const records = publicationOf(alice, log, prekeys, { mailboxes })

/** How many values each node keeps. */
const kept = ({ nodes }: StockMemory): readonly string[] =>
  nodes.map(({ immutables, mutables }) => `${immutables.size} ${mutables.size}`)
const all = (size: number, each: string): readonly string[] => Array.from({ length: size }, () => each)

test('its owner puts back every entry, both halves of the key, and the slot', async () => {
  const net = createStockMemory(8)
  await net.directory.publish(records, { signal: never() })
  assert.deepEqual(kept(net), all(8, '6 1'))
  net.forget(3)
  const { repaired, confirmed } = await net.directory.check(records, { now: NOW, signal: never() })
  // Five have nothing, which is what the lookup saw.
  assert.deepEqual([repaired, confirmed], [5, true])
  assert.deepEqual(kept(net), all(8, '6 1'))
})

test('halves of a key that nobody can use are not published', async () => {
  const net = createStockMemory(8)
  await net.directory.publish(publicationOf(alice, log, prekeys), { signal: never() })
  assert.deepEqual(kept(net), all(8, '4 1'))
})

test('a contact puts back what it read: the entries and the signed slot, but no other card', async () => {
  const net = createStockMemory(8)
  await net.directory.publish(records, { signal: never() })
  net.forget(1)
  await net.directory.keep(log, { now: NOW, signal: never() })
  assert.deepEqual(kept(net).slice(1), all(7, '4 1'))
  const slot = records.card.slot
  assert.ok(slot !== undefined)
  for (const { mutables } of net.nodes) assert.deepEqual(mutables.get(hex(places(0)))?.signature, slot.signature)
})

test('a rotation closes the slot before, and puts that back as well', async () => {
  const net = createStockMemory(8)
  await net.directory.publish(records, { signal: never() })
  const later = publicationOf(alice, rotated(alice, log), prekeys, { serial: NOW * 1000 + 1 })
  await net.directory.publish(later, { signal: never() })
  const closed = () => net.nodes.map(({ mutables }) => mutables.get(hex(places(0)))?.seq)
  assert.deepEqual(
    closed(),
    all(8, '').map(() => Number.MAX_SAFE_INTEGER),
  )
  net.forget(2)
  await net.directory.check(later, { now: NOW, signal: never() })
  assert.deepEqual(
    closed(),
    all(8, '').map(() => Number.MAX_SAFE_INTEGER),
  )
})
