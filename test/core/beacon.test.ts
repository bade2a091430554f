import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  BEACON_BYTES,
  beaconKey,
  decodeBeacon,
  type Endpoint,
  encodeAnswer,
  encodeQuestion,
  isAnswerFrom,
  isQuestionFor,
} from '../../src/core/beacon.ts'
import { hex } from '../../src/core/bytes.ts'
import { runs } from '../runs.ts'
import { makeBytes } from './identities.ts'

const id = makeBytes('beacon/bob', 32)
const key = beaconKey(id)
const other = beaconKey(makeBytes('beacon/carol', 32))
const nonce = makeBytes('beacon/nonce', 16)
const asker: Endpoint = { host: '192.168.1.7', port: 40_001 }
const answerer: Endpoint = { host: '192.168.1.9', port: 49_737 }

const read = (bytes: Uint8Array) => {
  const datagram = decodeBeacon(bytes)
  assert.ok(datagram !== null)
  return datagram
}

test('a question is one for its id alone, and from where it was asked alone', () => {
  const question = read(encodeQuestion(key, nonce, asker))
  assert.equal(question.port, 0)
  assert.equal(isQuestionFor(key, question, asker), true)
  assert.equal(isQuestionFor(other, question, asker), false)
  for (const from of [
    { ...asker, host: '192.168.1.8' },
    { ...asker, port: 40_002 },
  ])
    assert.equal(isQuestionFor(key, question, from), false)
  assert.equal(isAnswerFrom(key, question, asker.host), false)
})

test('an answer is one of its id alone, to its nonce alone, and from where it was given alone', () => {
  const answer = read(encodeAnswer(key, nonce, answerer))
  assert.deepEqual([hex(answer.nonce), answer.port], [hex(nonce), answerer.port])
  assert.equal(isAnswerFrom(key, answer, answerer.host), true)
  assert.equal(isAnswerFrom(other, answer, answerer.host), false)
  assert.equal(isAnswerFrom(key, answer, '192.168.1.10'), false)
  assert.equal(isAnswerFrom(key, { ...answer, nonce: makeBytes('another', 16) }, answerer.host), false)
  assert.equal(isAnswerFrom(key, { ...answer, port: answerer.port + 1 }, answerer.host), false)
  assert.equal(isQuestionFor(key, answer, answerer), false)
})

test('an answer is no larger than its question, and both stay below 64 bytes', () => {
  const sizes = [encodeQuestion(key, nonce, asker), encodeAnswer(key, nonce, answerer)].map(({ length }) => length)
  assert.deepEqual(sizes, [BEACON_BYTES, BEACON_BYTES])
  assert.ok(BEACON_BYTES < 64)
})

test('who does not know the id sees nothing that two questions for it have in common', () => {
  const [a, b] = ['one', 'two'].map((name) => encodeQuestion(key, makeBytes(name, 16), asker))
  assert.ok(a !== undefined && b !== undefined)
  const [x, y] = [read(a), read(b)]
  assert.notEqual(hex(x.mac), hex(y.mac))
  for (const datagram of [a, b]) assert.ok(!hex(datagram).includes(hex(id.subarray(0, 4))))
})

test('the id that a key is made of stays as it is', () => {
  const given = makeBytes('beacon/bob', 32)
  beaconKey(given)
  assert.deepEqual(given, id)
})

test('every changed bit makes it another datagram, or none', () => {
  const question = encodeQuestion(key, nonce, asker)
  const answer = encodeAnswer(key, nonce, answerer)
  for (let bit = 0; bit < BEACON_BYTES * 8; bit++) {
    const flip = (bytes: Uint8Array) =>
      decodeBeacon(bytes.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte)))
    const [q, a] = [flip(question), flip(answer)]
    if (q !== null) assert.equal(isQuestionFor(key, q, asker), false, `bit ${bit} of a question`)
    if (a !== null) assert.equal(isAnswerFrom(key, a, answerer.host), false, `bit ${bit} of an answer`)
  }
})

test('what is read of any bytes is what they say; of other sizes nothing is', () => {
  const head = Uint8Array.of(0x48, 0x46, 1)
  fc.assert(
    fc.property(fc.uint8Array({ minLength: BEACON_BYTES - 3, maxLength: BEACON_BYTES - 3 }), (rest) => {
      const bytes = Uint8Array.of(...head, ...rest)
      const datagram = decodeBeacon(bytes)
      const port = (rest[17] ?? 0) * 256 + (rest[18] ?? 0)
      if (rest[0] !== (port === 0 ? 0 : 1)) return datagram === null
      return (
        datagram !== null &&
        datagram.port === port &&
        hex(datagram.nonce) + hex(datagram.mac) === hex(rest.subarray(1, 17)) + hex(rest.subarray(19))
      )
    }),
    { numRuns: runs(1_000) },
  )
  const question = encodeQuestion(key, nonce, asker)
  for (const bytes of [
    question.subarray(1),
    Uint8Array.of(...question, 0),
    new Uint8Array(0),
    new Uint8Array(BEACON_BYTES),
  ])
    assert.equal(decodeBeacon(bytes), null)
})
