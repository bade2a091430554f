import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hex } from '../../src/core/bytes.ts'
import { type CborValue, decodeCbor, encodeCbor } from '../../src/core/cbor.ts'
import { type ErrorCode, SessionError } from '../../src/core/errors.ts'
import { exportKem, generateKem } from '../../src/core/kem.ts'
import { KEM_STEP_AGE, KEM_STEP_MESSAGES } from '../../src/core/limits/protocol-limits.ts'
import { decodeHeader } from '../../src/core/session/header.ts'
import type { Message, SendingChain } from '../../src/core/session/session.ts'
import { places } from '../runs.ts'
import { at, failsWith, flip, makeBytes, makeKey, NOW } from './identities.ts'
import { dumpSession, makeSides, makeTalkingSides, type Side } from './sessions.ts'
import { seededRandom } from './test-bytes.ts'

/** When a chain offers a KEM key, how it is answered, and what a receiver refuses about either (docs/spec/session.md §4). */

const HOUR = 3600

const refuses = (side: Side, message: Message, code: ErrorCode, now = NOW): void => {
  const { session } = side
  const before = dumpSession(session)
  assert.throws(() => side.receive(message, now), failsWith(code))
  assert.equal(side.session, session)
  assert.deepEqual(dumpSession(session), before)
}

/** What a message's header says of the KEM: `k` for a key, `c` for a ciphertext. */
const partsOf = ({ header }: Message): string => {
  const { kem, ct } = decodeHeader(header)
  return `${kem === null ? '' : 'k'}${ct === null ? '' : 'c'}`
}

const keyOf = ({ header }: Message): Uint8Array => decodeHeader(header).kem ?? assert.fail('no KEM key')

/** Two sides that talk in turns; the parts of each message's header. */
const alternate = (alice: Side, bob: Side, count: number, now = NOW): string[] =>
  Array.from({ length: count }, (_, index) => {
    const [from, to] = index % 2 === 0 ? [alice, bob] : [bob, alice]
    const message = from.send(`${index}`, now)
    to.receive(message, now)
    return partsOf(message)
  })

/** Sides of which Alice's next chain will offer a KEM key. */
const dueSides = (name: string): { readonly alice: Side; readonly bob: Side } => {
  const sides = makeTalkingSides(name)
  sides.alice.receive(sides.bob.send('turn', NOW), NOW + HOUR)
  return sides
}

/** Makes a side say something else of the KEM in the chain it sends in: what only a faulty or hostile peer does. */
const withParts = (side: Side, parts: Partial<SendingChain>): void => {
  const { sending } = side.session
  assert.ok(sending !== null)
  side.session = { ...side.session, sending: { ...sending, ...parts } }
}

test('§6 the intervals are those of the specification', () => {
  assert.deepEqual([KEM_STEP_MESSAGES, KEM_STEP_AGE], [32, HOUR])
})

test('§6 in turns, the 33rd message offers, the 34th answers, and it goes on from there', () => {
  const { alice, bob } = makeSides('turns')
  const parts = alternate(alice, bob, 140)
  const places = Object.fromEntries([...parts.entries()].filter(([, part]) => part !== ''))
  // Message 33 (index 32) is Alice's. Bob counts from his answer, Alice from opening it: his next offer comes first.
  assert.deepEqual(places, { 32: 'k', 33: 'c', 65: 'k', 66: 'c', 98: 'k', 99: 'c', 131: 'k', 132: 'c' })
})

test('§6 messages of both directions count, opened late or in order, but not those refused', () => {
  const { alice, bob } = makeTalkingSides('counted')
  assert.deepEqual(
    [alice.session, bob.session].map(({ kemClock }) => kemClock.messages),
    [2, 2],
  )
  const [early, late] = [alice.send('early'), alice.send('late')]
  bob.receive(late)
  bob.receive(early)
  refuses(bob, late, 'ERR_SESSION_DUPLICATE')
  assert.deepEqual(
    [alice.session, bob.session].map(({ kemClock }) => kemClock.messages),
    [4, 4],
  )
})

test('§6 an hour without a step makes the next chain offer, a second less does not', () => {
  for (const [age, expected] of [
    [HOUR - 1, ''],
    [HOUR, 'k'],
    [100 * HOUR, 'k'],
    [-HOUR, ''],
  ] as const) {
    const { alice, bob } = makeTalkingSides(`age ${age}`)
    alice.receive(bob.send('turn'))
    const message = alice.send('first of a chain', NOW + age)
    assert.equal(partsOf(message), expected)
    assert.equal(bob.receive(message, NOW + age), 'first of a chain')
  }
})

