import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { MAILBOX_AGE } from '../../src/core/limits/mailbox-limits.ts'
import { STRANGERS_RECEIPTS_MAX } from '../../src/core/limits/message-limits.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { alice } from '../connection/sides.ts'
import { makeBytes } from '../core/identities.ts'

const peer = (name: string): Uint8Array => makeBytes(`peer/${name}`, 32)
const box = (name: string): Uint8Array => makeBytes(`box/${name}`, 32)
const sequence = (name: string): Uint8Array => makeBytes(`sequence/${name}`, 16)
/** A moment, seconds since 1970. */
const NOW = 1_000
const parcel = (name: string): Uint8Array => makeBytes(`parcel/${name}`, 2048)

const open = (t: TestContext): Store => {
  const store = openStore(null)
  t.after(() => store.close())
  return store
}

test('parcels wait in their order until they are left or too old', (t) => {
  const { mailboxOutbox } = open(t)
  for (const [name, at] of [
    ['one', 100],
    ['two', 200],
  ] as const)
    for (const mailbox of ['a', 'b'])
      mailboxOutbox.queue(peer('bob'), box(mailbox), at, { sequence: sequence(name), upto: at, parcel: parcel(name) })
  const queued = mailboxOutbox.queued(peer('bob'))
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
  assert.deepEqual(mailboxOutbox.parcel(first.number), parcel('one'))
  mailboxOutbox.drop(first.number)
  assert.equal(mailboxOutbox.parcel(first.number), null)
  assert.deepEqual(mailboxOutbox.waiting(NOW), [peer('bob')])
  mailboxOutbox.trim(101 + MAILBOX_AGE)
  assert.equal(mailboxOutbox.queued(peer('bob')).length, 2)
  mailboxOutbox.dropAll(peer('bob'))
  assert.deepEqual(mailboxOutbox.waiting(NOW), [])
})

test('how far parcels of a sequence reach, and receipts that are owed, are kept by peer', (t) => {
  const { mailboxOutbox } = open(t)
  assert.equal(mailboxOutbox.parcelled(peer('bob'), sequence('a')), null)
  for (const upto of [3, 5])
    mailboxOutbox.setParcelled(peer('bob'), sequence('a'), { upto, at: 10, mailboxes: box('a') })
  assert.deepEqual(mailboxOutbox.parcelled(peer('bob'), sequence('a')), { upto: 5, at: 10, mailboxes: box('a') })
  assert.equal(mailboxOutbox.parcelled(peer('bob'), sequence('b')), null)
  mailboxOutbox.forgetParcelled(peer('bob'))
  assert.equal(mailboxOutbox.parcelled(peer('bob'), sequence('a')), null)
  for (const _ of [1, 2]) mailboxOutbox.oweReceipt(peer('carol'))
  const owed = ['carol', 'bob'].map((name) => mailboxOutbox.owedReceipt(peer(name), NOW))
  assert.deepEqual(owed, [{ want: false, due: 0 }, null])
  assert.deepEqual(mailboxOutbox.waiting(NOW), [peer('carol')])
  mailboxOutbox.receiptSaid(peer('carol'))
  assert.deepEqual(mailboxOutbox.waiting(NOW), [])
})

test('a receipt that asks for what is missing goes on doing so, and waits for its time', (t) => {
  const { mailboxOutbox } = open(t)
  mailboxOutbox.oweReceipt(peer('bob'), { want: true, due: NOW + 10 })
  assert.deepEqual([mailboxOutbox.owedReceipt(peer('bob'), NOW + 9), mailboxOutbox.waiting(NOW + 9)], [null, []])
  assert.deepEqual(mailboxOutbox.owedReceipt(peer('bob'), NOW + 10), { want: true, due: NOW + 10 })
  assert.deepEqual(mailboxOutbox.waiting(NOW + 10), [peer('bob')])
  mailboxOutbox.oweReceipt(peer('bob'))
  assert.deepEqual(mailboxOutbox.owedReceipt(peer('bob'), NOW), { want: true, due: 0 })
})

test('receipts to those who are no contacts wait for the latest of them, and those to contacts for all', (t) => {
  const store = open(t)
  const { mailboxOutbox, contacts } = store
  contacts.keep(alice.log, NOW)
  mailboxOutbox.oweReceipt(alice.log.id)
  for (let count = 0; count < STRANGERS_RECEIPTS_MAX + 50; count++) mailboxOutbox.oweReceipt(peer(`${count}`))
  assert.equal(mailboxOutbox.waiting(NOW).length, STRANGERS_RECEIPTS_MAX + 1)
  const owed = (id: Uint8Array): boolean => mailboxOutbox.owedReceipt(id, NOW) !== null
  assert.deepEqual([owed(alice.log.id), owed(peer('49')), owed(peer('50'))], [true, false, true])
})
