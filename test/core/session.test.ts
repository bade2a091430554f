import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '../../src/core/bytes.ts'
import { type CborValue, decodeCbor, encodeCbor } from '../../src/core/cbor.ts'
import type { ErrorCode } from '../../src/core/errors.ts'
import { encryptMessage, type Message } from '../../src/core/session/session.ts'
import { places } from '../runs.ts'
import { at, failsWith, flip, makeBytes, makeKey, NOW } from './identities.ts'
import { dumpSession, makeSides, makeTalkingSides, type Side, surroundings } from './sessions.ts'

/** The message is refused with this code, and the session is the very same afterwards, secrets included. */
const refuses = (side: Side, message: Message, code: ErrorCode, now = NOW): void => {
  const { session } = side
  const before = dumpSession(session)
  assert.throws(() => side.receive(message, now), failsWith(code))
  assert.equal(side.session, session)
  assert.deepEqual(dumpSession(session), before)
}

test('§6 messages open in both directions, over many ratchet steps', () => {
  const { alice, bob } = makeSides('both ways')
  const keys = new Set<string>()
  for (let turn = 0; turn < 50; turn++) {
    for (const [from, to] of [
      [alice, bob],
      [bob, alice],
    ] as const)
      for (let n = 0; n <= turn % 3; n++) assert.equal(to.receive(from.send(`${turn}/${n}`)), `${turn}/${n}`)
    keys.add(Buffer.from(alice.session.self.publicKey).toString('hex'))
  }
  assert.equal(keys.size, 50)
  assert.equal(alice.session.skipped.size + bob.session.skipped.size, 0)
})

test('§6 a responder sends after it has received', () => {
  const { alice, bob } = makeSides('responder')
  assert.throws(() => bob.send('too early'), failsWith('ERR_SESSION_NOT_READY'))
  bob.receive(alice.send('hello'))
  assert.equal(alice.receive(bob.send('now')), 'now')
})

test('§6 messages of one chain open in any order', () => {
  const { alice, bob } = makeSides('order')
  const messages = ['0', '1', '2', '3', '4'].map((text) => alice.send(text))
  for (const index of [3, 0, 4, 2, 1]) assert.equal(bob.receive(at(messages, index)), `${index}`)
  assert.equal(bob.session.skipped.size, 0)
})

test('§6 messages of earlier chains open after later ones', () => {
  const { alice, bob } = makeTalkingSides('late')
  const late = [alice.send('a0'), alice.send('a1'), alice.send('a2')]
  bob.receive(at(late, 1))
  alice.receive(bob.send('b'))
  const later = alice.send('a3')
  alice.receive(bob.send('b2'))
  bob.receive(later)
  alice.receive(bob.send('b3'))
  bob.receive(alice.send('a4'))
  assert.equal(bob.receive(at(late, 2)), 'a2')
  assert.equal(bob.receive(at(late, 0)), 'a0')
  assert.equal(bob.session.skipped.size, 0)
})

test('§6 lost messages do not stop the conversation', () => {
  const { alice, bob } = makeTalkingSides('loss')
  for (let turn = 0; turn < 10; turn++) {
    alice.send('lost')
    assert.equal(bob.receive(alice.send('kept')), 'kept')
    alice.send('lost')
    bob.send('lost')
    assert.equal(alice.receive(bob.send('kept')), 'kept')
  }
})

test('§6 both sides may send at once', () => {
  const { alice, bob } = makeTalkingSides('at once')
  for (let turn = 0; turn < 5; turn++) {
    const [a, b] = [alice.send(`a${turn}`), bob.send(`b${turn}`)]
    assert.equal(bob.receive(a), `a${turn}`)
    assert.equal(alice.receive(b), `b${turn}`)
  }
})

test('§6 the initiator may send much before the first answer', () => {
  const { alice, bob } = makeSides('eager')
  const messages = Array.from({ length: 20 }, (_, n) => alice.send(`${n}`))
  bob.receive(at(messages, 7))
  alice.receive(bob.send('answer'))
  bob.receive(alice.send('next chain'))
  for (const [n, message] of messages.entries()) if (n !== 7) assert.equal(bob.receive(message), `${n}`)
})