test('§6 only the first message of a chain decides, however long the chain becomes', () => {
  const { alice, bob } = makeTalkingSides('one-sided')
  const chain = Array.from({ length: 100 }, (_, n) => alice.send(`${n}`, NOW + n * HOUR))
  assert.deepEqual(new Set(chain.map(partsOf)), new Set(['']))
  for (const message of chain) bob.receive(message)
  assert.equal(partsOf(bob.send('answer')), 'k')
})

test('§6 key and ciphertext stand in every header of their chain, so any message may arrive first', () => {
  for (const arriving of [0, 3, 7]) {
    const { alice, bob } = dueSides(`repeated ${arriving}`)
    const chain = Array.from({ length: 8 }, (_, n) => alice.send(`${n}`, NOW + HOUR))
    assert.deepEqual(new Set(chain.map((message) => hex(keyOf(message)))).size, 1)
    assert.equal(bob.receive(at(chain, arriving)), `${arriving}`)
    const answers = Array.from({ length: 8 }, (_, n) => bob.send(`${n}`))
    assert.deepEqual(new Set(answers.map(({ header }) => hex(decodeHeader(header).ct ?? keyOf(at(chain, 0))))).size, 1)
    assert.equal(alice.receive(at(answers, 7 - arriving)), `${7 - arriving}`)
    for (const [n, message] of chain.entries()) if (n !== arriving) assert.equal(bob.receive(message), `${n}`)
    for (const [n, message] of answers.entries()) if (n !== 7 - arriving) assert.equal(alice.receive(message), `${n}`)
    assert.equal(partsOf(alice.send('done')), '')
  }
})

test('§6 an offer that never arrives is repeated until it does', () => {
  const { alice, bob } = dueSides('lost')
  const lost = Array.from({ length: 50 }, () => alice.send('lost', NOW + HOUR))
  assert.equal(alice.receive(bob.send('still in the chain before')), 'still in the chain before')
  const arrives = alice.send('arrives', NOW + HOUR)
  assert.deepEqual(keyOf(arrives), keyOf(at(lost, 0)))
  bob.receive(arrives)
  assert.equal(alice.receive(bob.send('answer')), 'answer')
})

test('§6 the KEM private key is in the state from the offer to its answer', () => {
  const { alice, bob } = dueSides('deleted')
  assert.equal(alice.session.sending?.offer, null)
  const message = alice.send('offer', NOW + HOUR)
  const { offer } = alice.session.sending ?? assert.fail()
  const seed = hex(exportKem(offer ?? assert.fail()))
  assert.ok(JSON.stringify(dumpSession(alice.session)).includes(seed))
  bob.receive(message)
  alice.send('more', NOW + HOUR)
  assert.ok(JSON.stringify(dumpSession(alice.session)).includes(seed))
  alice.receive(bob.send('answer'))
  assert.equal(JSON.stringify(dumpSession(alice.session)).includes(seed), false)
})

test('§6 a chain may answer and offer at once: one exchange is under way in each direction', () => {
  const { alice, bob } = dueSides('both')
  bob.receive(alice.send('offer', NOW + HOUR), NOW + HOUR)
  const both = bob.send('both', NOW + 2 * HOUR)
  assert.equal(partsOf(both), 'kc')
  assert.ok(alice.session.sending?.offer && bob.session.sending?.offer)
  assert.equal(alice.receive(both, NOW + 2 * HOUR), 'both')
  const answer = alice.send('answer', NOW + 2 * HOUR)
  assert.equal(partsOf(answer), 'c')
  assert.equal(bob.receive(answer, NOW + 2 * HOUR), 'answer')
  assert.equal(partsOf(bob.send('done', NOW + 2 * HOUR)), '')
})

test('§6 both due and both sending at once: only the side whose chain is at its start offers', () => {
  const { alice, bob } = dueSides('at once')
  const [offer, crossing] = [alice.send('offer', NOW + HOUR), bob.send('crossing', NOW + HOUR)]
  assert.deepEqual([offer, crossing].map(partsOf), ['k', ''])
  assert.equal(bob.receive(offer, NOW + HOUR), 'offer')
  assert.equal(alice.receive(crossing, NOW + HOUR), 'crossing')
  assert.equal(partsOf(bob.send('answer', NOW + HOUR)), 'c')
})

