import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hex } from '../../src/core/bytes.ts'
import { checkKem, isCurrent, signCard, signLiveCard, verifyCard, verifyLiveCard } from '../../src/core/card.ts'
import { encodeCbor } from '../../src/core/cbor.ts'
import { sha256 } from '../../src/core/kdf.ts'
import { rotateLog, updateLog } from '../../src/core/key-log.ts'
import { LABEL_CARD, LABEL_KEY_LOG, LABEL_LIVE_CARD } from '../../src/core/labels.ts'
import { CARD_AGE_MAX, CLOCK_TOLERANCE, ITEM_BYTES_MAX } from '../../src/core/limits/protocol-limits.ts'
import {
  at,
  commitmentAfter,
  type Draft,
  failsWith,
  flip,
  makeBytes,
  makeIdentity,
  makeKey,
  makePrekeys,
  NOW,
  presentCard,
  publicOf,
  publishCard,
  signDraft,
  without,
} from './identities.ts'

const bob = makeIdentity('bob', { devices: 2 })
const prekeys = makePrekeys('bob')
const channel = makeBytes('channel', 64)
const [root0, root1] = [at(bob.roots, 0), at(bob.roots, 1)]
const [phone, laptop] = [at(bob.devices, 0).sign, at(bob.devices, 1).sign]
const valid: Draft = { ...publishCard(bob, prekeys).card }
const validLive: Draft = { ...presentCard(bob, prekeys, channel).card }

/** Signs the fields as Bob's phone would and verifies them. */
const verifyWith = (fields: Draft, { key = phone, log = bob.log, now = NOW } = {}) =>
  verifyCard(signDraft({ ...valid, ...fields }, key, LABEL_CARD), log, now)
const verifyLiveWith = (fields: Draft, { key = phone, log = bob.log, now = NOW } = {}) =>
  verifyLiveCard(signDraft({ ...validLive, ...fields }, key, LABEL_LIVE_CARD), log, now, channel)

test('§3 a published card verifies as it was signed', () => {
  const mailboxes = ['a', 'b', 'c'].map((name) => makeBytes(name, 32))
  const relays = [makeBytes('relay', 32)]
  const content = {
    device: 1,
    now: NOW * 1000 + 7,
    inc: makeBytes('inc', 16),
    spk: prekeys.spk.publicKey,
    kem: prekeys.kem.publicKey,
  }
  const signed = signCard(bob.log, laptop, { ...content, transport: makeBytes('transport', 32), mailboxes, relays })
  assert.deepEqual(verifyCard(signed.envelope, bob.log, NOW), signed)
  assert.deepEqual(signed.hash, sha256(signed.envelope))
  const { card } = signed
  assert.deepEqual([card.id, card.head, card.seq], [bob.log.id, bob.log.last.hash, 0])
  assert.deepEqual([card.serial, card.from, card.until], [NOW * 1000 + 7, NOW, NOW + 24 * 3600])
  assert.deepEqual([card.mailboxes, card.relays], [mailboxes, relays])
  assert.ok(signed.envelope.length <= ITEM_BYTES_MAX)
})

test('§3 a live card verifies on its connection, and is no published card', () => {
  for (const size of [32, 64]) {
    const hash = makeBytes('channel', size)
    const live = presentCard(bob, prekeys, hash)
    assert.deepEqual(verifyLiveCard(live.envelope, bob.log, NOW, hash), live)
    assert.throws(() => verifyCard(live.envelope, bob.log, NOW), failsWith('ERR_CARD_DECODE'))
  }
  const published = publishCard(bob, prekeys)
  assert.throws(() => verifyLiveCard(published.envelope, bob.log, NOW, channel), failsWith('ERR_CARD_DECODE'))
})

test('§3 the two kinds do not fit each other even with the same fields', () => {
  const asLive = signDraft(validLive, phone, LABEL_CARD)
  assert.throws(() => verifyLiveCard(asLive, bob.log, NOW, channel), failsWith('ERR_CARD_SIGNATURE'))
  const asPublished = signDraft(valid, phone, LABEL_LIVE_CARD)
  assert.throws(() => verifyCard(asPublished, bob.log, NOW), failsWith('ERR_CARD_SIGNATURE'))
})

test('§3 a verified card does not change when the bytes it was read from do', () => {
  const { envelope } = publishCard(bob, prekeys)
  const received = Uint8Array.from(envelope)
  const verified = verifyCard(received, bob.log, NOW)
  received.fill(0)
  assert.deepEqual(verified, verifyCard(envelope, bob.log, NOW))
})

