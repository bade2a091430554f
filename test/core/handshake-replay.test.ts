import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { hex, utf8 } from '../../src/core/bytes.ts'
import { decodeCbor, encodeCbor } from '../../src/core/cbor.ts'
import { initiate, type Response, respond } from '../../src/core/handshake.ts'
import { decodeHello } from '../../src/core/hello.ts'
import { MESSAGE_BYTES_MAX } from '../../src/core/limits/message-limits.ts'
import { HELLO_BYTES_MAX } from '../../src/core/limits/protocol-limits.ts'
import { preferSession } from '../../src/core/session/preference.ts'
import type { Session } from '../../src/core/session/session.ts'
import { type HelloFields, handmadeHello } from './handmade-hello.ts'
import { at, failsWith, flip, makeBytes, makeKey, makePrekeys, presentCard, publishCard } from './identities.ts'
import { makeMeeting, makeSide, shakeHands, surroundings } from './sessions.ts'
import { seededRandom } from './test-bytes.ts'

/** Hellos that come again, come back, or cross: for published cards above all, which no connection makes fresh. */

const offline = makeMeeting('replay', { live: false })
const { alice, bob, initiation, response } = offline
const answer = (hello: Uint8Array, changed: Partial<Response> = {}) =>
  respond({ ...response, ...changed }, hello, surroundings('bob'))

test('§5 nothing in a hello for a published card says that it came before: B has to remember its EK', () => {
  const { hello } = initiate(initiation, surroundings('alice'))
  const [first, again] = [answer(hello), answer(hello)]
  assert.deepEqual(again.session.id, first.session.id)
  const spent = new Set([hex(first.ek)])
  assert.throws(() => answer(hello, { spent }), failsWith('ERR_HELLO_REPLAY'))
  const another = initiate(initiation, surroundings('alice again')).hello
  assert.deepEqual(answer(another, { spent }).first, utf8('hello'))
})

test('§5 a replay is refused before any key is used, and after the card was found to be the right one', () => {
  const { hello } = initiate(initiation, surroundings('alice'))
  const spent = new Set([hex(decodeHello(hello).ek)])
  assert.throws(() => answer(hello, { spent, ...makePrekeys('other') }), failsWith('ERR_HELLO_REPLAY'))
  const other = publishCard(bob, makePrekeys('other'))
  assert.throws(() => answer(hello, { spent, card: other }), failsWith('ERR_HELLO_CARD'))
})

test('§5 a replay in disguise does not open: its EK mirrored, its ciphertext or sealed part changed', () => {
  const { hello } = initiate(initiation, surroundings('alice'))
  const fields = decodeCbor(hello) as HelloFields
  const spent = new Set([hex(fields.ek)])
  // The mirrored point has the same x-coordinate, so that es1 and es2 are the same.
  const mirrored = encodeCbor({ ...fields, ek: flip(fields.ek, 0, 1) })
  for (const disguised of [mirrored, encodeCbor({ ...fields, ek: makeKey('other').publicKey })])
    assert.throws(() => answer(disguised, { spent }), failsWith('ERR_HELLO_SEALED'))
})

test('§5 what is read of a hello before it is opened is what opening it confirms', () => {
  const { hello } = initiate(initiation, surroundings('alice'))
  const read = decodeHello(hello)
  const accepted = answer(hello)
  assert.deepEqual(read.ek, accepted.ek)
  assert.deepEqual(read.card, response.card.hash)
  assert.equal(accepted.ek.length, 33)
  assert.throws(() => decodeHello(encodeCbor({ v: 2 })), failsWith('ERR_HELLO_VERSION'))
  assert.throws(() => decodeHello(hello.subarray(1)), failsWith('ERR_HELLO_DECODE'))
})

test("§5 A's own hello sent back to A is refused, under its own card and renamed to A's", () => {
  const { hello } = initiate(initiation, surroundings('alice'))
  const prekeys = makePrekeys("alice's")
  const asAlice = (card: Response['card'], channel: Uint8Array): Response => ({
    self: { log: alice.log, device: 0, ik: at(alice.devices, 0).ik },
    card,
    ...prekeys,
    channel,
  })
  const own = publishCard(alice, prekeys)
  const live = presentCard(alice, prekeys, makeBytes('channel', 64))
  for (const card of [own, live])
    assert.throws(
      () => respond(asAlice(card, new Uint8Array(0)), hello, surroundings('a')),
      failsWith('ERR_HELLO_CARD'),
    )
  for (const [card, channel] of [
    [own, new Uint8Array(0)],
    [live, makeBytes('channel', 64)],
  ] as const) {
    const renamed = encodeCbor({ ...(decodeCbor(hello) as HelloFields), card: card.hash })
    assert.throws(() => respond(asAlice(card, channel), renamed, surroundings('a')), failsWith('ERR_HELLO_SEALED'))
  }
})

test('§5 a hello to oneself is refused', () => {
  const self = { log: bob.log, device: 0, ik: at(bob.devices, 0).ik }
  const { hello } = initiate({ ...initiation, self }, surroundings('bob'))
  assert.throws(() => answer(hello), failsWith('ERR_PEER_SELF'))
})

