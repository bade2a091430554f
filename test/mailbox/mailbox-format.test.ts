import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type CborValue, encodeCbor } from '../../src/core/cbor.ts'
import { MAILBOX_DONE_MAX, MAILBOX_LOG_ENTRIES } from '../../src/core/limits/mailbox-limits.ts'
import { MESSAGE_BYTES_MAX } from '../../src/core/limits/message-limits.ts'
import { ITEM_BYTES_MAX } from '../../src/core/limits/protocol-limits.ts'
import { PARCEL_SIZES } from '../../src/core/parcel.ts'
import {
  decodeMailboxAnswer,
  decodeMailboxRequest,
  encodeMailboxAnswer,
  encodeMailboxRequest,
  type MailboxAnswer,
  type MailboxRequest,
  partSize,
  partsOf,
} from '../../src/mailbox/mailbox-format.ts'
import { failsWith, makeBytes } from '../core/identities.ts'
import { refusalOf } from '../core/refusal.ts'
import { runs } from '../runs.ts'

const hash = makeBytes('hash', 32)

const requests: readonly MailboxRequest[] = [
  { t: 'deposit', to: hash, id: hash, size: 2048 },
  { t: 'part', d: new Uint8Array(16_384) },
  { t: 'challenge' },
  { t: 'log', d: Array.from({ length: MAILBOX_LOG_ENTRIES }, () => new Uint8Array(ITEM_BYTES_MAX)) },
  { t: 'prove', id: hash, device: 6, proof: new Uint8Array(ITEM_BYTES_MAX) },
  { t: 'next' },
  { t: 'done', ids: Array.from({ length: MAILBOX_DONE_MAX }, () => hash) },
]
const answers: readonly MailboxAnswer[] = [
  { t: 'ready' },
  { t: 'kept' },
  { t: 'challenge', d: hash },
  { t: 'open' },
  { t: 'parcel', id: hash, size: 131_072 },
  { t: 'part', d: new Uint8Array(16_384) },
  { t: 'end' },
  { t: 'deleted' },
  { t: 'refused', code: 'ERR_MAILBOX_FULL' },
]

test('§3 every message, as large as it can be, fits one message of a connection and is read as it was written', () => {
  for (const request of requests) {
    const message = encodeMailboxRequest(request)
    assert.ok(message.length <= MESSAGE_BYTES_MAX, `${request.t}: ${message.length}`)
    assert.deepEqual(decodeMailboxRequest(message), request)
  }
  for (const answer of answers) {
    const message = encodeMailboxAnswer(answer)
    assert.ok(message.length <= MESSAGE_BYTES_MAX, `${answer.t}: ${message.length}`)
    assert.deepEqual(decodeMailboxAnswer(message), answer)
  }
})

test('§3 fields that are missing, too many, or out of bounds are refused', () => {
  const wrong: readonly CborValue[] = [
    ...requests.flatMap((request) => [
      { ...(request as object), more: 1 },
      { ...(request as object), t: 'unknown' },
    ]),
    { t: 'deposit', to: hash, id: hash },
    { t: 'deposit', to: hash.slice(1), id: hash, size: 2048 },
    { t: 'deposit', to: hash, id: hash, size: -1 },
    { t: 'part', d: new Uint8Array(0) },
    { t: 'part', d: new Uint8Array(16_385) },
    { t: 'log', d: [] },
    { t: 'log', d: Array.from({ length: MAILBOX_LOG_ENTRIES + 1 }, () => hash) },
    { t: 'log', d: [new Uint8Array(ITEM_BYTES_MAX + 1)] },
    { t: 'prove', id: hash, device: 7, proof: hash },
    { t: 'done', ids: [] },
    { t: 'done', ids: Array.from({ length: MAILBOX_DONE_MAX + 1 }, () => hash) },
    { t: 'toString' },
    { t: 1 },
    {},
    [],
    'next',
    null,
  ]
  for (const value of wrong)
    assert.throws(
      () => decodeMailboxRequest(encodeCbor(value)),
      failsWith('ERR_MAILBOX_REQUEST'),
      JSON.stringify(value),
    )
  for (const value of [
    { t: 'parcel', id: hash, size: 2047 },
    { t: 'challenge', d: new Uint8Array(31) },
    { t: 'refused' },
    { t: 'next' },
  ])
    assert.throws(() => decodeMailboxAnswer(encodeCbor(value)), failsWith('ERR_MAILBOX_REQUEST'), JSON.stringify(value))
  assert.deepEqual(decodeMailboxAnswer(encodeCbor({ t: 'refused', code: 'ERR_OF_TOMORROW' })), {
    t: 'refused',
    code: 'ERR_REMOTE',
  })
})

test('§3 whatever is sent is read or refused with one code', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (message) => {
      for (const decode of [decodeMailboxRequest, decodeMailboxAnswer])
        assert.ok([null, 'ERR_MAILBOX_REQUEST'].includes(refusalOf(() => decode(message))))
    }),
    { seed: 3, numRuns: runs(500) },
  )
})

test('§3 parts are of the size that both sides expect', () => {
  for (const size of PARCEL_SIZES) {
    let have = 0
    for (const { d } of partsOf(new Uint8Array(size))) {
      assert.equal(d.length, partSize(size, have))
      have += d.length
    }
    assert.equal(have, size)
  }
})
