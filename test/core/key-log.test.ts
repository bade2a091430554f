import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hex } from '../../src/core/bytes.ts'
import type { CborValue } from '../../src/core/cbor.ts'
import { placeOfSlot } from '../../src/core/epoch-keys.ts'
import { blake2b256, sha256 } from '../../src/core/kdf.ts'
import { createLog, rotateLog, updateLog, verifyLog } from '../../src/core/key-log.ts'
import { LABEL_CARD } from '../../src/core/labels.ts'
import { CLOCK_TOLERANCE, DEVICES_MAX, ITEM_BYTES_MAX, LOG_ENTRIES_MAX } from '../../src/core/limits/protocol-limits.ts'
import {
  at,
  commitmentAfter,
  cut,
  draftEntry,
  envelopesOf,
  failsWith,
  flip,
  grow,
  lengthen,
  makeDevice,
  makeIdentity,
  makeKey,
  NOW,
  publicOf,
  signDraft,
} from './identities.ts'

const alice = makeIdentity('alice')
const [root0, root1, root2] = [at(alice.roots, 0), at(alice.roots, 1), at(alice.roots, 2)]
const devices = publicOf(alice.devices)
const stranger = makeKey('stranger')

test('§2 an address is the hash of the first envelope, and a log verifies from it alone', () => {
  const updated = updateLog(alice.log, root0, { devices: publicOf([makeDevice('tablet')]), time: NOW + 1 })
  const log = rotateLog(updated, root1, commitmentAfter(alice, 1), { devices, status: 'retired', time: NOW + 2 })
  assert.deepEqual(alice.log.id, blake2b256(alice.log.last.envelope))
  const verified = verifyLog(alice.log.id, envelopesOf(log))
  assert.deepEqual(verified, log)
  assert.equal(verified.epoch, 1)
  assert.deepEqual(
    verified.entries.map(({ entry }) => [entry.seq, entry.status, entry.time]),
    [
      [0, 'active', NOW],
      [1, 'active', NOW + 1],
      [2, 'retired', NOW + 2],
    ],
  )
  assert.deepEqual(verified.last.entry.prev, updated.last.hash)
  const { next, slot, after } = verified.last.entry
  assert.deepEqual({ next, slot, after }, commitmentAfter(alice, 1))
})

test('§2 a verified log does not change when the bytes it was read from do', () => {
  const envelope = Uint8Array.from(alice.log.last.envelope)
  const log = verifyLog(alice.log.id, [envelope])
  envelope.fill(0)
  assert.deepEqual(log, alice.log)
})

test('§2 seven devices fit one entry, whatever its number and state', () => {
  const seven = publicOf(Array.from({ length: DEVICES_MAX }, (_, index) => makeDevice(`device ${index}`)))
  const content = { devices: seven, time: 2 ** 32 }
  const log = createLog(root0, commitmentAfter(alice, 0), content)
  const last = updateLog(lengthen(log, root0, LOG_ENTRIES_MAX - 1), root0, { ...content, status: 'retired' })
  assert.ok(last.last.envelope.length <= ITEM_BYTES_MAX)
  const eight = { devices: [...seven, ...devices], time: NOW }
  assert.throws(() => createLog(root0, commitmentAfter(alice, 0), eight), failsWith('ERR_LOG_SIZE'))
})

test('§2 a log of 64 entries is followed, a longer one is not', () => {
  const full = lengthen(alice.log, root0, LOG_ENTRIES_MAX)
  assert.equal(verifyLog(full.id, envelopesOf(full)).entries.length, LOG_ENTRIES_MAX)
  const beyond = signDraft(draftEntry(full, alice), root0)
  assert.throws(() => grow(full, beyond), failsWith('ERR_LOG_TOO_LONG'))
  assert.throws(() => verifyLog(full.id, [...envelopesOf(full), beyond]), failsWith('ERR_LOG_TOO_LONG'))
})

