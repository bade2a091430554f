import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeFrame, encodeFrame, type Frame } from '../../src/connection/frames.ts'
import { decodePayload, encodePayload, type Payload } from '../../src/connection/payloads.ts'
import { type CborValue, decodeCbor, encodeCbor } from '../../src/core/cbor.ts'
import { HandfastError } from '../../src/core/errors.ts'
import { STREAM_DATA_MAX, STREAM_WINDOW } from '../../src/core/limits/connection-limits.ts'
import { FILE_BYTES_MAX } from '../../src/core/limits/file-limits.ts'
import { MESSAGE_BODY_MAX, MESSAGE_BYTES_MAX } from '../../src/core/limits/message-limits.ts'
import { FRAME_BYTES_MAX, HEADER_BYTES_MAX, LOG_ENTRIES_MAX } from '../../src/core/limits/protocol-limits.ts'
import { failsWith, makeBytes, without } from '../core/identities.ts'
import { runs } from '../runs.ts'

const bytes = (size: number): Uint8Array => makeBytes('frame', size)

const FRAMES: readonly Frame[] = [
  { t: 'open', v: 1, id: bytes(32), head: bytes(32) },
  { t: 'open', v: 1, id: bytes(32), head: null },
  { t: 'card', log: [], card: bytes(300), kem: bytes(1184) },
  { t: 'card', log: [bytes(1), bytes(900)], card: bytes(900), kem: bytes(1184) },
  { t: 'hello', d: bytes(1) },
  { t: 'msg', h: bytes(60), d: bytes(200) },
  { t: 'msg', h: bytes(HEADER_BYTES_MAX), d: bytes(200) },
  { t: 'chunk', id: bytes(16), i: 2 ** 32 - 1, d: bytes(61_553) },
  { t: 'error', code: 'ERR_TIMEOUT' },
]

const PAYLOADS: readonly Payload[] = [
  { k: 'confirm' },
  { k: 'mailbox', v: 1 },
  { k: 'parcel', v: 1 },
  { k: 'visit', d: new Uint8Array(0) },
  { k: 'visit', d: bytes(MESSAGE_BYTES_MAX) },
  { k: 'visit-taken', n: 16 },
  { k: 'file', id: bytes(16), name: 'a.txt', size: FILE_BYTES_MAX, hash: bytes(32), secret: bytes(32) },
  { k: 'file-accept', id: bytes(16), from: 2 ** 32 },
  { k: 'file-refuse', id: bytes(16), code: 'ERR_FILE_REFUSED' },
  { k: 'file-wait', id: bytes(16), code: 'ERR_FILE_FULL' },
  { k: 'file-taken', id: bytes(16), n: 4 },
  { k: 'file-wait', id: bytes(16), code: 'ERR_FILE_TOTAL' },
  { k: 'file-done', id: bytes(16) },
  { k: 'file-abort', id: bytes(16), code: 'ERR_FILE_READ' },
  { k: 'file-ask', id: bytes(16) },
  { k: 'files-have', ids: [] },
  { k: 'files-have', ids: [bytes(16)] },
  { k: 'got', s: bytes(16), n: 3, c: bytes(32), back: [] },
  { k: 'got', s: bytes(16), n: 3, c: bytes(32), back: [{ n: 2, c: bytes(32) }] },
  { k: 'full', s: bytes(16), n: 4, code: 'ERR_MESSAGE_RATE', wait: 24 * 3600 },
  { k: 'held', code: 'ERR_STORE_FULL' },
  { k: 'ready' },
  { k: 'message', s: bytes(16), app: 'handfast', n: 3, c: bytes(32), r: bytes(16), at: 1, b: bytes(MESSAGE_BODY_MAX) },
  { k: 'stream', id: 2 ** 32 - 1, app: 'a', protocol: 'chess/1' },
  { k: 'stream-room', id: 0, n: STREAM_WINDOW },
  { k: 'stream-data', id: 1, d: bytes(STREAM_DATA_MAX) },
  { k: 'stream-end', id: 1 },
  { k: 'stream-reset', id: 1, code: 'ERR_PEER_CLOSED' },
  { k: 'bye' },
]

/** Right for no field at all. */
const WRONG: readonly CborValue[] = [true, -1, [1], { a: 1 }]

test('§8 every frame and payload survives encoding, and only one byte string means it', () => {
  for (const frame of FRAMES) assert.deepEqual(decodeFrame(encodeFrame(frame)), frame)
  for (const payload of PAYLOADS) assert.deepEqual(decodePayload(encodePayload(payload)), payload)
  for (const encoded of [...FRAMES.map(encodeFrame)])
    assert.throws(() => decodeFrame(Uint8Array.from([...encoded, 0])), failsWith('ERR_FRAME'))
  for (const encoded of [...PAYLOADS.map(encodePayload)])
    assert.throws(() => decodePayload(Uint8Array.from([...encoded, 0])), failsWith('ERR_FRAME'))
})

