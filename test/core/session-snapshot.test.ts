import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { hex, utf8 } from '../../src/core/bytes.ts'
import { type CborValue, decodeCbor, encodeCbor } from '../../src/core/cbor.ts'
import { SessionError } from '../../src/core/errors.ts'
import { sha256 } from '../../src/core/kdf.ts'
import { SESSION_BYTES_MAX } from '../../src/core/limits/protocol-limits.ts'
import { encryptMessage, type Session } from '../../src/core/session/session.ts'
import { decodeSession, encodeSession } from '../../src/core/session/snapshot.ts'
import { places, runs, share } from '../runs.ts'
import { listFiles, readFile } from '../vectors/vector-files.ts'
import { at, failsWith, flip, makeBytes, makeKey, makePrekeys, NOW } from './identities.ts'
import { commands, run } from './session-world.ts'
import { dumpSession, makeSides, makeTalkingSides, type Side, surroundings } from './sessions.ts'

const HOUR = 3600

/** Bob's session with all that one can hold: both chains, an offer, an answer, skipped keys. */
const fullSession = (): Session => {
  const { alice, bob } = makeTalkingSides('full')
  alice.receive(bob.send('turn'))
  alice.send('lost', NOW + HOUR)
  bob.receive(alice.send('offer', NOW + HOUR), NOW + HOUR)
  bob.send('answer and offer', NOW + 2 * HOUR)
  return bob.session
}

const full = fullSession()
const stored = encodeSession(full)
type Fields = { readonly [name: string]: CborValue }
const fields = decodeCbor(stored) as Fields

test('§6 the fullest session has every part that there is', () => {
  assert.ok(full.sending?.offer && full.sending.answer && full.receiving && full.remote)
  assert.ok(full.skipped.size > 0)
})

test('§6 a session that is stored and loaded between any two steps goes through any schedule unchanged', () => {
  const seen = { stored: 0, offering: 0, skipped: 0 }
  const restart = (side: Side): void => {
    const before = encodeSession(side.session)
    const loaded = decodeSession(before)
    assert.deepEqual(encodeSession(loaded), before)
    assert.deepEqual(dumpSession(loaded), dumpSession(side.session))
    side.session = loaded
    seen.stored++
    if (loaded.sending?.offer) seen.offering++
    if (loaded.skipped.size > 0) seen.skipped++
  }
  fc.assert(
    fc.property(commands(fc.integer({ min: 1, max: 3 }), 60), (schedule) => {
      run(schedule, restart)
    }),
    { seed: 20260105, numRuns: runs(120) },
  )
  assert.ok(seen.stored > share(1000) && seen.offering > share(50) && seen.skipped > share(300), JSON.stringify(seen))
})

test('§6 the loaded session makes the very same bytes from the same randomness', () => {
  const [one, two] = [full, decodeSession(stored)].map((session) =>
    encryptMessage(session, utf8('text'), surroundings('seed')),
  )
  assert.deepEqual(one?.message, two?.message)
  assert.deepEqual(one && encodeSession(one.session), two && encodeSession(two.session))
})

test('§6 sessions at their very beginning are stored too', () => {
  const { alice, bob } = makeSides('beginning')
  bob.session = decodeSession(encodeSession(bob.session))
  alice.session = decodeSession(encodeSession(alice.session))
  assert.throws(() => bob.send('too early'), failsWith('ERR_SESSION_NOT_READY'))
  assert.equal(bob.receive(alice.send('first')), 'first')
})

test('§6 the largest session fits its bound', () => {
  const { alice, bob } = makeTalkingSides('large')
  const messages = Array.from({ length: 2003 }, () => alice.send('x'))
  for (const n of [1000, 2001, 2002]) bob.receive(at(messages, n))
  assert.equal(bob.session.skipped.size, 2000)
  const { sending, receiving } = full
  const { size } = bob.session.skipped
  const largest = encodeSession({ ...full, sending, receiving, skipped: bob.session.skipped })
  // Numbers and times in their longest form, for each key and for the rest.
  assert.ok(largest.length + size * (5 + 9) + 100 < SESSION_BYTES_MAX, `${largest.length}`)
  assert.deepEqual(encodeSession(decodeSession(largest)), largest)
  const over = new Uint8Array(SESSION_BYTES_MAX + 1)
  assert.throws(() => decodeSession(over), failsWith('ERR_SESSION_CORRUPT'))
})