test('§2 a log is empty, too long, of another address, or verified: in this order', () => {
  const envelopes = envelopesOf(alice.log)
  const tooMany = Array.from({ length: LOG_ENTRIES_MAX + 1 }, () => flip(at(envelopes, 0)))
  assert.throws(() => verifyLog(alice.log.id, []), failsWith('ERR_LOG_EMPTY'))
  assert.throws(() => verifyLog(alice.log.id, tooMany), failsWith('ERR_LOG_TOO_LONG'))
  assert.throws(() => verifyLog(makeIdentity('bob').log.id, envelopes), failsWith('ERR_LOG_ADDRESS'))
  assert.throws(() => verifyLog(alice.log.id, [flip(at(envelopes, 0))]), failsWith('ERR_LOG_ADDRESS'))
  assert.throws(() => verifyLog(alice.log.id.subarray(1), envelopes), failsWith('ERR_LOG_ADDRESS'))
})

const append = (fields: { [field: string]: CborValue }, key = root0, log: typeof alice.log | null = alice.log) =>
  grow(log, signDraft({ ...draftEntry(log, alice), ...fields }, key))

test('§2.2 seq counts from 0 without a gap', () => {
  assert.equal(append({}).last.entry.seq, 1)
  for (const seq of [0, 2, 63]) assert.throws(() => append({ seq }), failsWith('ERR_LOG_SEQ'))
  assert.throws(() => append({ seq: 1 }, root0, null), failsWith('ERR_LOG_SEQ'))
})

test('§2.2 prev is the hash of the entry before, and null only at seq 0', () => {
  const second = append({ time: NOW + 5 })
  for (const prev of [null, new Uint8Array(32), second.last.hash, flip(alice.log.last.hash)])
    assert.throws(() => append({ prev }), failsWith('ERR_LOG_PREV'))
  assert.throws(() => append({ prev: new Uint8Array(32) }, root0, null), failsWith('ERR_LOG_PREV'))
  assert.throws(() => append({ prev: alice.log.last.hash }, root0, second), failsWith('ERR_LOG_PREV'))
})

test('§2.3 nothing follows a retired entry, not even a rotation', () => {
  const retired = append({ status: 'retired' })
  assert.equal(retired.last.entry.status, 'retired')
  assert.throws(() => append({ status: 'active' }, root0, retired), failsWith('ERR_LOG_RETIRED'))
  const rotation = { root: root1.publicKey, ...commitmentAfter(alice, 1) }
  assert.throws(() => append({ ...rotation, status: 'active' }, root1, retired), failsWith('ERR_LOG_RETIRED'))
})

test('§2.4 the entry is signed by the root it names, for a key log and nothing else', () => {
  assert.throws(() => append({}, stranger), failsWith('ERR_LOG_SIGNATURE'))
  assert.throws(() => append({}, root1), failsWith('ERR_LOG_SIGNATURE'))
  assert.throws(() => append({}, stranger, null), failsWith('ERR_LOG_SIGNATURE'))
  const asCard = signDraft(draftEntry(alice.log, alice), root0, LABEL_CARD)
  assert.throws(() => grow(alice.log, asCard), failsWith('ERR_LOG_SIGNATURE'))
  const good = signDraft(draftEntry(alice.log, alice), root0)
  for (const index of [1, 32, 33, 64])
    assert.throws(() => grow(alice.log, flip(good, good.length - index)), failsWith('ERR_LOG_SIGNATURE'))
})

test('§2.4 the other signature of the same entry (high s) is refused, so an envelope has one hash', () => {
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
  const envelope = signDraft(draftEntry(alice.log, alice), root0)
  const s = BigInt(`0x${hex(envelope.subarray(-32))}`)
  const twin = Buffer.concat([
    envelope.subarray(0, -32),
    Buffer.from((order - s).toString(16).padStart(64, '0'), 'hex'),
  ])
  assert.throws(() => grow(alice.log, Uint8Array.from(twin)), failsWith('ERR_LOG_SIGNATURE'))
})

