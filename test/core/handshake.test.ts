import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hex, utf8 } from '../../src/core/bytes.ts'
import type { CborValue } from '../../src/core/cbor.ts'
import { decodeCbor, encodeCbor } from '../../src/core/cbor.ts'
import { initiate, respond } from '../../src/core/handshake.ts'
import { rotateLog } from '../../src/core/key-log.ts'
import { HEADER_BYTES_MAX, HELLO_BYTES_MAX } from '../../src/core/limits/protocol-limits.ts'
import { type HelloFields, handmadeHello } from './handmade-hello.ts'
import {
  at,
  commitmentAfter,
  type Draft,
  envelopesOf,
  failsWith,
  flip,
  makeBytes,
  makeIdentity,
  makePrekeys,
  NOW,
  presentCard,
  publicOf,
  publishCard,
  without,
} from './identities.ts'
import { makeMeeting, makeSide, shakeHands, surroundings } from './sessions.ts'
import { seededRandom } from './test-bytes.ts'

const meeting = makeMeeting('meeting')
const { alice, bob, initiation, response, handmade } = meeting
const answer = (hello: Uint8Array, changed: Partial<typeof response> = {}) =>
  respond({ ...response, ...changed }, hello, surroundings('bob'))
let greetings = 0
const greet = (changed: Partial<typeof initiation> = {}) =>
  initiate({ ...initiation, ...changed }, surroundings(`alice/${greetings++}`)).hello

test('§5 both sides agree: B learns who A is, and messages open both ways', () => {
  const hands = shakeHands(meeting, 'agree')
  assert.deepEqual(hands.bob.log, alice.log)
  assert.equal(hands.bob.device, 0)
  assert.deepEqual(hands.bob.first, utf8('hello'))
  assert.deepEqual(hands.alice.id, hands.bob.session.id)
  const a = makeSide(hands.alice, seededRandom('a'))
  const b = makeSide(hands.bob.session, seededRandom('b'))
  assert.equal(a.receive(b.send('welcome')), 'welcome')
  assert.equal(b.receive(a.send('confirmed')), 'confirmed')
  assert.equal(a.receive(b.send('well met')), 'well met')
})

test('§5 the derivation is the one of the specification', () => {
  const { hello, session } = handmadeHello(handmade)
  const accepted = answer(hello)
  assert.deepEqual(accepted.first, utf8('hello'))
  assert.deepEqual(accepted.session.id, session)
})

test('§5 a published card serves when B is offline, with an empty channel binding', () => {
  const offline = makeMeeting('offline', { live: false })
  const hands = shakeHands(offline, 'offline')
  assert.deepEqual(hands.bob.first, utf8('hello'))
  assert.deepEqual(
    respond(offline.response, handmadeHello(offline.handmade).hello, surroundings('b')).log,
    offline.alice.log,
  )
})

test('§5 `seen` reaches B as A sent it, null too', () => {
  for (const seen of [null, bob.log.last.hash, makeBytes('another head', 32)])
    assert.deepEqual(answer(greet({ seen })).seen, seen)
})

test('§5 the second device of B answers with its own keys', () => {
  const two = makeIdentity('two devices', { devices: 2 })
  const prekeys = makePrekeys('two')
  const card = publishCard(two, prekeys, { device: 1 })
  const channel = new Uint8Array(0)
  const hello = greet({ remote: { log: two.log, card, kem: prekeys.kem.publicKey }, channel })
  const self = (device: number) => ({ log: two.log, device, ik: at(two.devices, device).ik })
  assert.deepEqual(answer(hello, { self: self(1), card, ...prekeys, channel }).log, alice.log)
  assert.throws(() => answer(hello, { self: self(0), card, ...prekeys, channel }), failsWith('ERR_HELLO_SEALED'))
})

test('§5 the second device of A says which one it is', () => {
  const two = makeIdentity('two devices', { devices: 2 })
  const accepted = answer(greet({ self: { log: two.log, device: 1, ik: at(two.devices, 1).ik } }))
  assert.deepEqual([accepted.log.id, accepted.device], [two.log.id, 1])
  const other = greet({ self: { log: two.log, device: 1, ik: at(two.devices, 0).ik } })
  assert.throws(() => answer(other), failsWith('ERR_SESSION_TOKEN'))
})