test('§6 a message opens once', () => {
  const { alice, bob } = makeTalkingSides('once')
  const [first, second, third] = [alice.send('1'), alice.send('2'), alice.send('3')]
  bob.receive(first)
  refuses(bob, first, 'ERR_SESSION_DUPLICATE')
  bob.receive(third)
  refuses(bob, third, 'ERR_SESSION_DUPLICATE')
  bob.receive(second)
  refuses(bob, second, 'ERR_SESSION_DUPLICATE')
  alice.receive(bob.send('turn'))
  bob.receive(alice.send('4'))
  for (const message of [first, second, third]) refuses(bob, message, 'ERR_SESSION_TOKEN')
})

test('§6 any length of plaintext opens again, and every message has a key of its own', () => {
  const { alice, bob } = makeSides('lengths')
  for (const size of [0, 1, 2, 15, 16, 17, 255, 4096, 32 * 1024]) {
    const text = 'x'.repeat(size)
    assert.equal(bob.receive(alice.send(text)), text)
  }
  const [one, two] = [alice.send('same'), alice.send('same')]
  assert.notDeepEqual(one.token, two.token)
  refuses(bob, { header: one.header, token: two.token }, 'ERR_SESSION_TOKEN')
  refuses(bob, { header: two.header, token: one.token }, 'ERR_SESSION_TOKEN')
})

test('§6 a session is a value: the same step from the same state gives the same bytes', () => {
  const { alice, bob } = makeTalkingSides('value')
  const one = encryptMessage(alice.session, utf8('text'), surroundings('seed'))
  const two = encryptMessage(alice.session, utf8('text'), surroundings('seed'))
  assert.deepEqual(one.message, two.message)
  assert.deepEqual(dumpSession(one.session), dumpSession(two.session))
  const { session } = bob
  assert.equal(bob.receive(one.message), 'text')
  bob.session = session
  assert.equal(bob.receive(two.message), 'text')
})

test('§6 a message of another session is refused', () => {
  const { bob } = makeTalkingSides('mine')
  const other = makeTalkingSides('other')
  refuses(bob, other.alice.send('astray'), 'ERR_SESSION_OTHER')
})

test('§6 a message sent back to its sender does not open', () => {
  const { alice, bob } = makeTalkingSides('mirror')
  refuses(alice, alice.send('to Bob'), 'ERR_SESSION_TOKEN')
  refuses(bob, bob.send('to Alice'), 'ERR_SESSION_TOKEN')
  const fresh = makeSides('mirror before the first answer')
  refuses(fresh.alice, fresh.alice.send('to Bob'), 'ERR_SESSION_TOKEN')
})

test('§6 every field of the header is bound to the token', () => {
  const { alice, bob } = makeTalkingSides('header')
  bob.receive(alice.send('0'))
  const sent = alice.send('1')
  const [session, dh, pn, n] = decodeCbor(sent.header) as [Uint8Array, Uint8Array, number, number]
  const altered = (fields: readonly CborValue[]): Message => ({ header: encodeCbor(fields), token: sent.token })
  const cases: readonly (readonly [readonly CborValue[], ErrorCode])[] = [
    [[flip(session), dh, pn, n, null, null], 'ERR_SESSION_OTHER'],
    [[session, makeKey('other').publicKey, pn, n, null, null], 'ERR_SESSION_TOKEN'],
    [[session, flip(dh, 0, 1), pn, n, null, null], 'ERR_SESSION_TOKEN'],
    [[session, bob.session.self.publicKey, pn, n, null, null], 'ERR_SESSION_TOKEN'],
    [[session, alice.session.remote ?? null, pn, n, null, null], 'ERR_SESSION_TOKEN'],
    [[session, dh, pn + 1, n, null, null], 'ERR_SESSION_TOKEN'],
    [[session, dh, 5000, n, null, null], 'ERR_SESSION_TOKEN'],
    [[session, dh, pn, n + 1, null, null], 'ERR_SESSION_TOKEN'],
    [[session, dh, pn, n - 1, null, null], 'ERR_SESSION_DUPLICATE'],
    [[session, dh, pn, n + 1001, null, null], 'ERR_SESSION_SKIP'],
    [[session, dh, pn, 2 ** 32 - 1, null, null], 'ERR_SESSION_SKIP'],
    [[session, makeKey('other').publicKey, 5000, 0, null, null], 'ERR_SESSION_SKIP'],
    [[session, makeKey('other').publicKey, pn, 1001, null, null], 'ERR_SESSION_SKIP'],
  ]
  for (const [fields, code] of cases) refuses(bob, altered(fields), code)
  assert.equal(bob.receive(sent), '1')
})

