import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '../../src/core/bytes.ts'
import { initiate, respond } from '../../src/core/handshake.ts'
import { generateKem, KEM_SEED_BYTES } from '../../src/core/kem.ts'
import { exportPrivateKey } from '../../src/core/p256.ts'
import { decodeSession, encodeSession } from '../../src/core/session/snapshot.ts'
import { allRuns, places } from '../runs.ts'
import { ecdh, handmadeHello } from './handmade-hello.ts'
import { at, flip, makeBytes, makeKey, NOW } from './identities.ts'
import { reveals, secretsOf, textsOf } from './secrets.ts'
import { makeMeeting, makeTalkingSides, shakeHands, surroundings } from './sessions.ts'
import { seededRandom } from './test-bytes.ts'

const meeting = makeMeeting('secrecy')
const { alice, bob, prekeys, initiation, response, handmade } = meeting
const phrase = 'the eagle lands at dawn, bring the documents'
const [ikA, ikB] = [at(alice.devices, 0).ik, at(bob.devices, 0).ik]
const kemSeed = seededRandom('secrecy/kem')(KEM_SEED_BYTES)
const secrets: readonly Uint8Array[] = [
  utf8(phrase),
  kemSeed,
  ...[ikA, ikB, prekeys.spk, handmade.ek, handmade.ratchet, at(alice.roots, 0), at(alice.devices, 0).sign].map(
    exportPrivateKey,
  ),
  ecdh(ikB.publicKey, handmade.ek),
  ecdh(prekeys.spk.publicKey, handmade.ek),
  handmade.se,
  handmade.ii,
]

const assertSilent = (value: unknown, hidden: readonly Uint8Array[] = secrets): void => {
  const text = textsOf(value)
  for (const secret of hidden) assert.equal(reveals(text, secret), false)
}

test('the search for secrets finds them in every notation', () => {
  const secret = makeBytes('secret', 32)
  const base64 = Buffer.from(secret).toString('base64url')
  for (const leak of [secret, Buffer.from(secret), { key: [...secret] }, Buffer.from(secret).toString('hex'), base64])
    assert.equal(reveals(textsOf({ deep: { deeper: [leak] } }), secret), true)
  const failure = new Error('outer', { cause: new Error(`inner ${Buffer.from(secret).toString('hex')}`) })
  assert.equal(reveals(textsOf(failure), secret), true)
  assert.equal(reveals(textsOf(makeBytes('another', 32)), secret), false)
})

test('§6 the secrets of a session are not shown by inspect, JSON or a template', () => {
  const { alice: a, bob: b } = makeTalkingSides('shown')
  a.send('lost')
  b.receive(a.send('kept'))
  const hands = shakeHands(meeting, 'shown')
  for (const session of [a.session, b.session, hands.alice, hands.bob.session]) {
    const own = secretsOf(session)
    assert.ok(own.length >= 3)
    assertSilent(session, own)
  }
  assert.ok(b.session.skipped.size > 0)
})

test('§6 a stored session shows its secrets to whoever seals it, a loaded one to nobody, a damaged one neither', () => {
  const { alice: a, bob: b } = makeTalkingSides('stored')
  a.receive(b.send('turn'))
  a.send('lost', NOW + 3600)
  b.receive(a.send('kept', NOW + 3600), NOW + 3600)
  for (const { session } of [a, b]) {
    const [stored, own] = [encodeSession(session), secretsOf(session)]
    assert.ok(own.every((secret) => Buffer.from(stored).includes(Buffer.from(secret))))
    assertSilent(decodeSession(stored), own)
    for (const index of places(stored.length))
      for (const mask of [0x01, 0x40]) {
        try {
          decodeSession(flip(stored, index, mask))
        } catch (error) {
          assertSilent(error, own)
        }
      }
  }
  assert.ok(a.session.sending?.offer && b.session.skipped.size > 0)
})

test('§5 nor are those of keys, of what goes into a handshake and of what comes out', () => {
  const { seen, ...rest } = initiation
  for (const value of [rest, seen, response, prekeys, alice, bob, makeKey('key'), generateKem(seededRandom('kem'))])
    assertSilent(value)
  const { hello, session } = initiate({ ...initiation, first: utf8(phrase) }, surroundings('alice'))
  assertSilent({ hello, session })
})

test('§5 no failure of a handshake tells a secret, in any of its causes', () => {
  const { hello, fields } = handmadeHello({ ...handmade, first: utf8(phrase) })
  const forged = (changed: Partial<typeof handmade>) =>
    handmadeHello({ ...handmade, first: utf8(phrase), ...changed }).hello
  const attempts: readonly (() => unknown)[] = [
    ...[...hello.keys()]
      .filter((index) => index % (allRuns ? 29 : 145) === 0)
      .map((index) => () => respond(response, flip(hello, index), surroundings('bob'))),
    () => respond({ ...response, spk: makeKey('other') }, hello, surroundings('bob')),
    () => respond({ ...response, channel: new Uint8Array(0) }, hello, surroundings('bob')),
    () => respond(response, forged({ se: new Uint8Array(32) }), surroundings('bob')),
    () => respond(response, forged({ identity: { secret: exportPrivateKey(ikA), text: phrase } }), surroundings('bob')),
    () => respond(response, forged({ identity: phrase }), surroundings('bob')),
    () => initiate({ ...initiation, remote: { ...initiation.remote, kem: kemSeed } }, surroundings('alice')),
  ]
  assert.ok(fields.sealed.length > 0)
  for (const attempt of attempts)
    assert.throws(attempt, (error) => {
      assertSilent(error)
      return true
    })
})

test('§6 no failure to open a message tells a key or its plaintext', () => {
  const { alice: a, bob: b } = makeTalkingSides('failures')
  a.send('lost')
  b.receive(a.send('kept'))
  const { header, token } = a.send(phrase)
  const hidden = [...secretsOf(a.session), ...secretsOf(b.session), utf8(phrase)]
  const parts = [...token.keys()].map((index) => ({ header, token: flip(token, index) }))
  const heads = [...header.keys()].map((index) => ({ header: flip(header, index), token }))
  for (const message of [
    ...parts.filter((_, index) => index % (allRuns ? 5 : 25) === 0),
    ...places(heads.length).map((place) => at(heads, place)),
  ])
    assert.throws(
      () => b.receive(message),
      (error) => {
        assertSilent(error, hidden)
        return true
      },
    )
})