test('§5 every hello is new, and the same one opened twice gives the same session id', () => {
  assert.notDeepEqual(greet(), greet())
  const hello = greet()
  assert.deepEqual(answer(hello).session.id, answer(hello).session.id)
})

test('§5 A refuses before it uses a key: wrong ML-KEM key, retired B, device B does not have', () => {
  const { remote } = initiation
  const retired = rotateLog(bob.log, at(bob.roots, 1), commitmentAfter(bob, 1), {
    devices: publicOf(bob.devices),
    status: 'retired',
    time: NOW,
  })
  const fails = (changed: Partial<typeof remote>, code: Parameters<typeof failsWith>[0]) =>
    assert.throws(() => greet({ remote: { ...remote, ...changed } }), failsWith(code))
  fails({ kem: makePrekeys('other').kem.publicKey }, 'ERR_CARD_KEM')
  fails({ kem: remote.kem.subarray(1) }, 'ERR_CARD_KEM')
  fails({ log: retired }, 'ERR_PEER_RETIRED')
  fails({ card: { ...remote.card, card: { ...remote.card.card, device: 1 } } }, 'ERR_HELLO_DEVICE')
})

test('§5 A refuses an ML-KEM key that FIPS 203 calls malformed, though B committed to it', () => {
  const malformed = { publicKey: new Uint8Array(1184).fill(0xff), key: response.kem.key }
  const card = publishCard(bob, { spk: response.spk, kem: malformed })
  assert.throws(() => greet({ remote: { log: bob.log, card, kem: malformed.publicKey } }), failsWith('ERR_KEM_KEY'))
})

const fields = decodeCbor(greet()) as HelloFields
const others = decodeCbor(greet({ first: utf8('other') })) as HelloFields
const replaced = (changed: Draft) => encodeCbor({ ...fields, ...changed })

test('§5 a hello of another version is refused before anything else in it is read', () => {
  for (const v of [0, 2, 'one', null]) {
    assert.throws(() => answer(encodeCbor({ v })), failsWith('ERR_HELLO_VERSION'))
    assert.throws(() => answer(replaced({ v })), failsWith('ERR_HELLO_VERSION'))
  }
})

const misshapen: readonly (readonly [string, CborValue])[] = [
  ['nothing', null],
  ['a list', [1]],
  ['bytes', makeBytes('noise', 40)],
  ...Object.keys(fields).map((name) => [`a hello without ${name}`, without(fields, name)] as const),
  ...Object.keys(fields)
    .filter((name) => name !== 'v')
    .map((name) => [`a hello whose ${name} is true`, { ...fields, [name]: true }] as const),
  ['an unknown field', { ...fields, note: null }],
  ['an ek of 32 bytes', { ...fields, ek: makeBytes('ek', 32) }],
  ['an ek off the curve', { ...fields, ek: Uint8Array.of(2, ...new Uint8Array(31), 1) }],
  ['the identity as ek', { ...fields, ek: new Uint8Array(33) }],
  ['an ek beyond the field', { ...fields, ek: Uint8Array.of(2, ...new Uint8Array(32).fill(0xff)) }],
  ['a ct of 1087 bytes', { ...fields, ct: makeBytes('ct', 1087) }],
  ['a ct of 1089 bytes', { ...fields, ct: makeBytes('ct', 1089) }],
  ['an empty sealed part', { ...fields, sealed: new Uint8Array(0) }],
  ['a first message without a token', { ...fields, first: without(fields.first, 'token') }],
  ['a first message with more in it', { ...fields, first: { ...fields.first, note: 1 } }],
  [
    'a first header longer than any',
    { ...fields, first: { ...fields.first, header: new Uint8Array(HEADER_BYTES_MAX + 1) } },
  ],
]

for (const [name, value] of misshapen)
  test(`§5 a hello does not decode: ${name}`, () => {
    assert.throws(() => answer(encodeCbor(value)), failsWith('ERR_HELLO_DECODE'))
  })

