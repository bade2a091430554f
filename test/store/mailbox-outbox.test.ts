import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { MAILBOX_AGE } from '../../src/core/limits.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { makeBytes } from '../core/identities.ts'

const peer = (name: string): Uint8Array => makeBytes(`peer/${name}`, 32)
const box = (name: string): Uint8Array => makeBytes(`box/${name}`, 32)
const parcel = (name: string): Uint8Array => makeBytes(`parcel/${name}`, 2048)

const open = (t: TestContext): Store => {
  const store = openStore(null)
  t.after(() => store.close())
  return store
}

test('parcels wait in their order until they are left or too old', (t) => {
  const { mail } = open(t)
  for (const [name, at] of [
    ['one', 100],
    ['two', 200],
  ] as const)
    for (const mailbox of ['a', 'b']) mail.queue(peer('bob'), box(mailbox), at, { upto: at, parcel: parcel(name) })
  const queued = mail.queued(peer('bob'))
  assert.deepEqual(
    queued.map(({ mailbox, upto }) => [mailbox, upto]),
    [
      [box('a'), 100],
      [box('b'), 100],
      [box('a'), 200],
      [box('b'), 200],
    ],
  )
  const [first] = queued
  assert.ok(first)
  assert.deepEqual(mail.parcel(first.number), parcel('one'))
  mail.drop(first.number)
  assert.equal(mail.parcel(first.number), null)
  assert.deepEqual(mail.waiting(), [peer('bob')])
  mail.trim(101 + MAILBOX_AGE)
  assert.equal(mail.queued(peer('bob')).length, 2)
  mail.dropAll(peer('bob'))
  assert.deepEqual(mail.waiting(), [])
})

test('how far mail reaches, and receipts that are owed, are kept by peer', (t) => {
  const { mail } = open(t)
  assert.equal(mail.mailed(peer('bob')), null)
  for (const upto of [3, 5]) mail.setMailed(peer('bob'), { upto, at: 10, mailboxes: box('a') })
  assert.deepEqual(mail.mailed(peer('bob')), { upto: 5, at: 10, mailboxes: box('a') })
  mail.forgetMailed(peer('bob'))
  assert.equal(mail.mailed(peer('bob')), null)
  for (const _ of [1, 2]) mail.oweReceipt(peer('carol'))
  assert.deepEqual([mail.owesReceipt(peer('carol')), mail.owesReceipt(peer('bob'))], [true, false])
  assert.deepEqual(mail.waiting(), [peer('carol')])
  mail.receiptSaid(peer('carol'))
  assert.deepEqual(mail.waiting(), [])
})
