import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { utf8 } from '../../src/core/bytes.ts'
import { type CborValue, encodeCbor } from '../../src/core/cbor.ts'
import { HandfastError } from '../../src/core/errors.ts'
import { initiate, respond } from '../../src/core/handshake.ts'
import { bridgeLog, type KeyLog, rotateLog, updateLog } from '../../src/core/key-log.ts'
import { runs } from '../runs.ts'
import { ecdh, type Handmade, handmadeHello } from './handmade-hello.ts'
import {
  at,
  commitmentAfter,
  cut,
  draftEntry,
  envelopesOf,
  failsWith,
  flip,
  makeBytes,
  makeIdentity,
  makeKey,
  makePrekeys,
  NOW,
  publicOf,
  publishCard,
  signDraft,
} from './identities.ts'
import { dumpSession, makeMeeting, makeSide, shakeHands, surroundings } from './sessions.ts'

const meeting = makeMeeting('attacks')
const { alice, bob, initiation, response, handmade, prekeys } = meeting
const mallory = makeIdentity('mallory')
const [aliceIk, bobIk] = [at(alice.devices, 0).ik, at(bob.devices, 0).ik]
const answer = (hello: Uint8Array, changed: Partial<typeof response> = {}) =>
  respond({ ...response, ...changed }, hello, surroundings('bob'))
const forge = (changed: Partial<Handmade>) => handmadeHello({ ...handmade, ...changed }).hello

/** A hello that is right in all but what it says about the initiator. */
const forgeIdentity = (identity: { [field: string]: CborValue }, log: KeyLog = alice.log) =>
  forge({
    identity: { log: envelopesOf(alice.log), device: 0, inc: makeBytes('inc', 16), seen: null, ...identity },
    idA: log.id,
    headA: log.last.hash,
  })

test('§5 B needs every one of ik, spk and the ML-KEM key to read a hello', () => {
  const { hello } = initiate(initiation, surroundings('alice'))
  const other = makePrekeys('other')
  assert.deepEqual(answer(hello).first, utf8('hello'))
  const without: readonly Partial<typeof response>[] = [
    { self: { ...response.self, ik: makeKey('other ik') } },
    { spk: other.spk },
    { kem: other.kem },
  ]
  for (const keys of without) assert.throws(() => answer(hello, keys), failsWith('ERR_HELLO_SEALED'))
})

test('§5 key compromise impersonation: who holds ik_B, but neither spk_B nor ik_A, is not taken for A', () => {
  const { spk } = prekeys
  const guesses: readonly Uint8Array[] = [
    new Uint8Array(0),
    new Uint8Array(32),
    ecdh(spk.publicKey, handmade.ek),
    ecdh(spk.publicKey, handmade.ratchet),
    ecdh(spk.publicKey, at(mallory.devices, 0).ik),
    ecdh(spk.publicKey, bobIk),
    ecdh(aliceIk.publicKey, bobIk),
    ecdh(aliceIk.publicKey, handmade.ek),
  ]
  assert.deepEqual(answer(forge({})).log, alice.log)
  for (const se of guesses) assert.throws(() => answer(forge({ se })), failsWith('ERR_SESSION_TOKEN'))
})

test('§5 who holds a prekey of B, spk_B, but neither ik_B nor ik_A, is not taken for A either', () => {
  const { spk } = prekeys
  const guesses: readonly Uint8Array[] = [
    new Uint8Array(0),
    new Uint8Array(32),
    ecdh(aliceIk.publicKey, spk),
    ecdh(bobIk.publicKey, spk),
    ecdh(bobIk.publicKey, handmade.ek),
    ecdh(aliceIk.publicKey, handmade.ek),
    ecdh(bobIk.publicKey, at(mallory.devices, 0).ik),
  ]
  // What a thief of spk_B can compute of the rest is right.
  const se = ecdh(aliceIk.publicKey, spk)
  assert.deepEqual(answer(forge({ se })).log, alice.log)
  for (const ii of guesses) assert.throws(() => answer(forge({ se, ii })), failsWith('ERR_SESSION_TOKEN'))
})