test('§5 a hello that is truncated, continued, random, or larger than a frame does not decode', () => {
  const hello = greet()
  for (let size = 0; size < hello.length; size += 13)
    assert.throws(() => answer(hello.subarray(0, size)), failsWith('ERR_HELLO_DECODE'))
  assert.throws(() => answer(Uint8Array.of(...hello, 0)), failsWith('ERR_HELLO_DECODE'))
  for (const size of [1, 100, 2000])
    assert.throws(() => answer(makeBytes('noise', size)), failsWith('ERR_HELLO_DECODE'))
  const filled = (size: number) => replaced({ sealed: new Uint8Array(size) })
  const overhead = filled(60_000).length - 60_000
  const atMost = filled(HELLO_BYTES_MAX - overhead)
  assert.equal(atMost.length, HELLO_BYTES_MAX)
  assert.throws(() => answer(atMost), failsWith('ERR_HELLO_SEALED'))
  assert.throws(() => answer(filled(HELLO_BYTES_MAX - overhead + 1)), failsWith('ERR_HELLO_DECODE'))
})

test('§5 each field of a hello belongs to this hello', () => {
  const first = (changed: Draft) => replaced({ first: { ...fields.first, ...changed } })
  const { header, token } = fields.first
  const { sealed } = fields
  const cases: readonly (readonly [Uint8Array, Parameters<typeof failsWith>[0]])[] = [
    [replaced({ card: makeBytes('card', 32) }), 'ERR_HELLO_CARD'],
    [replaced({ ek: others.ek }), 'ERR_HELLO_SEALED'],
    [replaced({ ek: response.spk.publicKey }), 'ERR_HELLO_SEALED'],
    [replaced({ ct: others.ct }), 'ERR_HELLO_SEALED'],
    [replaced({ ct: flip(fields.ct, 5) }), 'ERR_HELLO_SEALED'],
    [replaced({ sealed: others.sealed }), 'ERR_HELLO_SEALED'],
    [replaced({ ek: others.ek, ct: others.ct }), 'ERR_HELLO_SEALED'],
    ...[0, 1, 9, 25, sealed.length - 1].map(
      (index) => [replaced({ sealed: flip(sealed, index) }), 'ERR_HELLO_SEALED'] as const,
    ),
    [replaced({ sealed: sealed.subarray(0, -1) }), 'ERR_HELLO_SEALED'],
    [replaced({ first: others.first }), 'ERR_SESSION_OTHER'],
    [first({ header: others.first.header }), 'ERR_SESSION_OTHER'],
    [first({ header: flip(header) }), 'ERR_SESSION_HEADER'],
    [first({ token: others.first.token }), 'ERR_SESSION_TOKEN'],
    [first({ token: flip(token) }), 'ERR_SESSION_TOKEN'],
    [replaced({ ek: others.ek, ct: others.ct, sealed: others.sealed }), 'ERR_SESSION_OTHER'],
  ]
  for (const [hello, code] of cases) assert.throws(() => answer(hello), failsWith(code), code)
})

test('§5 a hello is for one connection', () => {
  for (const channel of [flip(response.channel), makeBytes('other', 64), new Uint8Array(0)]) {
    assert.throws(() => answer(greet({ channel })), failsWith('ERR_HELLO_SEALED'))
    assert.throws(() => answer(greet(), { channel }), failsWith('ERR_HELLO_SEALED'))
  }
})

test('§5 a hello for one card is refused under another, replayed ones too', () => {
  const hello = greet()
  const fresh = makePrekeys('fresh')
  const later = presentCard(bob, fresh, response.channel, { now: NOW + 1 })
  assert.throws(() => answer(hello, { card: later, ...fresh }), failsWith('ERR_HELLO_CARD'))
  const samePrekeys = presentCard(bob, response, response.channel, { now: NOW + 1 })
  assert.throws(() => answer(hello, { card: samePrekeys }), failsWith('ERR_HELLO_CARD'))
  // The name of the new card put in by the attacker does not help: h0 binds it.
  const renamed = encodeCbor({ ...(decodeCbor(hello) as HelloFields), card: samePrekeys.hash })
  assert.throws(() => answer(renamed, { card: samePrekeys }), failsWith('ERR_HELLO_SEALED'))
})

test('§5 nothing in a hello names A to who watches', () => {
  const hello = hex(greet())
  const { sign, ik } = at(alice.devices, 0)
  for (const bytes of [
    alice.log.id,
    ...envelopesOf(alice.log),
    sign.publicKey,
    ik.publicKey,
    at(alice.roots, 0).publicKey,
  ])
    assert.equal(hello.includes(hex(bytes)), false)
})
