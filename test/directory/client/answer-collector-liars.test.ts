import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type KeyLog, updateLog } from '../../../src/core/key-log.ts'
import { DEVICES_MAX } from '../../../src/core/limits/protocol-limits.ts'
import { type AnswerCollector, createAnswerCollector } from '../../../src/directory/client/answer-collector.ts'
import { PLACES_MAX } from '../../../src/directory/request-format.ts'
import {
  at,
  cut,
  envelopesOf,
  flip,
  lengthen,
  makeBytes,
  makeDevice,
  makeIdentity,
  makePrekeys,
  NOW,
  publicOf,
} from '../../core/identities.ts'
import { cardFor } from '../records.ts'
import { answerOf, page, read } from './answers.ts'

const alice = makeIdentity('Alice')
const root0 = at(alice.roots, 0)
const { id } = alice.log
const content = { devices: publicOf(alice.devices), time: NOW }
const prekeys = makePrekeys('Alice')
const log = lengthen(alice.log, root0, 6)
const card = cardFor(log, alice, prekeys)
const forkOf = (name: string): KeyLog =>
  updateLog(alice.log, root0, { ...content, devices: publicOf([makeDevice(`Mallory/${name}`)]) })

const readHonest = (collector: AnswerCollector, node: string, held: KeyLog = log, cards = [card]): readonly number[] =>
  read(collector, node, (from) => page(held, cards, from))

const envelopes = envelopesOf(log)
const other = makeIdentity('Mallory').log
const liars: readonly (readonly [string, Uint8Array, string])[] = [
  ['bytes that do not decode', makeBytes('noise', 100), 'invalid'],
  ['no bytes', new Uint8Array(0), 'invalid'],
  [
    'an entry with a bit changed',
    answerOf({ tip: log.last.hash, entryCount: 1, entries: [flip(at(envelopes, 0))] }),
    'invalid',
  ],
  [
    'a later entry with a bit changed',
    answerOf({ tip: log.last.hash, entryCount: 2, entries: [at(envelopes, 0), flip(at(envelopes, 1))] }),
    'invalid',
  ],
  ['another identity', answerOf({ tip: other.last.hash, entryCount: 1, entries: envelopesOf(other) }), 'invalid'],
  [
    'a forged card',
    answerOf({ tip: log.last.hash, entryCount: 6, cardCount: 1, cards: [flip(card.envelope)] }),
    'invalid',
  ],
  [
    'a card that is noise',
    answerOf({ tip: log.last.hash, entryCount: 6, cardCount: 1, cards: [makeBytes('noise', 9)] }),
    'invalid',
  ],
  ['entries of a log it says it does not hold', answerOf({ entryCount: 1, entries: envelopes.slice(0, 1) }), 'invalid'],
  [
    'an entry out of turn',
    answerOf({
      tip: makeBytes('tip', 32),
      entryCount: 6,
      entries: envelopesOf(lengthen(forkOf('x'), root0, 4)).slice(2),
    }),
    'unread',
  ],
  ['a tip it never shows', answerOf({ tip: makeBytes('tip', 32), entryCount: 6 }), 'unread'],
  ['the tip and nothing else', answerOf({ tip: log.last.hash, entryCount: 6 }), 'agreeing'],
  [
    'a card of an older head',
    answerOf({
      tip: cut(log, 3).last.hash,
      cardCount: 1,
      cards: [cardFor(cut(log, 3), alice, prekeys).envelope],
    }),
    'older',
  ],
]
for (const [what, answer, stance] of liars) {
  test(`§4 a node that sends ${what} is ${stance}, and nothing of that is used`, () => {
    for (const order of ['before', 'after']) {
      const collector = createAnswerCollector(id, NOW)
      if (order === 'before') read(collector, 'liar', () => answer)
      readHonest(collector, 'honest')
      if (order === 'after') read(collector, 'liar', () => answer)
      const finding = collector.finding()
      assert.deepEqual(finding?.log.last.hash, log.last.hash)
      assert.deepEqual(finding?.card?.envelope, card.envelope)
      assert.equal(finding?.fork, null)
      assert.equal(collector.stance('liar'), stance)
      assert.equal(collector.stance('honest'), 'agreeing')
    }
  })
}

test('§4 a node is asked no further once an entry of its does not verify', () => {
  for (const entries of [[flip(at(envelopes, 0))], [at(envelopes, 0), flip(at(envelopes, 1))], envelopes.slice(1, 3)]) {
    const collector = createAnswerCollector(id, NOW)
    const places = read(collector, 'liar', () => answerOf({ tip: log.last.hash, entryCount: 6, cardCount: 7, entries }))
    assert.deepEqual(places, [0])
  }
})

test('§4 a liar alone makes nothing be found', () => {
  for (const [what, answer, stance] of liars.filter(([, , stance]) => stance === 'invalid').slice(0, 3)) {
    const collector = createAnswerCollector(id, NOW)
    read(collector, 'liar', () => answer)
    assert.equal(collector.finding(), null, what)
    assert.equal(collector.stance('liar'), stance)
  }
})

test('§4 a node that repeats itself is asked no further', () => {
  for (const [what, answer] of [
    ['entries', { entries: envelopes.slice(0, 1) }],
    ['cards', { cards: [card.envelope] }],
    ['nothing', {}],
  ] as const) {
    const collector = createAnswerCollector(id, NOW)
    const endless = answerOf({
      tip: makeBytes('tip', 32),
      entryCount: PLACES_MAX - DEVICES_MAX,
      cardCount: DEVICES_MAX,
      ...answer,
    })
    assert.ok(read(collector, 'liar', () => endless).length <= 2, what)
  }
})

test('§4 a node with ever new cards is asked no further than 8 of them', () => {
  const collector = createAnswerCollector(id, NOW)
  let made = 0
  const places = read(collector, 'liar', () =>
    answerOf({
      tip: makeBytes('tip', 32),
      entryCount: PLACES_MAX - DEVICES_MAX,
      cards: [makeBytes(`card ${made++}`, 300)],
    }),
  )
  assert.equal(places.length, DEVICES_MAX + 1)
})