test('§2.5 rotation needs the committed root, and with it every root key to come', () => {
  const keys = commitmentAfter(alice, 1)
  const rotated = append({ root: root1.publicKey, ...keys }, root1)
  assert.equal(rotated.epoch, 1)
  for (const [key, commitment] of [
    [stranger, keys],
    [root2, commitmentAfter(alice, 2)],
    [root2, keys],
    [root1, commitmentAfter(alice, 0)],
    [root1, { ...keys, next: sha256(stranger.publicKey) }],
    [root1, { ...keys, next: new Uint8Array(32) }],
    [root1, { ...keys, next: flip(keys.next) }],
    [root1, { ...keys, after: new Uint8Array(32) }],
    [root1, { ...keys, after: flip(keys.after) }],
    [root1, { ...keys, next: keys.after, after: keys.next }],
  ] as const)
    assert.throws(() => append({ root: key.publicKey, ...commitment }, key), failsWith('ERR_LOG_ROOT'))
  assert.throws(() => rotateLog(alice.log, stranger, keys, { devices, time: NOW }), failsWith('ERR_LOG_ROOT'))
  const former = { root: root0.publicKey, ...commitmentAfter(alice, 0) }
  assert.throws(() => append(former, root0, rotated), failsWith('ERR_LOG_ROOT'))
})

test('§2.5 an update keeps the commitment', () => {
  assert.equal(append({}).epoch, 0)
  for (const next of [sha256(stranger.publicKey), commitmentAfter(alice, 1).next, new Uint8Array(32)])
    assert.throws(() => append({ next }), failsWith('ERR_LOG_NEXT'))
})

test('§2.5 a rotation has the slot that was promised, and an update keeps it, and where the next one is', () => {
  const [keys, before] = [commitmentAfter(alice, 1), alice.log.last.entry]
  assert.deepEqual(placeOfSlot(keys.slot), before.after)
  for (const slot of [before.slot, commitmentAfter(alice, 2).slot, flip(keys.slot), new Uint8Array(32)])
    assert.throws(() => append({ root: root1.publicKey, ...keys, slot }, root1), failsWith('ERR_LOG_SLOT'))
  for (const slot of [keys.slot, flip(before.slot), new Uint8Array(32)])
    assert.throws(() => append({ slot }), failsWith('ERR_LOG_SLOT'))
  for (const after of [keys.after, flip(before.after), new Uint8Array(32)])
    assert.throws(() => append({ after }), failsWith('ERR_LOG_SLOT'))
})

test('§2.6 time does not run backwards', () => {
  assert.equal(append({ time: NOW }).last.entry.time, NOW)
  assert.throws(() => append({ time: NOW - 1 }), failsWith('ERR_LOG_TIME_BACK'))
})

test('§2.6 time is what the maker’s clock said: no clock refuses it, and the log goes on', () => {
  for (const time of [NOW + CLOCK_TOLERANCE + 1, NOW + 100 * 365 * 24 * 3600, Number.MAX_SAFE_INTEGER]) {
    assert.equal(append({ time }).last.entry.time, time)
    const first = append({ time }, root0, null)
    const log = updateLog(first, root0, { devices, time })
    assert.deepEqual(verifyLog(first.id, envelopesOf(log)), log)
    assert.throws(() => updateLog(first, root0, { devices, time: time - 1 }), failsWith('ERR_LOG_TIME_BACK'))
  }
})

test('§2 a prefix is what the log was then, and only entries it has can end one', () => {
  const rotated = rotateLog(alice.log, root1, commitmentAfter(alice, 1), { devices, time: NOW })
  const log = updateLog(rotated, root1, { devices, time: NOW })
  assert.deepEqual(cut(log, 0), alice.log)
  assert.deepEqual(cut(log, 1), rotated)
  assert.deepEqual(cut(log, 2), log)
  for (const seq of [-1, -2, 3, 0.5]) assert.throws(() => cut(log, seq), failsWith('ERR_LOG_EMPTY'))
})