test('§3 a card of more than 900 bytes is not decoded', () => {
  const padded = (size: number) => signDraft({ ...valid, pad: new Uint8Array(size) }, phone, LABEL_CARD)
  const overhead = padded(300).length - 300
  const verifyPadded = (size: number) => () => verifyCard(padded(size - overhead), bob.log, NOW)
  assert.throws(verifyPadded(ITEM_BYTES_MAX), failsWith('ERR_CARD_DECODE'))
  assert.throws(verifyPadded(ITEM_BYTES_MAX + 1), failsWith('ERR_CARD_SIZE'))
})

const offCurve = Uint8Array.of(3, ...new Uint8Array(31), 1)
const misshapen: readonly (readonly [string, Draft])[] = [
  ...Object.keys(valid).map((field) => [`without ${field}`, without(valid, field)] as const),
  ...Object.keys(valid).map((field) => [`whose ${field} is true`, { ...valid, [field]: true }] as const),
  ['with an unknown field', { ...valid, note: null }],
  ['of version 2', { ...valid, v: 2 }],
  ['with a device index of 7', { ...valid, device: 7 }],
  ['with a negative serial', { ...valid, serial: -1 }],
  ['with a prekey off the curve', { ...valid, spk: offCurve }],
  ['with the identity as prekey', { ...valid, spk: new Uint8Array(33) }],
  ['with a whole ML-KEM key', { ...valid, kem: makeBytes('kem', 33) }],
  ['with a short transport key', { ...valid, transport: new Uint8Array(31) }],
  ['with four mailboxes', { ...valid, mailboxes: Array.from({ length: 4 }, () => new Uint8Array(32)) }],
  ['with two relays', { ...valid, relays: [new Uint8Array(32), new Uint8Array(32)] }],
  ['with a short relay', { ...valid, relays: [new Uint8Array(31)] }],
  ['with a short mailbox', { ...valid, mailboxes: [new Uint8Array(31)] }],
]

for (const [name, draft] of misshapen)
  test(`§3 a card ${name} does not decode`, () => {
    const envelope = signDraft(draft, phone, LABEL_CARD)
    assert.throws(() => verifyCard(envelope, bob.log, NOW), failsWith('ERR_CARD_DECODE'))
  })

test('§3 a live card carries 32 to 64 bytes of channel', () => {
  for (const size of [0, 31, 65])
    assert.throws(() => verifyLiveWith({ channel: new Uint8Array(size) }), failsWith('ERR_CARD_DECODE'))
})

test('§3 bytes that are no envelope do not decode', () => {
  const { envelope } = publishCard(bob, prekeys)
  const others = [new Uint8Array(0), makeBytes('noise', 400), envelope.subarray(1), Uint8Array.of(...envelope, 0)]
  for (const bytes of [...others, encodeCbor(null)])
    assert.throws(() => verifyCard(bytes, bob.log, NOW), failsWith('ERR_CARD_DECODE'), hex(bytes))
})

test('§3 a card belongs to one identity', () => {
  const carol = makeIdentity('carol')
  assert.throws(() => verifyWith({ id: carol.log.id }), failsWith('ERR_CARD_ID'))
  assert.throws(() => verifyWith({}, { log: carol.log }), failsWith('ERR_CARD_ID'))
})

test('§3 a card names the last entry of the log, by number and by hash', () => {
  const longer = updateLog(bob.log, root0, { devices: publicOf(bob.devices), time: NOW })
  assert.throws(() => verifyWith({}, { log: longer }), failsWith('ERR_CARD_HEAD'))
  assert.throws(() => verifyWith({ seq: 1 }), failsWith('ERR_CARD_HEAD'))
  assert.throws(() => verifyWith({ head: flip(bob.log.last.hash) }), failsWith('ERR_CARD_HEAD'))
  assert.throws(() => verifyWith({ seq: 1, head: longer.last.hash }), failsWith('ERR_CARD_HEAD'))
  assert.equal(verifyWith({ seq: 1, head: longer.last.hash }, { log: longer }).card.seq, 1)
})

const retired = rotateLog(bob.log, root1, commitmentAfter(bob, 1), {
  devices: publicOf(bob.devices),
  status: 'retired',
  time: NOW,
})
const ofRetired = { seq: 1, head: retired.last.hash }

test('§3 a retired identity has no card', () => {
  assert.throws(() => verifyWith(ofRetired, { log: retired }), failsWith('ERR_CARD_RETIRED'))
  assert.throws(() => verifyLiveWith(ofRetired, { log: retired }), failsWith('ERR_CARD_RETIRED'))
})

