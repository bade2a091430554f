import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type KeyLog, rotateLog, updateLog } from '../../../src/core/key-log.ts'
import { CARD_AGE, CARD_AGE_MAX, LOG_ENTRIES_MAX, MAILBOXES_MAX } from '../../../src/core/limits/protocol-limits.ts'
import { RECORD_AGE_MAX } from '../../../src/core/limits/record-limits.ts'
import { createStorage } from '../../../src/directory/node/storage.ts'
import { ANSWER_BYTES_MAX, encodeMessage } from '../../../src/directory/request-format.ts'
import {
  at,
  commitmentAfter,
  cut,
  envelopesOf,
  flip,
  grown,
  lengthen,
  makeBytes,
  makeIdentity,
  makePrekeys,
  NOW,
  publicOf,
} from '../../core/identities.ts'
import { allPuts, cardFor, cardPut, entryPut, get, kemPut, put, putAll, readAll } from '../records.ts'

const alice = makeIdentity('Alice')
const [root0, root1] = [at(alice.roots, 0), at(alice.roots, 1)]
const { id } = alice.log
const content = { devices: publicOf(alice.devices), time: NOW }
const log = updateLog(alice.log, root0, content)
const prekeys = makePrekeys('Alice')
const card = cardFor(log, alice, prekeys)
const rotated = rotateLog(log, root1, commitmentAfter(alice, 1), content)

test('§3 a card is served after it expired too, so that its age is seen, but not taken any more', () => {
  const storage = createStorage()
  putAll(storage, allPuts(log, card, prekeys))
  assert.deepEqual(readAll(storage, id, NOW + CARD_AGE - 1).cards, [card.envelope])
  assert.deepEqual(readAll(storage, id, NOW + CARD_AGE).cards, [card.envelope])
  const late = createStorage()
  putAll(late, allPuts(log))
  assert.equal(put(late, { t: 'card', id, d: card.envelope }, { now: NOW + CARD_AGE }), 'ERR_CARD_EXPIRED')
})

test('§4 an identity is dropped 7 days after its last publication', () => {
  const storage = createStorage()
  putAll(storage, allPuts(log))
  const end = NOW + RECORD_AGE_MAX
  assert.notEqual(get(storage, id, { now: end }).tip, null)
  assert.equal(get(storage, id, { now: end + 1 }).tip, null)
  assert.equal(storage.size, 0)
})

test('§4 repeating one entry prolongs the life of the record, a refused one does not', () => {
  const storage = createStorage()
  putAll(storage, allPuts(log))
  const day = NOW + 24 * 3600
  const entry = entryPut(updateLog(log, root0, content))
  assert.equal(put(storage, { ...entry, d: flip(entry.d) }, { now: day }), 'ERR_LOG_SIGNATURE')
  assert.equal(get(storage, id, { now: NOW + RECORD_AGE_MAX + 1 }).tip, null)
  putAll(storage, allPuts(log))
  putAll(storage, [entryPut(log)], { now: day })
  assert.notEqual(get(storage, id, { now: day + RECORD_AGE_MAX }).tip, null)
})

test('§4 a card prolongs the life of the record, a key half does not', () => {
  const storage = createStorage()
  const later = NOW + 6 * 24 * 3600
  const longer = cardFor(log, alice, prekeys, { age: CARD_AGE_MAX })
  putAll(storage, allPuts(log))
  putAll(storage, [cardPut(longer)], { now: NOW + 10 })
  putAll(storage, [kemPut(longer, prekeys, 0)], { now: later })
  assert.notEqual(get(storage, id, { now: NOW + 10 + RECORD_AGE_MAX }).tip, null)
  assert.equal(get(storage, id, { now: NOW + 11 + RECORD_AGE_MAX }).tip, null)
})

test('§4 a full node refuses another identity, serves and renews those it has, and takes one when one expires', () => {
  const storage = createStorage({ capacity: 2 })
  const bob = makeIdentity('Bob').log
  const carol = makeIdentity('Carol').log
  putAll(storage, allPuts(alice.log))
  putAll(storage, allPuts(bob), { now: NOW + 10 })
  assert.equal(put(storage, entryPut(carol), { now: NOW + 20 }), 'ERR_PUT_FULL')
  assert.equal(storage.size, 2)
  putAll(storage, allPuts(log, card, prekeys), { now: NOW + 20 })
  putAll(storage, [entryPut(carol)], { now: NOW + 10 + RECORD_AGE_MAX + 1 })
  assert.equal(storage.size, 2)
  assert.equal(get(storage, bob.id, { now: NOW + 10 + RECORD_AGE_MAX + 1 }).tip, null)
})

