import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import {
  beaconKey,
  decodeBeacon,
  type Endpoint,
  encodeAnswer,
  encodeQuestion,
  isAnswerFrom,
} from '../../src/core/beacon.ts'
import {
  BEACON_ANSWERS_ALL,
  BEACON_ANSWERS_SOURCE,
  BEACON_FOUND_MAX,
  BEACON_HEARD_ALL,
  BEACON_HEARD_SOURCE,
  BEACON_NONCES_MAX,
} from '../../src/core/limits/beacon-limits.ts'
import { createAnswerer } from '../../src/network/beacon-answerer.ts'
import { createQuestions } from '../../src/network/beacon-questions.ts'
import { makeBytes } from '../core/identities.ts'

const bob = beaconKey(makeBytes('beacon/bob', 32))
const bobToo = beaconKey(makeBytes('beacon/bob too', 32))
const carol = beaconKey(makeBytes('beacon/carol', 32))
const OWN = '10.0.0.2'
const alice: Endpoint = { host: '10.0.0.1', port: 40_000 }
const isNear = (host: string): boolean => host.startsWith('10.')
const nonce = (): Uint8Array => new Uint8Array(randomBytes(16))

const start = (keys = [bob]) => {
  const time = { now: 0, port: 4_000 }
  const answerer = createAnswerer({ keys, port: () => time.port, now: () => time.now })
  return {
    time,
    answerer,
    hear: (bytes: Uint8Array, from = alice) => answerer.hear(bytes, from, isNear)?.(OWN) ?? null,
  }
}
const question = (key = bob, from = alice, n = nonce()): Uint8Array => encodeQuestion(key, n, from)

test('who is asked for answers where its node is; whoever else does not', () => {
  const { hear, answerer } = start([carol, bob])
  const asked = nonce()
  const answer = decodeBeacon(hear(question(bob, alice, asked)) ?? new Uint8Array(0))
  assert.ok(answer !== null)
  assert.deepEqual([answer.nonce, answer.port], [asked, 4_000])
  assert.equal(isAnswerFrom(bob, answer, OWN), true)
  assert.equal(hear(question(bobToo)), null)
  assert.deepEqual(answerer.counts, { looked: 2, answered: 1, hashes: 4 })
})

test('a question costs as many hashes whether it is for the first id, the last one, or nobody here', () => {
  const keys = [bob, bobToo, carol]
  for (const key of [...keys, beaconKey(makeBytes('beacon/nobody', 32))]) {
    const { hear, answerer } = start(keys)
    hear(question(key))
    assert.equal(answerer.counts.hashes, keys.length)
  }
})

test('a thousand questions with wrong ids get nothing, cost a hash each up to a bound, and keep no answer from who asks right', () => {
  const { hear, answerer, time } = start()
  for (let i = 0; i < 1_000; i++) {
    const from = { host: `10.0.${i >> 6}.9`, port: 1_000 + i }
    assert.equal(hear(question(beaconKey(makeBytes(`wrong/${i}`, 32)), from), from), null)
  }
  assert.equal(answerer.counts.hashes, 1_000)
  assert.ok(hear(question()) !== null)
  // From one address, no more of them are looked at than it may have.
  const { burst, perSecond } = BEACON_HEARD_SOURCE
  for (let i = 0; i < 2 * burst; i++) hear(question(carol), { ...alice, host: '10.9.9.9' })
  assert.equal(answerer.counts.hashes, 1_001 + burst)
  time.now += 1_000
  for (let i = 0; i < 2 * burst; i++) hear(question(carol), { ...alice, host: '10.9.9.9' })
  assert.equal(answerer.counts.hashes, 1_001 + burst + perSecond)
})

test('of questions from ever new addresses, so many are looked at in all', () => {
  const { hear, answerer } = start()
  for (let i = 0; i < 2 * BEACON_HEARD_ALL.burst; i++)
    hear(question(carol), { host: `10.${i >> 8}.${i & 255}.1`, port: 1 })
  assert.equal(answerer.counts.looked, BEACON_HEARD_ALL.burst)
})

test('a question that comes again is not answered again, from where it was asked or from where it was recorded', () => {
  const { hear, time } = start()
  const asked = question()
  assert.ok(hear(asked) !== null)
  assert.equal(hear(asked), null)
  assert.equal(hear(asked, { ...alice, host: '10.0.0.66' }), null)
  assert.equal(hear(asked, { ...alice, port: 40_001 }), null)
  // Also after many others.
  for (let i = 1; i < BEACON_NONCES_MAX; i++) {
    time.now += 1_000
    assert.ok(hear(question()) !== null)
  }
  assert.equal(hear(asked), null)
})

