import assert from 'node:assert/strict'
import { test } from 'node:test'
import { updateLog } from '../../../src/core/key-log.ts'
import { LABEL_CARD } from '../../../src/core/labels.ts'
import { CARD_AGE, CLOCK_TOLERANCE } from '../../../src/core/limits/protocol-limits.ts'
import { createStorage } from '../../../src/directory/node/storage.ts'
import { COMMAND, decodeGetAnswer, encodeMessage, type PutRequest } from '../../../src/directory/request-format.ts'
import { at, makeIdentity, makePrekeys, NOW, publicOf, signDraft } from '../../core/identities.ts'
import { allPuts, cardFor, cardPut, put, putAll, readAll } from '../records.ts'

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