test('§6 another version is refused as such, before anything else in it is looked at', () => {
  for (const v of [0, 2, '1', null, [1]]) {
    assert.throws(() => decodeSession(encodeCbor({ v })), failsWith('ERR_SESSION_VERSION'))
    assert.throws(() => decodeSession(encodeCbor({ ...fields, v })), failsWith('ERR_SESSION_VERSION'))
  }
})

const sending = fields.sending as Fields
const receiving = fields.receiving as Fields
const skipped = fields.skipped as readonly (readonly CborValue[])[]
const skippedKey = skipped[0] ?? []
const without = (draft: Fields, name: string): Fields =>
  Object.fromEntries(Object.entries(draft).filter(([field]) => field !== name))

const damaged: readonly (readonly [string, CborValue])[] = [
  ['nothing', null],
  ['a list', [1]],
  ['no version', without(fields, 'v')],
  ...Object.keys(fields)
    .filter((name) => name !== 'v')
    .flatMap((name): (readonly [string, CborValue])[] => [
      [`no ${name}`, without(fields, name)],
      [`${name} true`, { ...fields, [name]: true }],
    ]),
  ['an unknown field', { ...fields, note: 0 }],
  ['an id of 15 bytes', { ...fields, id: makeBytes('id', 15) }],
  ['a root key of 31 bytes', { ...fields, rk: makeBytes('rk', 31) }],
  ['a scalar of zero', { ...fields, self: new Uint8Array(32) }],
  ['a scalar beyond the order', { ...fields, self: new Uint8Array(32).fill(0xff) }],
  ['a remote off the curve', { ...fields, remote: Uint8Array.of(2, ...new Uint8Array(31), 1) }],
  ['a remote of 65 bytes', { ...fields, remote: makeBytes('remote', 65) }],
  ['no remote beside a sending chain', { ...fields, remote: null }],
  ['a remote without a sending chain', { ...fields, sending: null, receiving: null, skipped: [], pn: 0 }],
  ['a receiving chain without a sending one', { ...fields, sending: null, remote: null }],
  [
    'skipped keys without a receiving chain',
    { ...fields, receiving: null, pn: 0, sending: { ...sending, answer: null } },
  ],
  [
    'a pn without a receiving chain',
    { ...fields, receiving: null, skipped: [], pn: 1, sending: { ...sending, answer: null } },
  ],
  ['an answer without a receiving chain', { ...fields, receiving: null, skipped: [], pn: 0 }],
  ['an offer in a chain not begun', { ...fields, sending: { ...sending, n: 0 } }],
  ['a sending chain without its key', { ...fields, sending: without(sending, 'ck') }],
  ['a sending chain with more in it', { ...fields, sending: { ...sending, note: 0 } }],
  ['a chain key of 33 bytes', { ...fields, sending: { ...sending, ck: makeBytes('ck', 33) } }],
  ['a negative number', { ...fields, sending: { ...sending, n: -1 } }],
  ['a number beyond 2^32', { ...fields, sending: { ...sending, n: 2 ** 32 + 1 } }],
  ['an offer of 63 bytes', { ...fields, sending: { ...sending, offer: makeBytes('offer', 63) } }],
  ['an offered public key', { ...fields, sending: { ...sending, offer: makePrekeys('x').kem.publicKey } }],
  ['an answer of 1087 bytes', { ...fields, sending: { ...sending, answer: makeBytes('answer', 1087) } }],
  ['a receiving chain not begun', { ...fields, receiving: { ...receiving, n: 0 } }],
  ['parts of 31 bytes', { ...fields, receiving: { ...receiving, parts: makeBytes('parts', 31) } }],
  ['a pn of 2^32', { ...fields, pn: 2 ** 32 }],
  ['a skipped key twice', { ...fields, skipped: [...skipped, skippedKey] }],
  ['a skipped key with more in it', { ...fields, skipped: [[...skippedKey, 0]] }],
  ['a skipped key of 31 bytes', { ...fields, skipped: [skippedKey.with(2, makeBytes('mk', 31))] }],
  ['a skipped number of 2^32', { ...fields, skipped: [skippedKey.with(1, 2 ** 32)] }],
  ['a negative time', { ...fields, skipped: [skippedKey.with(3, -1)] }],
  ['2,001 skipped keys', { ...fields, skipped: Array.from({ length: 2001 }, (_, n) => skippedKey.with(1, n)) }],
  ['a negative since', { ...fields, since: -1 }],
  ['33 messages', { ...fields, messages: 33 }],
]

