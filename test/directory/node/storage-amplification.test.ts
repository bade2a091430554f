import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { updateLog } from '../../../src/core/key-log.ts'
import { createStorage } from '../../../src/directory/node/storage.ts'
import {
  ANSWER_BYTES_MAX,
  COMMAND,
  decodeGetAnswer,
  encodeMessage,
  encodePaddedGet,
  type GetAnswer,
  PAD_BYTES_MAX,
  PLACES_MAX,
  unprovenAnswerMax,
} from '../../../src/directory/request-format.ts'
import { at, lengthen, makeDevice, makeIdentity, makePrekeys, NOW, publicOf } from '../../core/identities.ts'
import { allPuts, cardFor, put, putAll } from '../records.ts'

/** Who has not shown that he receives at his address gets nothing that would hurt there. */

const STRANGER = '203.0.113.9'
const alice = makeIdentity('Alice')
const root = at(alice.roots, 0)
const prekeys = makePrekeys('Alice')
const log = lengthen(alice.log, root, 5)
const card = cardFor(log, alice, prekeys)
const fork = updateLog(alice.log, root, { devices: publicOf([makeDevice('Mallory')]), time: NOW })

const storage = createStorage()
putAll(storage, [...allPuts(log, card, prekeys), ...allPuts(fork)])
const { id } = log

const ask = (value: Uint8Array, proven: boolean, from?: string): Uint8Array => {
  const answer = storage.handle(COMMAND.get, value, { now: NOW, proven, from })
  assert.ok(answer !== null)
  return answer
}
const itemsIn = ({ entries, cards }: GetAnswer): number => entries.length + cards.length

test('§3 no answer to who shows no token is longer than three times its request', () => {
  const pad = fc.option(fc.nat(PAD_BYTES_MAX), { nil: undefined })
  fc.assert(
    fc.property(fc.nat(PLACES_MAX), pad, (from, size) => {
      const value = encodeMessage(size === undefined ? { id, from } : { id, from, pad: new Uint8Array(size) })
      const answer = ask(value, false, STRANGER)
      assert.ok(answer.length <= Math.min(3 * value.length, ANSWER_BYTES_MAX))
      const { tip, entryCount, cardCount } = decodeGetAnswer(answer)
      assert.deepEqual([tip, entryCount, cardCount], [log.last.hash, 6, 1])
    }),
  )
})

test('§3 without padding and without a token there is a tip, and nothing else', () => {
  const answer = decodeGetAnswer(ask(encodeMessage({ id, from: 0 }), false, STRANGER))
  assert.deepEqual([answer.tip, itemsIn(answer)], [log.last.hash, 0])
})

test('§3 a padded request is answered as one with a token is', () => {
  for (const from of [0, 3, 6]) {
    const padded = ask(encodePaddedGet({ id, from }), false, STRANGER)
    assert.deepEqual(padded, ask(encodeMessage({ id, from }), true, STRANGER))
    assert.ok(itemsIn(decodeGetAnswer(padded)) > 0)
  }
})

test('§3 padding has no limit of its own: what it earns grows with it', () => {
  const sizes = [0, 100, 200, 278].map((size) => {
    const value = encodeMessage({ id, from: 0, pad: new Uint8Array(size) })
    return itemsIn(decodeGetAnswer(ask(value, false, STRANGER)))
  })
  assert.deepEqual(sizes, sizes.toSorted())
  assert.ok(at(sizes, 0) < at(sizes, -1))
})

test('§3 a node asks itself without a token and without padding', () => {
  assert.ok(itemsIn(decodeGetAnswer(ask(encodeMessage({ id, from: 0 }), false))) > 0)
})

test('§3 half of a key is only for who shows a token: it is longer than three requests', () => {
  const request = encodeMessage({ id, card: card.hash, half: 0 })
  const half = storage.handle(COMMAND.getKemHalf, request, { now: NOW, proven: true, from: STRANGER })
  assert.ok(half !== null && half.length > unprovenAnswerMax(request.length))
  assert.equal(storage.handle(COMMAND.getKemHalf, request, { now: NOW, proven: false, from: STRANGER }), null)
  assert.deepEqual(storage.handle(COMMAND.getKemHalf, request, { now: NOW, proven: false }), half)
})

test('§4 a PUT without a token is not answered, not even to say why', () => {
  const request = encodeMessage(at(allPuts(log), 0))
  for (const from of [STRANGER, undefined])
    assert.equal(storage.handle(COMMAND.put, request, { now: NOW, proven: false, from }), null)
  assert.equal(put(storage, at(allPuts(log), 0), { from: STRANGER }), null)
})
