import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hex } from '../../src/core/bytes.ts'
import { sha256 } from '../../src/core/kdf.ts'
import { alice, bob } from '../connection/sides.ts'
import { answerTo, createOffice, fetchIds, leave, parcelFor, prove } from './office.ts'

/** Whom the owner of a mailbox has blocked gets nothing of it (docs/spec/mailbox.md §4, §5). */

const fill = async () => {
  const office = createOffice()
  await office.announce(bob)
  await office.announce(alice)
  const parcel = parcelFor(bob, 'one')
  assert.equal(await leave(office.visit(), bob, parcel), 'kept')
  const block = (): void => void office.blocked.add(hex(bob.log.id))
  return { office, parcel, block }
}

test('§4 nothing is taken in for who is blocked, and others notice nothing', async () => {
  const { office, block } = await fill()
  block()
  assert.equal(await leave(office.visit(), bob, parcelFor(bob, 'two')), 'ERR_MAILBOX_RECIPIENT')
  assert.equal(await leave(office.visit(), alice, parcelFor(alice, 'three')), 'kept')
  assert.equal(office.store.size, 2)
})

test('§5 who is blocked is handed nothing, deletes nothing, and has what lies there once it is unblocked', async () => {
  const { office, parcel, block } = await fill()
  block()
  const visit = office.visit()
  assert.equal(await prove(visit, bob), 'ERR_PEER_REFUSED')
  assert.equal(await answerTo(visit, { t: 'next' }), 'ERR_MAILBOX_PROOF')
  assert.equal(office.store.size, 1)
  // Nobody else learns who is: a proof comes first.
  assert.equal(await prove(office.visit(), { ...bob, sign: alice.sign }), 'ERR_MAILBOX_PROOF')
  office.blocked.clear()
  const later = office.visit()
  assert.equal(await prove(later, bob), 'open')
  assert.deepEqual(await fetchIds(later), [sha256(parcel)])
})

test('§5 who is blocked during a visit is handed nothing more', async () => {
  for (const request of [{ t: 'next' }, { t: 'done', ids: [sha256(parcelFor(bob, 'one'))] }] as const) {
    const { office, block } = await fill()
    const visit = office.visit()
    assert.equal(await prove(visit, bob), 'open')
    block()
    assert.equal(await answerTo(visit, request), 'ERR_PEER_REFUSED')
    assert.equal(office.store.size, 1)
  }
})