test('§5 nor does the thief of ik_A answer in the place of B, or read what A said', () => {
  const { hello, session } = initiate(initiation, surroundings('alice'))
  const before = dumpSession(session)
  const asBob = { self: { log: bob.log, device: 0, ik: aliceIk }, ...makePrekeys('mallory') }
  assert.throws(() => answer(hello, asBob), failsWith('ERR_HELLO_SEALED'))
  const another = shakeHands(makeMeeting('another'), 'another')
  const reply = makeSide(another.bob.session, surroundings('b').random).send('I am Bob')
  const a = makeSide(session, surroundings('a').random)
  assert.throws(() => a.receive(reply), failsWith('ERR_SESSION_OTHER'))
  assert.deepEqual(dumpSession(a.session), before)
})

test('§5 Mallory does not get away with naming the key of A as her own', () => {
  const named = makeIdentity('namesake')
  const log = updateLog(named.log, at(named.roots, 0), {
    devices: [{ sign: at(named.devices, 0).sign.publicKey, dh: aliceIk.publicKey }],
    time: NOW,
  })
  const identity = { log: envelopesOf(log), device: 0, inc: makeBytes('inc', 16), seen: null }
  const claims = { identity, idA: log.id, headA: log.last.hash }
  const { ik } = at(named.devices, 0)
  const [se, ii] = [ecdh(prekeys.spk.publicKey, ik), ecdh(bobIk.publicKey, ik)]
  for (const own of [{ se }, { ii }, { se, ii }])
    assert.throws(() => answer(forge({ ...claims, ...own })), failsWith('ERR_SESSION_TOKEN'))
  // Alice's own secret would open it: a session is between the addresses it was made for.
  assert.deepEqual(answer(forge(claims)).log.id, log.id)
  assert.throws(() => answer(forge({ ...claims, idA: alice.log.id })), failsWith('ERR_SESSION_OTHER'))
  assert.throws(() => answer(forge({ ...claims, headA: alice.log.last.hash })), failsWith('ERR_SESSION_OTHER'))
})

test('§5 the log of A verifies to its address or the hello fails', () => {
  const root = at(alice.roots, 0)
  const entries = envelopesOf(alice.log)
  const next = draftEntry(alice.log, alice)
  const cases: readonly (readonly [readonly Uint8Array[], Parameters<typeof failsWith>[0]])[] = [
    [[...entries, signDraft(next, at(mallory.roots, 0))], 'ERR_LOG_SIGNATURE'],
    [[...entries, signDraft({ ...next, seq: 7 }, root)], 'ERR_LOG_SEQ'],
    [[...entries, signDraft({ ...next, prev: mallory.log.last.hash }, root)], 'ERR_LOG_PREV'],
    [[...entries, at(envelopesOf(mallory.log), 0)], 'ERR_LOG_SEQ'],
    [[...entries, signDraft({ ...next, time: NOW - 1 }, root)], 'ERR_LOG_TIME_BACK'],
    [[...entries, signDraft({ ...next, root: mallory.log.last.entry.root }, at(mallory.roots, 0))], 'ERR_LOG_ROOT'],
    [[makeBytes('noise', 100)], 'ERR_LOG_DECODE'],
    [[flip(at(entries, 0))], 'ERR_LOG_SIGNATURE'],
    [
      [at(entries, 0), bridgeLog(cut(alice.log, 0), at(alice.roots, 1), commitmentAfter(alice, 1)).last.envelope],
      'ERR_LOG_BRIDGE',
    ],
  ]
  for (const [log, code] of cases) assert.throws(() => answer(forgeIdentity({ log })), failsWith(code), code)
})

test("§5 another's log in the place of one's own opens nothing", () => {
  const swapped = { log: envelopesOf(mallory.log) }
  assert.throws(() => answer(forgeIdentity(swapped)), failsWith('ERR_SESSION_OTHER'))
  assert.throws(() => answer(forgeIdentity(swapped, mallory.log)), failsWith('ERR_SESSION_TOKEN'))
})