test('§3 a card names a device of the last entry and is signed by it', () => {
  assert.throws(() => verifyWith({ device: 2 }), failsWith('ERR_CARD_DEVICE'))
  assert.equal(verifyWith({ device: 1 }, { key: laptop }).card.device, 1)
  for (const key of [laptop, root0, at(bob.devices, 0).ik, makeKey('stranger')])
    assert.throws(() => verifyWith({}, { key }), failsWith('ERR_CARD_SIGNATURE'))
  const asEntry = signDraft(valid, phone, LABEL_KEY_LOG)
  assert.throws(() => verifyCard(asEntry, bob.log, NOW), failsWith('ERR_CARD_SIGNATURE'))
})

test('§3 a device that was removed signs cards no longer', () => {
  const log = updateLog(bob.log, root0, { devices: publicOf(bob.devices.slice(1)), time: NOW })
  const head = { seq: 1, head: log.last.hash }
  assert.throws(() => verifyWith(head, { log }), failsWith('ERR_CARD_SIGNATURE'))
  assert.throws(() => verifyWith({ ...head, device: 1 }, { log, key: laptop }), failsWith('ERR_CARD_DEVICE'))
  assert.equal(verifyWith(head, { log, key: laptop }).card.device, 0)
})

test('§3 a card is valid for at least a second and at most seven days', () => {
  assert.equal(verifyWith({ until: NOW + 1 }).card.until, NOW + 1)
  assert.equal(verifyWith({ until: NOW + CARD_AGE_MAX }).card.until, NOW + 7 * 24 * 3600)
  for (const until of [NOW, NOW - 1, 0, NOW + CARD_AGE_MAX + 1])
    assert.throws(() => verifyWith({ until }), failsWith('ERR_CARD_WINDOW'))
})

test('§3 neither its validity nor its serial begins more than an hour ahead of this clock', () => {
  const from = NOW + CLOCK_TOLERANCE
  assert.equal(verifyWith({ from, until: from + 60, serial: from * 1000 }).card.from, from)
  assert.throws(() => verifyWith({ from: from + 1, until: from + 60 }), failsWith('ERR_CARD_AHEAD'))
  assert.throws(() => verifyWith({ serial: from * 1000 + 1 }), failsWith('ERR_CARD_AHEAD'))
})

test('§3 an expired card verifies and is not current; an expired live card does not', () => {
  const until = NOW + 24 * 3600
  const { card } = verifyWith({}, { now: until })
  assert.equal(isCurrent(card, until - 1), true)
  assert.equal(isCurrent(card, until), false)
  assert.equal(verifyLiveWith({}, { now: until - 1 }).card.until, until)
  assert.throws(() => verifyLiveWith({}, { now: until }), failsWith('ERR_CARD_EXPIRED'))
})

test('§3 a live card is for one connection', () => {
  const { envelope } = presentCard(bob, prekeys, channel)
  for (const other of [flip(channel), flip(channel, 0), channel.subarray(0, 32), new Uint8Array(0)])
    assert.throws(() => verifyLiveCard(envelope, bob.log, NOW, other), failsWith('ERR_CARD_CHANNEL'))
})

test('§3 a card commits to one ML-KEM key', () => {
  const { card } = publishCard(bob, prekeys)
  const { publicKey } = prekeys.kem
  checkKem(card, publicKey)
  const swapped = Uint8Array.of(...publicKey.subarray(592), ...publicKey.subarray(0, 592))
  for (const other of [flip(publicKey), flip(publicKey, 0), swapped, publicKey.subarray(1), new Uint8Array(0)])
    assert.throws(() => checkKem(card, other), failsWith('ERR_CARD_KEM'))
  assert.throws(() => checkKem(card, makePrekeys('other').kem.publicKey), failsWith('ERR_CARD_KEM'))
})

test('§3 every byte of the envelope counts', () => {
  const { envelope } = publishCard(bob, prekeys)
  for (const index of envelope.keys())
    assert.throws(() => verifyCard(flip(envelope, index, 0x10), bob.log, NOW), { name: 'CardError' })
})

test('§3 signing binds a live card to the channel it was given', () => {
  const when = { device: 0, now: NOW * 1000, inc: makeBytes('inc', 16), age: 60 }
  const content = { ...when, spk: prekeys.spk.publicKey, kem: prekeys.kem.publicKey }
  const live = signLiveCard(bob.log, phone, { ...content, transport: makeBytes('transport', 32) }, channel)
  assert.deepEqual(live.card.channel, channel)
  assert.equal(live.card.until, NOW + 60)
})