test('§6 the headers of a chain agree: another key, another ciphertext, one more or one less is refused', () => {
  const other = generateKem(seededRandom('other'))
  const { alice, bob } = dueSides('agree')
  bob.receive(alice.send('offer', NOW + HOUR))
  const skipped = alice.session
  alice.send('skipped', NOW + HOUR)
  bob.receive(alice.send('later', NOW + HOUR))
  const honest = alice.session
  for (const start of [skipped, honest])
    for (const parts of [{ offer: other }, { offer: null }, { answer: makeBytes('ct', 1088) }]) {
      alice.session = start
      withParts(alice, parts)
      refuses(bob, alice.send('bent', NOW + HOUR), 'ERR_SESSION_HEADER')
    }
  alice.session = honest
  alice.receive(bob.send('answer'))
  const { session } = bob
  for (const parts of [{ answer: null }, { answer: makeBytes('ct', 1088) }, { offer: other }]) {
    bob.session = session
    withParts(bob, parts)
    refuses(alice, bob.send('bent'), 'ERR_SESSION_HEADER')
  }
})

test('§6 the chain after an offer answers it, and no other chain answers', () => {
  const { alice, bob } = dueSides('answer')
  bob.receive(alice.send('offer', NOW + HOUR))
  const { session } = bob
  withParts(bob, { answer: null })
  refuses(alice, bob.send('no answer'), 'ERR_SESSION_HEADER')
  bob.session = session
  assert.equal(alice.receive(bob.send('answer')), 'answer')
  withParts(alice, { answer: makeBytes('ct', 1088) })
  refuses(bob, alice.send('unasked'), 'ERR_SESSION_HEADER')
})

test('§6 an authenticated KEM key that FIPS 203 calls malformed is refused, and nothing changes', () => {
  const { alice, bob } = dueSides('malformed')
  const { key } = generateKem(seededRandom('key'))
  const { session } = alice
  alice.send('begins the chain', NOW + HOUR)
  withParts(alice, { offer: { key, publicKey: new Uint8Array(1184).fill(0xff) } })
  const message = alice.send('malformed', NOW + HOUR)
  refuses(bob, message, 'ERR_SESSION_HEADER')
  refuses(bob, { ...message, token: flip(message.token) }, 'ERR_SESSION_TOKEN')
  alice.session = session
  assert.equal(bob.receive(alice.send('well formed', NOW + HOUR)), 'well formed')
})

test('§6 a ciphertext or key that was changed, exchanged, cut, added or taken away opens nothing', () => {
  const { alice, bob } = dueSides('bent')
  bob.receive(alice.send('offer', NOW + HOUR), NOW + HOUR)
  const { header, token } = bob.send('both', NOW + 2 * HOUR)
  const [session, dh, pn, n, kem, ct] = decodeCbor(header) as [Uint8Array, Uint8Array, 0, 0, Uint8Array, Uint8Array]
  const otherKem = generateKem(seededRandom('other')).publicKey
  const cases: readonly (readonly [readonly CborValue[], ErrorCode])[] = [
    [[session, dh, pn, n, kem, flip(ct)], 'ERR_SESSION_TOKEN'],
    [[session, dh, pn, n, kem, makeBytes('ct', 1088)], 'ERR_SESSION_TOKEN'],
    [[session, dh, pn, n, flip(kem), ct], 'ERR_SESSION_TOKEN'],
    [[session, dh, pn, n, otherKem, ct], 'ERR_SESSION_TOKEN'],
    [[session, dh, pn, n, null, ct], 'ERR_SESSION_TOKEN'],
    [[session, makeKey('other').publicKey, pn, n, kem, ct], 'ERR_SESSION_TOKEN'],
    [[session, dh, pn, n, kem, null], 'ERR_SESSION_HEADER'],
    [[session, dh, pn, n, ct, kem], 'ERR_SESSION_HEADER'],
    [[session, dh, pn, n, kem.subarray(1), ct], 'ERR_SESSION_HEADER'],
    [[session, dh, pn, n, kem, ct.subarray(1)], 'ERR_SESSION_HEADER'],
    [[session, dh, pn, n, kem, new Uint8Array(0)], 'ERR_SESSION_HEADER'],
    [[session, dh, pn, n, kem, Uint8Array.of(...ct, 0)], 'ERR_SESSION_HEADER'],
  ]
  for (const [fields, code] of cases) refuses(alice, { header: encodeCbor(fields), token }, code, NOW + 2 * HOUR)
  const { session: before } = alice
  for (const index of places(header.length))
    assert.throws(() => alice.receive({ header: flip(header, index, 1 << (index % 8)), token }), SessionError)
  assert.equal(alice.session, before)
  assert.equal(alice.receive({ header, token }, NOW + 2 * HOUR), 'both')
})
