import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeAddress } from '../../src/core/address.ts'

import { bob, codeOf } from '../connection/sides.ts'
import { at, NOW } from '../core/identities.ts'
import { boxes, carol, meet } from './residents.ts'

/** Whoever is blocked keeps no mailbox for whom it is blocked by. */

test('a mailbox whose owner is blocked is neither visited nor named, is said to be so, and is there again afterwards', async (t) => {
  const { town, a, b } = await meet(t)
  const [one, other] = boxes.map(({ log }) => encodeAddress(log.id))
  await a.write(b.address, 'hello')
  const sizes = () => town.keeps.map((keep) => (keep.next(bob.log.id, 0, town.world.now) === null ? 0 : 1))
  assert.deepEqual(sizes(), [1, 1])
  const id = at(boxes, 0).log.id
  b.store.blocked.add(id, NOW)
  await b.visit(async ({ mailboxes }) => {
    const { taken, failures } = await mailboxes.fetch()
    assert.equal(taken, 1)
    assert.deepEqual(await Promise.all(failures.map(({ error }) => codeOf(Promise.reject(error)))), [
      'ERR_PEER_BLOCKED',
    ])
    assert.equal(failures[0]?.mailbox, one)
    assert.deepEqual(mailboxes.named(), [one, other])
    const { card } = await a.visit((peer) => peer.lookup(b.address))
    assert.deepEqual(card?.card.mailboxes.map(encodeAddress), [other])
  })
  assert.deepEqual(sizes(), [1, 0])
  b.store.blocked.remove(id)
  await b.fetch()
  assert.deepEqual(sizes(), [0, 0])
})

test('a mailbox of somebody who is blocked cannot be named, and one that is named can be kept on the list', async (t) => {
  const { b } = await meet(t)
  const named = boxes.map(({ log }) => encodeAddress(log.id))
  for (const { log } of [carol, at(boxes, 0)]) b.store.blocked.add(log.id, NOW)
  await b.visit(async ({ mailboxes }) => {
    assert.throws(() => mailboxes.name([encodeAddress(carol.log.id)]), { code: 'ERR_PEER_BLOCKED' })
    mailboxes.name(named)
    mailboxes.name(named.slice(1))
    assert.throws(() => mailboxes.name(named), { code: 'ERR_PEER_BLOCKED' })
  })
})
