import assert from 'node:assert/strict'
import { test } from 'node:test'
import { updateLog } from '../../../src/core/key-log.ts'
import { LABEL_CARD } from '../../../src/core/labels.ts'
import { CARD_AGE, CLOCK_TOLERANCE } from '../../../src/core/limits/protocol-limits.ts'
import { RECORD_AGE_MAX } from '../../../src/core/limits/record-limits.ts'
import { createStorage } from '../../../src/directory/node/storage.ts'
import { COMMAND, decodeGetAnswer, encodeMessage, type PutRequest } from '../../../src/directory/request-format.ts'
import { at, makeIdentity, makePrekeys, NOW, publicOf, signDraft } from '../../core/identities.ts'
import { createMachine, DAY, HOUR } from '../../core/wrong-clocks.ts'
import { allPuts, cardFor, cardPut, entryPut, get, put, putAll, readAll } from '../records.ts'

/** A storage node and times: what its own clock decides, and what it says of it. */

const alice = makeIdentity('Alice')
const root = at(alice.roots, 0)
const { id } = alice.log
const content = { devices: publicOf(alice.devices), time: NOW }
const log = updateLog(alice.log, root, content)
const card = cardFor(log, alice, makePrekeys('Alice'))

test('§2 what an entry says of its time keeps it from no node, by whatever clock', () => {
  const ahead = updateLog(log, root, { ...content, time: Number.MAX_SAFE_INTEGER })
  const after = updateLog(ahead, root, { ...content, time: Number.MAX_SAFE_INTEGER })
  for (const now of [0, NOW, NOW + 50 * CARD_AGE]) {
    const storage = createStorage()
    for (const request of allPuts(after)) assert.equal(put(storage, request, { now }), null)
  }
})

test('§4 a card that was accepted while this clock was ahead keeps no later one out', () => {
  const storage = createStorage()
  const days = 3 * CARD_AGE
  putAll(storage, allPuts(log))
  const fields = { from: NOW + days, until: NOW + days + CARD_AGE, serial: (NOW + days) * 1000 }
  const envelope = signDraft({ ...card.card, mailboxes: [], ...fields }, at(alice.devices, 0).sign, LABEL_CARD)
  const ahead: PutRequest = { t: 'card', id, d: envelope }
  assert.equal(put(storage, ahead, { now: NOW + days }), null)
  // Within what clocks may differ by, the later serial stands.
  const soon = { from: NOW + CLOCK_TOLERANCE, serial: (NOW + CLOCK_TOLERANCE) * 1000 }
  assert.equal(put(storage, cardPut(card), { now: NOW }), null)
  assert.deepEqual(readAll(storage, id).cards, [card.envelope])
  assert.equal(put(storage, ahead, { now: NOW }), 'ERR_CARD_AHEAD')
  const later = signDraft({ ...card.card, mailboxes: [], ...soon }, at(alice.devices, 0).sign, LABEL_CARD)
  assert.equal(put(storage, { t: 'card', id, d: later }), null)
  assert.equal(put(storage, cardPut(card)), 'ERR_CARD_SERIAL')
})

test('§9 every answer to GET says the time of the node, whatever it holds; a clock before 1970 says 0', () => {
  const filled = createStorage()
  putAll(filled, allPuts(log, card))
  for (const storage of [createStorage(), filled])
    for (const [now, said] of [
      [NOW, NOW],
      [-5, 0],
      [2 ** 40, 2 ** 40],
    ] as const) {
      const answer = storage.handle(COMMAND.get, encodeMessage({ id, from: 0 }), { now, proven: false })
      assert.ok(answer !== null)
      assert.equal(decodeGetAnswer(answer).now, said)
    }
})

test('§4 a clock that is days ahead, or behind, for less than an hour has no record dropped', () => {
  for (const off of [8 * DAY, 400 * DAY, -8 * DAY, -400 * DAY]) {
    const machine = createMachine()
    const storage = createStorage({ capacity: 3, steady: machine.steady })
    const now = machine.wall
    putAll(storage, allPuts(log), { now: now() })
    machine.off = off
    machine.time += 60
    // Asked for, swept, put to, and looked through for room.
    assert.notEqual(get(storage, id, { now: now() }).tip, null)
    storage.sweep(now())
    for (const name of ['Bob', 'Carol'])
      putAll(storage, allPuts(makeIdentity(name).log), { now: now(), from: '203.0.113.1' })
    assert.equal(put(storage, entryPut(makeIdentity('Mallory').log), { now: now(), from: '198.51.100.1' }), null)
    assert.equal(storage.counts.expired, 0)
    machine.off = 0
    machine.time += 60
    storage.sweep(now())
    assert.notEqual(get(storage, id, { now: now() }).tip, null)
    // What was put meanwhile is not older than it is, either.
    for (let hour = 0; hour < 5; hour++) {
      machine.time += HOUR
      storage.sweep(now())
    }
    assert.deepEqual([storage.counts.expired, storage.size], [0, 3])
  }
})

test('§4 a record is dropped 7 days after its last publication, and an hour or two that the clock takes to be sure', () => {
  const machine = createMachine()
  const storage = createStorage({ steady: machine.steady })
  putAll(storage, allPuts(log), { now: machine.wall() })
  const after = (seconds: number): number => {
    for (const end = machine.time + seconds; machine.time < end; machine.time += HOUR) storage.sweep(machine.wall())
    return storage.size
  }
  assert.equal(after(RECORD_AGE_MAX), 1)
  assert.equal(after(3 * HOUR), 0)
})

test('§4 a clock that is set back lets no older card in the place of a newer one', () => {
  const machine = createMachine()
  const storage = createStorage({ steady: machine.steady })
  const serial = machine.wall() * 1000
  const [older, newer] = [-3 * DAY, 0].map((ago) =>
    cardFor(log, alice, makePrekeys('Alice'), { serial: serial + ago * 1000 }),
  )
  assert.ok(older !== undefined && newer !== undefined)
  putAll(storage, [...allPuts(log), cardPut(newer)], { now: machine.wall() })
  machine.off = -3 * DAY
  assert.equal(put(storage, cardPut(older), { now: machine.wall() }), 'ERR_CARD_SERIAL')
  assert.deepEqual(readAll(storage, id, machine.wall()).cards, [newer.envelope])
})