test('§6 a header that is not exactly its six fields does not decode', () => {
  const { alice, bob } = makeTalkingSides('shape')
  const sent = alice.send('text')
  const [session, dh, pn, n] = decodeCbor(sent.header) as [Uint8Array, Uint8Array, number, number]
  const headers: readonly Uint8Array[] = [
    new Uint8Array(0),
    makeBytes('noise', 60),
    sent.header.subarray(0, -1),
    Uint8Array.of(...sent.header, 0),
    ...[
      [session, dh, pn, n],
      [session, dh, pn, n, null],
      [session, dh, pn, n, null, null, null],
      [session, dh, pn, n, false, null],
      [session, dh, pn, n, null, new Uint8Array(0)],
      [session.subarray(1), dh, pn, n, null, null],
      [session, dh.subarray(1), pn, n, null, null],
      [session, dh, -1, n, null, null],
      [session, dh, pn, -1, null, null],
      [session, dh, pn, 2 ** 32, null, null],
      [session, dh, 2 ** 32, n, null, null],
      [session, dh, null, n, null, null],
    ].map((fields) => encodeCbor(fields)),
    // Points that are none are found when the ratchet would step to them.
    encodeCbor([session, new Uint8Array(33), pn, 0, null, null]),
    encodeCbor([session, Uint8Array.of(2, ...new Uint8Array(31), 1), pn, 0, null, null]),
    encodeCbor([session, Uint8Array.of(4, ...dh.subarray(1)), pn, 0, null, null]),
  ]
  for (const header of headers) refuses(bob, { header, token: sent.token }, 'ERR_SESSION_HEADER')
  assert.equal(bob.receive(sent), 'text')
})

test('§6 a token that was changed, cut or made up does not verify, in any state the receiver is in', () => {
  const { alice, bob } = makeTalkingSides('garbage')
  const [early, current] = [alice.send('early'), alice.send('current')]
  bob.receive(current)
  const next = alice.send('next')
  alice.receive(bob.send('turn'))
  const step = alice.send('step')
  // A skipped message, one of this chain, and one that makes the ratchet step.
  for (const { header, token } of [early, next, step]) {
    const garbage = [
      new Uint8Array(0),
      token.subarray(0, -1),
      token.subarray(0, 57),
      Uint8Array.of(...token, 0),
      makeBytes('noise', token.length),
      ...places(token.length).map((index) => flip(token, index, 0x40)),
    ]
    for (const bytes of garbage) refuses(bob, { header, token: bytes }, 'ERR_SESSION_TOKEN')
  }
  for (const [message, text] of [
    [early, 'early'],
    [next, 'next'],
    [step, 'step'],
  ] as const)
    assert.equal(bob.receive(message), text)
})

test('§6 the checks come in the order header, session, duplicate, skip, token', () => {
  const { alice, bob } = makeTalkingSides('precedence')
  bob.receive(alice.send('text'))
  const { session: id, remote } = { session: bob.session.id, remote: bob.session.remote ?? new Uint8Array(33) }
  const token = makeBytes('noise', 100)
  const header = (...fields: readonly CborValue[]): Message => ({ header: encodeCbor(fields), token })
  refuses(bob, header(flip(id), remote, 0, 0, null, true), 'ERR_SESSION_HEADER')
  refuses(bob, header(flip(id), remote, 0, 0, null, null), 'ERR_SESSION_OTHER')
  refuses(bob, header(id, remote, 5000, 0, null, null), 'ERR_SESSION_DUPLICATE')
  refuses(bob, header(id, remote, 0, 5000, null, null), 'ERR_SESSION_SKIP')
  refuses(bob, header(id, remote, 0, 500, null, null), 'ERR_SESSION_TOKEN')
})
