import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MESSAGE_AGE_MAX, WANT_SPREAD } from '../../src/core/limits/message-limits.ts'
import { endMail } from '../../src/messages/incarnation.ts'
import { onNewIncarnation } from '../../src/store/new-incarnation.ts'
import { openStore } from '../../src/store/store.ts'
import { at, makeBytes, makeIdentity, NOW } from '../core/identities.ts'
import { makeTalkingSides } from '../core/sessions.ts'
import { seededRandom } from '../core/test-bytes.ts'
import { written } from './written.ts'

/** What a store that may have gone back must not go on with. */

const { log } = makeIdentity('Bob')
const carol = makeBytes('carol', 32)
const PAIR = { own: makeBytes('own', 16), device: makeBytes('device', 16) }
const sequence = makeBytes('sequence', 16)

/** Alice has written to Bob, who is away: a session, a sequence, a parcel; and long ago to Carol. */
const start = () => {
  const store = openStore(null)
  const { messages, mailboxOutbox, offlineSessions } = store
  const from = makeBytes('alice', 32)
  for (const [to, when] of [
    [log.id, NOW],
    [carol, NOW - MESSAGE_AGE_MAX - 1],
  ] as const)
    messages.queue(written({ from, to, app: 'handfast' }, 'hello', { at: when * 1000 }))
  for (const peer of [log.id, carol]) {
    messages.beginSequence(peer, PAIR, { sequence, app: 'handfast' })
    mailboxOutbox.queue(peer, makeBytes('mailbox', 32), NOW, { sequence, upto: 1, parcel: makeBytes('parcel', 2048) })
    mailboxOutbox.setParcelled(peer, sequence, { upto: 1, at: NOW, mailboxes: makeBytes('mailboxes', 32) })
  }
  const { alice } = makeTalkingSides('incarnation')
  const when = { begun: NOW, heard: NOW, hello: null, inc: makeBytes('inc', 16) }
  const keys = { log, device: at(log.last.entry.devices, 0), own: makeBytes('own', 33) }
  offlineSessions.keep(
    { h1: makeBytes('h1', 32), ours: true, live: true, ...when, session: alice.session, ...keys },
    NOW,
  )
  const standing = (peer: Uint8Array) => ({
    sessions: offlineSessions.all(peer).map(({ live }) => live),
    sequences: messages.sequences(peer, PAIR).length,
    parcels: mailboxOutbox.queued(peer).length,
    parcelled: mailboxOutbox.parcelled(peer, sequence) !== null,
  })
  return { store, standing }
}

const UNTOUCHED = { sequences: 1, parcels: 1, parcelled: true }
const ENDED = { sequences: 0, parcels: 0, parcelled: false }

test('with a new incarnation nothing goes on, what waits waits still, and whoever was talked with lately is asked', () => {
  const { store, standing } = start()
  const { mailboxOutbox, messages } = store
  store.transaction(() => onNewIncarnation(store, { now: NOW * 1000, random: seededRandom('incarnation') }))
  assert.deepEqual(standing(log.id), { ...ENDED, sessions: [false] })
  assert.deepEqual(standing(carol), { ...ENDED, sessions: [] })
  assert.ok([log.id, carol].every(messages.isWaiting))
  const owed = mailboxOutbox.owedReceipt(log.id, NOW + WANT_SPREAD)
  assert.ok(owed?.want === true && owed.due >= NOW && owed.due < NOW + WANT_SPREAD)
  assert.equal(mailboxOutbox.owedReceipt(carol, NOW + WANT_SPREAD), null)
  store.close()
})

test('they are asked over ten minutes, not all at once', () => {
  const store = openStore(null)
  const from = makeBytes('alice', 32)
  const peers = Array.from({ length: 40 }, (_, index) => makeBytes(`peer/${index}`, 32))
  for (const to of peers) store.messages.queue(written({ from, to, app: 'handfast' }, 'hello', { at: NOW * 1000 }))
  onNewIncarnation(store, { now: NOW * 1000, random: seededRandom('spread') })
  const due = (after: number): number => store.mailboxOutbox.waiting(NOW + after).length
  assert.ok(due(WANT_SPREAD / 4) < 25 && due(WANT_SPREAD / 4) > 0)
  assert.equal(due(WANT_SPREAD), peers.length)
  store.close()
})

test('the mail of one peer alone can be ended as well', () => {
  const { store, standing } = start()
  endMail(store, log.id)
  assert.deepEqual(standing(log.id), { ...ENDED, sequences: 1, sessions: [false] })
  assert.deepEqual(standing(carol), { ...UNTOUCHED, sessions: [] })
  store.close()
})
