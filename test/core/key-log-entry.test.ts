import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hex } from '../../src/core/bytes.ts'
import { encodeCbor } from '../../src/core/cbor.ts'
import { signEnvelope } from '../../src/core/cose.ts'
import { appendEntry } from '../../src/core/key-log.ts'
import { decodeEntry } from '../../src/core/key-log-entry.ts'
import { LABEL_KEY_LOG } from '../../src/core/labels.ts'
import { ITEM_BYTES_MAX } from '../../src/core/limits/protocol-limits.ts'
import {
  at,
  type Draft,
  draftEntry,
  failsWith,
  makeBytes,
  makeIdentity,
  makeKey,
  publicOf,
  signDraft,
  without,
} from './identities.ts'

/** The form of one entry, which is decoded before anything in it is believed. */

const alice = makeIdentity('alice')
const [root0, root1] = [at(alice.roots, 0), at(alice.roots, 1)]
const devices = publicOf(alice.devices)
const stranger = makeKey('stranger')

test('§2.1 an envelope of more than 900 bytes is not decoded', () => {
  const padded = (size: number) => signDraft({ ...draftEntry(null, alice), pad: new Uint8Array(size) }, root0)
  const overhead = padded(300).length - 300
  assert.equal(padded(ITEM_BYTES_MAX - overhead).length, ITEM_BYTES_MAX)
  assert.throws(() => appendEntry(null, padded(ITEM_BYTES_MAX - overhead)), failsWith('ERR_LOG_DECODE'))
  assert.throws(() => appendEntry(null, padded(ITEM_BYTES_MAX - overhead + 1)), failsWith('ERR_LOG_SIZE'))
  assert.throws(() => decodeEntry(padded(ITEM_BYTES_MAX - overhead + 1)), failsWith('ERR_LOG_SIZE'))
})

const valid = draftEntry(null, alice)
const offCurve = Uint8Array.of(2, ...new Uint8Array(31), 1)
const device = { sign: at(devices, 0).sign, dh: at(devices, 0).dh }
const misshapen: readonly (readonly [string, Draft])[] = [
  ...Object.keys(valid).map((field) => [`without ${field}`, without(valid, field)] as const),
  ...Object.keys(valid).map((field) => [`${field} is true`, { ...valid, [field]: true }] as const),
  ['with an unknown field', { ...valid, note: null }],
  ['of version 2', { ...valid, v: 2 }],
  ['with a negative seq', { ...valid, seq: -1 }],
  ['with a prev of 31 bytes', { ...valid, prev: new Uint8Array(31) }],
  ['with a root off the curve', { ...valid, root: offCurve }],
  ['with the identity as root', { ...valid, root: new Uint8Array(33) }],
  ['with an uncompressed root', { ...valid, root: Uint8Array.of(4, ...root0.publicKey.subarray(1)) }],
  ['with a next of 33 bytes', { ...valid, next: root1.publicKey }],
  ['without devices in the list', { ...valid, devices: [] }],
  ['with a device that lacks dh', { ...valid, devices: [{ sign: device.sign }] }],
  ['with a device that has more', { ...valid, devices: [{ ...device, name: 'phone' }] }],
  ['with a device key off the curve', { ...valid, devices: [{ ...device, dh: offCurve }] }],
  ['with a sign key off the curve', { ...valid, devices: [{ ...device, sign: offCurve }] }],
  ['with another status', { ...valid, status: 'paused' }],
  ['with a negative time', { ...valid, time: -1 }],
]

for (const [name, draft] of misshapen)
  test(`§2.1 an entry ${name} does not decode`, () => {
    assert.throws(() => appendEntry(null, signDraft(draft, root0)), failsWith('ERR_LOG_DECODE'))
  })

test('§2.1 an envelope that is not exactly one COSE_Sign1 does not decode', () => {
  const payload = encodeCbor(valid)
  const [es256, signature] = [Uint8Array.of(0xa1, 0x01, 0x26), alice.log.last.envelope.subarray(-64)]
  const envelopes: readonly Uint8Array[] = [
    new Uint8Array(0),
    makeBytes('noise', 200),
    encodeCbor(null),
    encodeCbor([es256, {}, payload]),
    encodeCbor([es256, {}, payload, signature, null]),
    encodeCbor([es256, { kid: 1 }, payload, signature]),
    encodeCbor([Uint8Array.of(0xa1, 0x01, 0x27), {}, payload, signature]),
    encodeCbor([es256, {}, payload, signature.subarray(1)]),
    encodeCbor([es256, {}, null, signature]),
    Uint8Array.of(0xd2, ...alice.log.last.envelope),
    Uint8Array.of(...alice.log.last.envelope, 0),
    alice.log.last.envelope.subarray(0, -1),
    signEnvelope(Uint8Array.of(...payload, 0), root0, LABEL_KEY_LOG),
    signEnvelope(makeBytes('noise', 100), root0, LABEL_KEY_LOG),
  ]
  for (const envelope of envelopes) {
    assert.throws(() => appendEntry(null, envelope), failsWith('ERR_LOG_DECODE'), hex(envelope))
    assert.throws(() => decodeEntry(envelope), failsWith('ERR_LOG_DECODE'), hex(envelope))
  }
})

test('§2.1 decodeEntry shows where an entry belongs and verifies nothing', () => {
  const forged = signDraft({ ...draftEntry(alice.log, alice), seq: 7 }, stranger)
  assert.equal(decodeEntry(forged).entry.seq, 7)
  assert.deepEqual(decodeEntry(alice.log.last.envelope).entry, alice.log.last.entry)
})