test('who forges another address on a question of his own sends little there; who does not know the id nothing', () => {
  const { hear, answerer } = start()
  const victim = { host: '10.0.0.200', port: 53 }
  for (let i = 0; i < 1_000; i++) hear(question(bob, victim), victim)
  assert.equal(answerer.counts.answered, BEACON_ANSWERS_SOURCE.burst)
  const { hear: hearToo, answerer: quiet } = start()
  // Recorded from Alice, and sent again under the address of another.
  for (let i = 0; i < 100; i++) hearToo(question(bob, alice), victim)
  assert.equal(quiet.counts.answered, 0)
})

test('answers are bounded in all, whatever the addresses', () => {
  const { hear, answerer, time } = start()
  const ask = (i: number): void => {
    const from = { host: `10.1.${i >> 8}.${i & 255}`, port: 1_000 }
    hear(question(bob, from), from)
  }
  for (let i = 0; i < 1_000; i++) ask(i)
  assert.equal(answerer.counts.answered, BEACON_ANSWERS_ALL.burst)
  time.now += 1_000
  for (let i = 1_000; i < 1_500; i++) ask(i)
  assert.equal(answerer.counts.answered, BEACON_ANSWERS_ALL.burst + BEACON_ANSWERS_ALL.perSecond)
})

test('a question from outside of the local networks, from no port, or at a time without a node is not answered', () => {
  const { hear, time } = start()
  const far = { host: '192.0.2.1', port: 40_000 }
  assert.equal(hear(question(bob, far), far), null)
  const none = { ...alice, port: 0 }
  assert.equal(hear(question(bob, none), none), null)
  time.port = 0
  const asked = question()
  assert.equal(hear(asked), null)
  // It was not used up by that.
  time.port = 4_000
  assert.ok(hear(asked) !== null)
})

test('an answer, and what is no datagram of the beacon, is no question', () => {
  const { hear, answerer } = start()
  for (const bytes of [
    encodeAnswer(bob, nonce(), alice),
    new Uint8Array(38),
    question().subarray(1),
    new Uint8Array(2_000),
  ])
    assert.equal(hear(bytes), null)
  assert.equal(answerer.counts.hashes, 0)
})

test('an answer is taken for an open question, once, from whoever knows the id', () => {
  const questions = createQuestions(bob, (size) => new Uint8Array(randomBytes(size)))
  const asked = decodeBeacon(questions.ask(alice))
  assert.ok(asked !== null)
  const answer = encodeAnswer(bob, asked.nonce, { host: OWN, port: 4_000 })
  assert.equal(questions.hear(encodeAnswer(carol, asked.nonce, { host: OWN, port: 4_000 }), OWN, isNear), null)
  assert.equal(questions.hear(encodeAnswer(bob, nonce(), { host: OWN, port: 4_000 }), OWN, isNear), null)
  assert.equal(questions.hear(answer, '10.0.0.66', isNear), null)
  assert.deepEqual(questions.hear(answer, OWN, isNear), { host: OWN, port: 4_000 })
  assert.equal(questions.hear(answer, OWN, isNear), null)
  // Another asking knows nothing of it.
  assert.equal(createQuestions(bob, (size) => new Uint8Array(randomBytes(size))).hear(answer, OWN, isNear), null)
})

test('an answer from beyond the local network is none, also of who knows the id: nobody is sent there', () => {
  const questions = createQuestions(bob, (size) => new Uint8Array(randomBytes(size)))
  const asked = decodeBeacon(questions.ask(alice))
  assert.ok(asked !== null)
  const far = { host: '192.0.2.1', port: 4_000 }
  const answer = encodeAnswer(bob, asked.nonce, far)
  assert.equal(questions.hear(answer, far.host, isNear), null)
  assert.deepEqual(
    questions.hear(answer, far.host, () => true),
    far,
  )
})

test('of false answers from who knows the address, so many are taken as are dialled', () => {
  const questions = createQuestions(bob, (size) => new Uint8Array(randomBytes(size)))
  const asked = decodeBeacon(questions.ask(alice))
  assert.ok(asked !== null)
  const taken = Array.from({ length: 100 }, (_, i) => ({ host: `10.0.1.${i + 1}`, port: 4_000 })).filter(
    (at) => questions.hear(encodeAnswer(bob, asked.nonce, at), at.host, isNear) !== null,
  )
  assert.equal(taken.length, BEACON_FOUND_MAX)
})

test('each question has a nonce of its own', () => {
  const questions = createQuestions(bob, (size) => new Uint8Array(randomBytes(size)))
  const nonces = Array.from({ length: 100 }, () => decodeBeacon(questions.ask(alice))?.nonce.toString())
  assert.equal(new Set(nonces).size, 100)
})