test('§4 one identity cannot fill a node with branches and entries', () => {
  const storage = createStorage({ capacity: 10 })
  const branches = [1, 2, 3, 4].map((index) =>
    lengthen(updateLog(alice.log, root0, { ...content, time: NOW + index }), root0, LOG_ENTRIES_MAX),
  )
  const outcomes = branches.flatMap((branch) => allPuts(branch)).map((request) => put(storage, request))
  assert.equal(
    outcomes.filter((refused) => refused === null).length - 3,
    4 + 40,
    'every branch repeats the first entry',
  )
  assert.ok(outcomes.includes('ERR_PUT_FULL'))
})

test('§4 in a node full of entries a small identity still gets its update, its rotation and its card', () => {
  const storage = createStorage({ capacity: 3 })
  const carol = makeIdentity('Carol')
  const long = lengthen(carol.log, at(carol.roots, 0), 17)
  putAll(storage, [...allPuts(alice.log), ...allPuts(cut(long, 15))])
  assert.equal(put(storage, entryPut(long)), 'ERR_PUT_FULL')
  putAll(storage, [...allPuts(rotated), cardPut(cardFor(rotated, alice, prekeys))])
  const further = updateLog(rotated, root1, content)
  putAll(storage, [entryPut(further)])
  assert.equal(put(storage, cardPut(cardFor(further, alice, prekeys))), 'ERR_PUT_FULL', 'five items are not few')
  putAll(storage, [entryPut(makeIdentity('Bob').log)])
  assert.equal(put(storage, entryPut(makeIdentity('Mallory').log)), 'ERR_PUT_FULL')
  const later = NOW + RECORD_AGE_MAX + 1
  putAll(storage, [...allPuts(cut(long, 15))], { now: later })
})

test('§4 cards take room like entries', () => {
  const storage = createStorage({ capacity: 1 })
  const carol = grown(makeIdentity('Carol', { devices: 7 }))
  const cards = carol.devices.map((_, device) => cardFor(carol.log, carol, prekeys, { device }))
  putAll(storage, [...allPuts(carol.log), ...cards.slice(0, 6).map(cardPut)])
  assert.equal(put(storage, cardPut(at(cards, 6))), 'ERR_PUT_FULL')
  putAll(storage, cards.slice(0, 6).map(cardPut))
  assert.equal(readAll(storage, carol.log.id).cards.length, 6)
})

/** As large as the protocol allows: 64 entries of 7 devices, a fork, 7 cards with 3 mailboxes. */
const largest = (): { identity: KeyLog; storage: ReturnType<typeof createStorage>; cards: number; proof: number } => {
  const carol = makeIdentity('Carol', { devices: 7 })
  const root = at(carol.roots, 0)
  const whole = lengthen(carol.log, root, LOG_ENTRIES_MAX)
  const fork = updateLog(carol.log, root, { devices: publicOf(carol.devices).toReversed(), time: NOW })
  const mailboxes = Array.from({ length: MAILBOXES_MAX }, (_, index) => makeBytes(`mailbox ${index}`, 32))
  const cards = carol.devices.map((_, device) => cardFor(whole, carol, prekeys, { device, mailboxes }))
  const storage = createStorage()
  putAll(storage, [...allPuts(whole), ...allPuts(fork), ...cards.map(cardPut)])
  return { identity: whole, storage, cards: cards.length, proof: 1 }
}

test('§4 the largest identity is read page by page, and no answer is larger than a datagram takes', () => {
  const { identity, storage, cards, proof } = largest()
  const held = readAll(storage, identity.id)
  assert.equal(held.entries.length, LOG_ENTRIES_MAX + proof)
  assert.deepEqual(held.entries.slice(0, LOG_ENTRIES_MAX), envelopesOf(identity))
  assert.equal(held.cards.length, cards)
  for (const page of held.pages) {
    assert.ok(encodeMessage(page).length <= ANSWER_BYTES_MAX)
    assert.ok(page.entries.length + page.cards.length > 0, 'every page brings something')
  }
  assert.equal(held.pages.length, LOG_ENTRIES_MAX + proof + cards)
})

test('§4 a page begins at any place and holds as much as fits', () => {
  const storage = createStorage()
  const long = lengthen(log, root0, 8)
  const later = cardFor(long, alice, prekeys)
  putAll(storage, [...allPuts(long), cardPut(later)])
  assert.deepEqual(get(storage, id, { from: 6 }).entries, envelopesOf(long).slice(6, 8))
  for (const from of [7, 8]) assert.deepEqual(get(storage, id, { from }).cards, [later.envelope])
  const beyond = get(storage, id, { from: 9 })
  assert.deepEqual([beyond.entries, beyond.cards, beyond.entryCount, beyond.cardCount], [[], [], 8, 1])
  for (let from = 0; from < 8; from++) {
    const page = get(storage, id, { from })
    const next = envelopesOf(long)[from + page.entries.length]
    assert.ok(encodeMessage(page).length <= ANSWER_BYTES_MAX)
    if (next === undefined) continue
    assert.ok(
      encodeMessage({ ...page, entries: [...page.entries, next] }).length > ANSWER_BYTES_MAX,
      'one more would not fit',
    )
  }
})