test('§6 a damaged snapshot is refused, whatever is wrong with it', () => {
  for (const [name, value] of damaged)
    assert.throws(() => decodeSession(encodeCbor(value)), failsWith('ERR_SESSION_CORRUPT'), name)
  assert.deepEqual(encodeSession(decodeSession(encodeCbor({ ...fields, messages: 32 }))).length, stored.length + 1)
  const most = Array.from({ length: 2000 }, (_, n) => skippedKey.with(1, n))
  assert.equal(decodeSession(encodeCbor({ ...fields, skipped: most })).skipped.size, 2000)
  for (let size = 0; size < stored.length; size += 7)
    assert.throws(() => decodeSession(stored.subarray(0, size)), failsWith('ERR_SESSION_CORRUPT'))
  assert.throws(() => decodeSession(Uint8Array.of(...stored, 0)), failsWith('ERR_SESSION_CORRUPT'))
  assert.throws(() => decodeSession(makeBytes('noise', 500)), failsWith('ERR_SESSION_CORRUPT'))
})

test('§6 a changed byte is refused or is the snapshot of another session: two snapshots never mean the same', () => {
  const outcome = { refused: 0, other: 0 }
  for (const index of places(stored.length))
    for (const mask of [1, 0x20, 0x80]) {
      const changed = flip(stored, index, mask)
      try {
        assert.deepEqual(encodeSession(decodeSession(changed)), changed)
        outcome.other++
      } catch (error) {
        assert.ok(error instanceof SessionError && /^ERR_SESSION_(CORRUPT|VERSION)$/.test(error.code))
        outcome.refused++
      }
    }
  assert.ok(outcome.refused > share(300) && outcome.other > share(1000), JSON.stringify(outcome))
})

test('§6 no garbage changes one byte of what would be stored', () => {
  const { alice, bob } = makeTalkingSides('garbage')
  const early = alice.send('early')
  bob.receive(alice.send('current'))
  const present = alice.send('present')
  alice.receive(bob.send('turn'))
  const step = alice.send('step', NOW + HOUR)
  const before = encodeSession(bob.session)
  const stranger = makeTalkingSides('stranger').alice.send('astray')
  const garbage = [early, present, step].flatMap(({ header, token }) => [
    { header, token: flip(token) },
    { header, token: makeBytes('token', 200) },
    { header, token: new Uint8Array(0) },
    { header: flip(header), token },
    { header: flip(header, 20), token },
    { header: header.subarray(0, -1), token },
    { header: makeBytes('header', 60), token },
    { header: encodeCbor((decodeCbor(header) as CborValue[]).with(1, makeKey('x').publicKey)), token },
    { header: encodeCbor((decodeCbor(header) as CborValue[]).with(3, 900)), token },
    { header: encodeCbor((decodeCbor(header) as CborValue[]).with(3, 1900)), token },
    { header: encodeCbor((decodeCbor(header) as CborValue[]).with(4, makePrekeys('x').kem.publicKey)), token },
    { header: encodeCbor((decodeCbor(header) as CborValue[]).with(5, makeBytes('ct', 1088))), token },
    stranger,
  ])
  for (const message of garbage) {
    assert.throws(() => bob.receive(message, NOW + 2 * HOUR), SessionError)
    assert.deepEqual(encodeSession(bob.session), before)
  }
  for (const [message, text] of [
    [early, 'early'],
    [present, 'present'],
    [step, 'step'],
  ] as const) {
    const stored = encodeSession(bob.session)
    assert.equal(bob.receive(message), text)
    assert.notDeepEqual(encodeSession(bob.session), stored)
  }
})

test('the snapshot of version 1 in the vectors is the one first written, and still loads', () => {
  const file = listFiles('session').find((name) => name.endsWith('-snapshot.json')) ?? assert.fail()
  const { snapshot } = JSON.parse(readFile('session', file)) as { snapshot: string }
  const bytes = Uint8Array.from(Buffer.from(snapshot, 'hex'))
  assert.equal(hex(sha256(bytes)), '2b04665a0b08d488b86a7de80543b7a80bcef10bd000936a1d1c34a97a704d1d')
  assert.deepEqual(encodeSession(decodeSession(bytes)), bytes)
})