test('§5 what is sealed has exactly its shape', () => {
  const log = envelopesOf(alice.log)
  const misshapen: readonly CborValue[] = [
    null,
    [log, 0, null],
    { log, device: 0 },
    { log, device: 0, inc: makeBytes('inc', 16), seen: null, note: 1 },
    { log: [], device: 0, inc: makeBytes('inc', 16), seen: null },
    { log: [new Uint8Array(901)], device: 0, inc: makeBytes('inc', 16), seen: null },
    { log: [new Uint8Array(0)], device: 0, inc: makeBytes('inc', 16), seen: null },
    { log: Array.from({ length: 65 }, () => Uint8Array.of(1)), device: 0, inc: makeBytes('inc', 16), seen: null },
    { log, device: 7, inc: makeBytes('inc', 16), seen: null },
    { log, device: -1, seen: null },
    { log, device: 0, inc: makeBytes('inc', 16), seen: new Uint8Array(31) },
  ]
  for (const identity of misshapen) assert.throws(() => answer(forge({ identity })), failsWith('ERR_HELLO_SEALED'))
})

test('§5 A names a device it has', () => {
  for (const device of [1, 6]) assert.throws(() => answer(forgeIdentity({ device })), failsWith('ERR_HELLO_DEVICE'))
  const two = makeIdentity('two', { devices: 2 })
  const claims = (device: number, { se, ii }: Pick<Handmade, 'se' | 'ii'>) =>
    forge({
      identity: { log: envelopesOf(two.log), device, inc: makeBytes('inc', 16), seen: null },
      idA: two.log.id,
      headA: two.log.last.hash,
      se,
      ii,
    })
  const secret = (device: number) => {
    const { ik } = at(two.devices, device)
    return { se: ecdh(prekeys.spk.publicKey, ik), ii: ecdh(bobIk.publicKey, ik) }
  }
  assert.equal(answer(claims(1, secret(1))).device, 1)
  assert.throws(() => answer(claims(0, secret(1))), failsWith('ERR_SESSION_TOKEN'))
})

test('§5 a retired A is refused, whichever way it retired and whichever device it names', () => {
  const content = { devices: publicOf(alice.devices), status: 'retired', time: NOW } as const
  const retired = [
    updateLog(alice.log, at(alice.roots, 0), content),
    rotateLog(alice.log, at(alice.roots, 1), commitmentAfter(alice, 1), content),
  ]
  for (const log of retired)
    for (const device of [0, 6])
      assert.throws(() => answer(forgeIdentity({ log: envelopesOf(log), device }, log)), failsWith('ERR_PEER_RETIRED'))
})

test('§5 the first message belongs to this session and stays within the skip limit', () => {
  assert.throws(() => answer(forge({ session: makeBytes('session', 16) })), failsWith('ERR_SESSION_OTHER'))
  assert.deepEqual(answer(forge({ n: 3 })).first, utf8('hello'))
  assert.throws(() => answer(forge({ n: 1001 })), failsWith('ERR_SESSION_SKIP'))
})

test("§5 Mallory cannot pass Alice's hello on to Bob, though she names Bob's keys as hers", () => {
  const log = updateLog(mallory.log, at(mallory.roots, 0), {
    devices: [{ sign: at(mallory.devices, 0).sign.publicKey, dh: bobIk.publicKey }],
    time: NOW,
  })
  const card = publishCard({ ...mallory, log }, prekeys)
  const remote = { log, card, kem: prekeys.kem.publicKey }
  const { hello } = initiate({ ...initiation, remote }, surroundings('alice'))
  assert.throws(() => answer(hello), failsWith('ERR_HELLO_CARD'))
})

test('§5 a hello with any one byte changed is refused', () => {
  const { hello } = initiate(initiation, surroundings('alice'))
  fc.assert(
    fc.property(fc.nat(hello.length - 1), fc.integer({ min: 1, max: 255 }), (index, mask) => {
      assert.throws(() => answer(flip(hello, index, mask)), HandfastError)
    }),
    { seed: 20260102, numRuns: runs(500) },
  )
})

test('§5 random bytes of the right size in any field are refused', () => {
  const { fields } = handmadeHello(handmade)
  const field = fc.constantFrom('ek', 'card', 'ct', 'sealed')
  fc.assert(
    fc.property(field, fc.string(), (name, seed) => {
      const noise = makeBytes(seed, fields[name].length)
      assert.throws(() => answer(encodeCbor({ ...fields, [name]: noise })), HandfastError)
    }),
    { seed: 20260103, numRuns: runs(200) },
  )
})