test('§5 the session id does not follow from what is public, so that nobody can try whose hello it is', () => {
  const { handmade } = offline
  const made = handmadeHello(handmade)
  const { h1 } = made.steps
  const guesses = ['handfast/v1/session', ''].map((label) => createHash('sha256').update(label).update(h1).digest())
  for (const guess of guesses) assert.notDeepEqual(made.session, Uint8Array.from(guess.subarray(0, 16)))
  assert.deepEqual(answer(made.hello).session.id, made.session)
  assert.deepEqual(answer(made.hello).h1, Uint8Array.from(h1))
})

test('§5 a hello for someone offline carries any first message that fits', () => {
  const first = makeBytes('payload', MESSAGE_BYTES_MAX)
  const { hello } = initiate({ ...initiation, first }, surroundings('alice'))
  assert.ok(hello.length <= HELLO_BYTES_MAX)
  assert.deepEqual(answer(hello).first, first)
  const long = { ...initiation, first: new Uint8Array(HELLO_BYTES_MAX) }
  assert.throws(() => initiate(long, surroundings('alice')), failsWith('ERR_HELLO_SIZE'))
})

test('§5 two hellos that cross: both sides prefer the same session, and the other one still receives', () => {
  const chosen = new Set<string>()
  for (let round = 0; round < 12; round++) {
    const there = shakeHands(offline, `there ${round}`)
    const prekeys = makePrekeys(`back ${round}`)
    const card = publishCard(alice, prekeys)
    const back = initiate(
      {
        self: { log: bob.log, device: 0, ik: at(bob.devices, 0).ik },
        inc: makeBytes('bob/inc', 16),
        remote: { log: alice.log, card, kem: prekeys.kem.publicKey },
        channel: new Uint8Array(0),
        seen: null,
        first: utf8('from Bob'),
      },
      surroundings(`back ${round}`),
    )
    const self = { log: alice.log, device: 0, ik: at(alice.devices, 0).ik }
    const received = respond({ self, card, ...prekeys, channel: new Uint8Array(0) }, back.hello, surroundings('a'))
    const named = (name: string, { session, h1 }: { readonly session: Session; readonly h1: Uint8Array }) => ({
      name,
      session,
      h1,
    })
    const ofAlice = { sent: named('there', { session: there.alice, h1: there.h1 }), got: named('back', received) }
    const ofBob = { sent: named('back', back), got: named('there', there.bob) }
    const [a, b] = [preferSession(ofAlice.sent, ofAlice.got), preferSession(ofBob.got, ofBob.sent)]
    assert.equal(a.name, b.name)
    assert.equal(preferSession(ofAlice.got, ofAlice.sent).name, a.name)
    chosen.add(a.name)
    const random = seededRandom(`crossing ${round}`)
    for (const [x, y] of [
      [ofAlice.sent, ofBob.got],
      [ofAlice.got, ofBob.sent],
    ] as const) {
      const [near, far] = [makeSide(x.session, random), makeSide(y.session, random)]
      const [first, second] = x.name === 'there' ? [far, near] : [near, far]
      assert.equal(second.receive(first.send('the responder speaks')), 'the responder speaks')
      assert.equal(first.receive(second.send('and is answered')), 'and is answered')
    }
  }
  assert.equal(chosen.size, 2)
})

test('§5 two hellos that cross on live connections: each is for its own, and no message of one session opens in the other', () => {
  const [there, channel] = [makeMeeting('there'), makeBytes('back/channel', 64)]
  const prekeys = makePrekeys('back')
  const card = presentCard(alice, prekeys, channel)
  const [ofAlice, ofBob] = [
    { log: alice.log, device: 0, ik: at(alice.devices, 0).ik },
    { log: bob.log, device: 0, ik: at(bob.devices, 0).ik },
  ]
  const remote = { log: alice.log, card, kem: prekeys.kem.publicKey }
  const back = initiate(
    { self: ofBob, inc: makeBytes('bob/inc', 16), remote, channel, seen: null, first: utf8('back') },
    surroundings('back'),
  )
  const first = initiate(there.initiation, surroundings('there'))
  const answerBack = (hello: Uint8Array) =>
    respond({ self: ofAlice, card, ...prekeys, channel }, hello, surroundings('alice'))
  const answerThere = (hello: Uint8Array) => respond(there.response, hello, surroundings('bob'))
  assert.throws(() => answerBack(first.hello), failsWith('ERR_HELLO_CARD'))
  assert.throws(() => answerThere(back.hello), failsWith('ERR_HELLO_CARD'))
  const random = seededRandom('crossing live')
  const sides = [
    [makeSide(first.session, random), makeSide(answerThere(first.hello).session, random)],
    [makeSide(back.session, random), makeSide(answerBack(back.hello).session, random)],
  ] as const
  for (const [[caller, called], [other]] of [sides, [sides[1], sides[0]] as const]) {
    const message = called.send('welcome')
    assert.throws(() => other.receive(message), failsWith('ERR_SESSION_OTHER'))
    assert.equal(caller.receive(message), 'welcome')
    assert.equal(called.receive(caller.send('thanks')), 'thanks')
  }
})

test('§5 the smaller h1 is preferred, compared byte by byte', () => {
  const h1 = fc.uint8Array({ minLength: 32, maxLength: 32 })
  fc.assert(
    fc.property(h1, h1, (x, y) => {
      const [a, b] = [{ h1: x }, { h1: y }]
      assert.equal(preferSession(a, b).h1, hex(x) <= hex(y) ? x : y)
      assert.deepEqual(preferSession(a, b).h1, preferSession(b, a).h1)
    }),
    { seed: 20260106 },
  )
})