test('§8 a field that is missing, unknown, misshapen or of another size is refused', () => {
  const check = (value: { readonly [field: string]: CborValue }, type: string, decode: (b: Uint8Array) => unknown) => {
    const broken: CborValue[] = [{ ...value, zzz: 1 }]
    for (const [field, right] of Object.entries(value).filter(([name]) => name !== type)) {
      broken.push(without(value, field), ...WRONG.map((wrong) => ({ ...value, [field]: wrong })))
      if (field !== 'head' && field !== 'wait') broken.push({ ...value, [field]: null })
      const exact = right instanceof Uint8Array && [16, 32, 1184].includes(right.length)
      if (exact) broken.push({ ...value, [field]: right.slice(1) }, { ...value, [field]: bytes(right.length + 1) })
    }
    for (const one of broken)
      assert.throws(
        () => decode(encodeCbor(one)),
        ({ code }: HandfastError) => code === 'ERR_FRAME' || code === 'ERR_FRAME_VERSION',
        `${type} ${String(value[type])}`,
      )
  }
  for (const frame of FRAMES) check(frame, 't', decodeFrame)
  for (const payload of PAYLOADS) check(payload, 'k', decodePayload)
})

test('§8 bounds: no part of a frame is larger than it may be', () => {
  const [entry, large] = [bytes(901), bytes(FRAME_BYTES_MAX + 1)]
  const broken: readonly CborValue[] = [
    { t: 'card', log: [entry], card: bytes(300), kem: bytes(1184) },
    { t: 'card', log: Array.from({ length: LOG_ENTRIES_MAX + 1 }, () => bytes(1)), card: bytes(1), kem: bytes(1184) },
    { t: 'card', log: [new Uint8Array(0)], card: bytes(1), kem: bytes(1184) },
    { t: 'hello', d: large },
    { t: 'hello', d: new Uint8Array(0) },
    { t: 'msg', h: bytes(HEADER_BYTES_MAX + 1), d: bytes(1) },
    { t: 'chunk', id: bytes(16), i: 2 ** 32, d: bytes(1) },
  ]
  for (const frame of broken) assert.throws(() => decodeFrame(encodeCbor(frame)), failsWith('ERR_FRAME'))
  const payloads: readonly CborValue[] = [
    { k: 'visit', d: bytes(MESSAGE_BYTES_MAX + 1) },
    { k: 'visit-taken', n: 2 ** 32 },
    { k: 'message', s: bytes(16), app: 'handfast', n: 1, p: 0, at: 1, body: bytes(MESSAGE_BODY_MAX + 1) },
    { k: 'message', s: bytes(16), app: 'handfast', n: 1, p: 0, at: 1, body: new Uint8Array(0) },
    { k: 'stream', id: 0, app: 'a'.repeat(256), protocol: 'x' },
    { k: 'stream', id: 0, app: 'a', protocol: 'x'.repeat(256) },
    { k: 'stream-room', id: 0, n: STREAM_WINDOW + 1 },
    { k: 'stream-data', id: 1, d: bytes(STREAM_DATA_MAX + 1) },
    { k: 'stream-data', id: 1, d: new Uint8Array(0) },
    { k: 'file', id: bytes(16), name: 'x'.repeat(256), size: 1, secret: bytes(32) },
    { k: 'file', id: bytes(16), name: 'x', size: -1, secret: bytes(32) },
  ]
  for (const payload of payloads) assert.throws(() => decodePayload(encodeCbor(payload)), failsWith('ERR_FRAME'))
})

test('§8 an unknown type or kind is skipped, whatever else it holds; names of object methods are unknown too', () => {
  for (const t of ['ack', 'later', '', 'toString', 'hasOwnProperty', 'constructor']) {
    assert.equal(decodeFrame(encodeCbor({ t, anything: [1, { b: bytes(3) }] })), null)
    assert.equal(decodePayload(encodeCbor({ k: t, anything: [1, { b: bytes(3) }] })), null)
  }
  for (const value of [null, 1, 'text', [], {}, { t: 1 }, { k: null }]) {
    assert.throws(() => decodeFrame(encodeCbor(value)), failsWith('ERR_FRAME'))
    assert.throws(() => decodePayload(encodeCbor(value)), failsWith('ERR_FRAME'))
  }
})

test('§8 another version is refused as such, before the other fields are looked at', () => {
  for (const v of [0, 2, 99, '1', null, [1]])
    assert.throws(() => decodeFrame(encodeCbor({ t: 'open', v })), failsWith('ERR_FRAME_VERSION'))
  assert.throws(() => decodeFrame(encodeCbor({ t: 'open' })), failsWith('ERR_FRAME'))
})

test('§8 a code this version does not know is ERR_REMOTE', () => {
  const decoded = decodeFrame(encodeCbor({ t: 'error', code: 'ERR_FROM_THE_FUTURE' }))
  assert.deepEqual(decoded, { t: 'error', code: 'ERR_REMOTE' })
  assert.throws(() => decodeFrame(encodeCbor({ t: 'error', code: 'E'.repeat(41) })), failsWith('ERR_FRAME'))
})

test('§8 whatever bytes come, decoding gives a frame, nothing, or a typed error', () => {
  const decoders = [decodeFrame, decodePayload]
  const check = (input: Uint8Array): void => {
    for (const decode of decoders) {
      try {
        const value = decode(input)
        if (value !== null) assert.deepEqual(encodeCbor(decodeCbor(input) as CborValue), input)
      } catch (error) {
        assert.ok(error instanceof HandfastError, `${error}`)
      }
    }
  }
  const samples = [...FRAMES.map(encodeFrame), ...PAYLOADS.map(encodePayload)].filter(({ length }) => length < 2_000)
  const changed = fc
    .tuple(fc.constantFrom(...samples), fc.nat(), fc.integer({ min: 1, max: 255 }))
    .map(([sample, place, mask]) => sample.map((byte, index) => (index === place % sample.length ? byte ^ mask : byte)))
  fc.assert(fc.property(fc.oneof(fc.uint8Array({ maxLength: 80 }), changed), check), { numRuns: runs(2_000) })
})
