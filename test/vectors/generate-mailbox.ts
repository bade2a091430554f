import { type CborValue, encodeCbor } from '../../src/core/cbor.ts'
import { MAILBOX_DONE_MAX, MAILBOX_LOG_ENTRIES, MAILBOX_PART_BYTES } from '../../src/core/limits/mailbox-limits.ts'
import { ITEM_BYTES_MAX } from '../../src/core/limits/protocol-limits.ts'
import { PARCEL_SIZES } from '../../src/core/parcel.ts'
import { encodeBody } from '../../src/messages/body.ts'
import { accepted, counting, type Fields, misshapen, oneWay, refused } from './message-cases.ts'
import { type Vector, type Vectors, writeFolder } from './vector-files.ts'

/**
 * vectors/mailbox-message (docs/spec/mailbox.md §3): `message` says whether it is a `request` of a guest or an `answer` of a mailbox.
 * vectors/bundle (docs/spec/mailbox-messages.md §2): an `envelope`, or the `bundle` that its message says.
 */

export const folders = ['mailbox-message', 'bundle']

const hash = counting(32, 0x10)
const [size = 0] = PARCEL_SIZES

const REQUESTS: { readonly [t: string]: Fields } = {
  deposit: { t: 'deposit', to: hash, id: counting(32, 0x40), size },
  part: { t: 'part', d: counting(3) },
  challenge: { t: 'challenge' },
  log: { t: 'log', d: [counting(3), counting(4)] },
  prove: { t: 'prove', id: hash, device: 6, proof: counting(5) },
  next: { t: 'next' },
  done: { t: 'done', ids: [hash] },
}
const ANSWERS: { readonly [t: string]: Fields } = {
  ready: { t: 'ready' },
  kept: { t: 'kept' },
  challenge: { t: 'challenge', d: counting(32, 0x70) },
  open: { t: 'open' },
  parcel: { t: 'parcel', id: hash, size },
  part: { t: 'part', d: counting(3) },
  end: { t: 'end' },
  deleted: { t: 'deleted' },
  refused: { t: 'refused', code: 'ERR_MAILBOX_FULL' },
}

type Side = 'request' | 'answer'
const wrong = (side: Side, description: string, input: CborValue | Uint8Array): Vector =>
  refused(side, 'ERR_MAILBOX_REQUEST', description, input)
const all = (side: Side, messages: { readonly [t: string]: Fields }): Vectors => ({
  ...Object.fromEntries(
    Object.entries(messages).map(([t, one]) => [`${side}-${t}`, accepted(side, `the ${side} ${t}`, one)]),
  ),
  ...Object.fromEntries(
    Object.entries(messages).flatMap(([t, one]) =>
      Object.entries(misshapen(side, 'ERR_MAILBOX_REQUEST', `${side}-${t}`, one, 't')),
    ),
  ),
  [`${side}-unknown`]: wrong(side, `a type that no ${side} has`, { t: 'later' }),
  [`${side}-method`]: wrong(side, `the name of a method of objects as type of an ${side}`, { t: 'toString' }),
  [`${side}-without-type`]: wrong(side, `an ${side} without a type`, {}),
  [`${side}-list`]: wrong(side, `a list as ${side}`, ['next']),
  [`${side}-empty`]: wrong(side, `an ${side} of no bytes`, new Uint8Array(0)),
  [`${side}-trailing-byte`]: wrong(
    side,
    `a byte after the ${side}`,
    Uint8Array.of(...encodeCbor({ t: side === 'request' ? 'next' : 'end' }), 0),
  ),
})

export const mailboxMessageVectors: Vectors = {
  ...all('request', REQUESTS),
  ...all('answer', ANSWERS),
  'part-largest': accepted('request', 'the largest part', { t: 'part', d: counting(MAILBOX_PART_BYTES) }),
  'done-most': accepted('request', 'as many parcels as are confirmed at once', {
    t: 'done',
    ids: Array.from({ length: MAILBOX_DONE_MAX }, () => hash),
  }),
  'refused-unknown': oneWay(
    'answer',
    'a reason that this version does not know',
    { t: 'refused', code: 'ERR_OF_A_LATER_VERSION' },
    { t: 'refused', code: 'ERR_REMOTE' },
  ),
  'answer-as-request': wrong('request', 'an answer in the place of a request', { t: 'kept' }),
  'request-as-answer': wrong('answer', 'a request in the place of an answer', { t: 'next' }),
  'deposit-short-to': wrong('request', 'a recipient of 31 bytes', { ...REQUESTS.deposit, to: hash.slice(1) }),
  'deposit-short-id': wrong('request', 'a parcel’s hash of 31 bytes', { ...REQUESTS.deposit, id: hash.slice(1) }),
  'deposit-negative': wrong('request', 'a parcel of −1 bytes', { ...REQUESTS.deposit, size: -1 }),
  'part-empty': wrong('request', 'a part without bytes', { t: 'part', d: new Uint8Array(0) }),
  'part-long': wrong('request', 'a part of a byte too many', { t: 'part', d: counting(MAILBOX_PART_BYTES + 1) }),
  'log-empty': wrong('request', 'a log without entries', { t: 'log', d: [] }),
  'log-long': wrong('request', 'more entries than a message may hold', {
    t: 'log',
    d: Array.from({ length: MAILBOX_LOG_ENTRIES + 1 }, () => counting(1)),
  }),
  'log-empty-entry': wrong('request', 'an entry without bytes', { t: 'log', d: [new Uint8Array(0)] }),
  'log-long-entry': wrong('request', 'an entry of 901 bytes', { t: 'log', d: [counting(ITEM_BYTES_MAX + 1)] }),
  'prove-device': wrong('request', 'device 7', { ...REQUESTS.prove, device: 7 }),
  'prove-short-id': wrong('request', 'an identity of 31 bytes', { ...REQUESTS.prove, id: hash.slice(1) }),
  'prove-empty': wrong('request', 'a proof without bytes', { ...REQUESTS.prove, proof: new Uint8Array(0) }),
  'prove-long': wrong('request', 'a proof of 901 bytes', { ...REQUESTS.prove, proof: counting(ITEM_BYTES_MAX + 1) }),
  'done-none': wrong('request', 'no parcel is confirmed', { t: 'done', ids: [] }),
  'done-many': wrong('request', 'a parcel more than are confirmed at once', {
    t: 'done',
    ids: Array.from({ length: MAILBOX_DONE_MAX + 1 }, () => hash),
  }),
  'done-short': wrong('request', 'a confirmed parcel of 31 bytes', { t: 'done', ids: [hash.slice(1)] }),
  'challenge-short': wrong('answer', 'a challenge of 31 bytes', { t: 'challenge', d: counting(31) }),
  'parcel-size': wrong('answer', 'a size that no parcel has', { ...ANSWERS.parcel, size: size + 1 }),
  'parcel-short-id': wrong('answer', 'a hash of 31 bytes', { ...ANSWERS.parcel, id: hash.slice(1) }),
  'answer-part-empty': wrong('answer', 'an answer’s part without bytes', { t: 'part', d: new Uint8Array(0) }),
  'refused-long': wrong('answer', 'a code of 41 characters', { t: 'refused', code: 'E'.repeat(41) }),
}

const [sequence, place] = [counting(16, 0x40), counting(32, 0x70)]
const envelope: Fields = { v: 1, hello: counting(3), h: counting(4), d: counting(5) }
const saying = (n: number): Fields => ({
  ...{ n, c: counting(32, n), r: counting(16, n), at: 1_767_225_600_000 + n },
  b: encodeBody(`message ${n}`),
})
const receipt: Fields = { s: sequence, n: 2, c: place, back: [{ n: 1, c: counting(32, 0x20) }] }
const bundle: Fields = { got: [receipt], want: false, s: sequence, app: 'handfast', messages: [saying(3), saying(4)] }
const badEnvelope = (description: string, input: CborValue | Uint8Array): Vector =>
  refused('envelope', 'ERR_BUNDLE', description, input)
const badBundle = (description: string, input: CborValue | Uint8Array): Vector =>
  refused('bundle', 'ERR_BUNDLE', description, input)

export const bundleVectors: Vectors = {
  envelope: accepted('envelope', 'a message with the hello of its session', envelope),
  'envelope-without-hello': accepted('envelope', 'a message of a session that both know', { ...envelope, hello: null }),
  bundle: accepted('bundle', 'a receipt and two messages', bundle),
  receipts: accepted('bundle', 'receipts alone', { ...bundle, s: null, app: null, messages: [] }),
  wanting: accepted('bundle', 'receipts of a store that went back: what is not among them is wanted', {
    ...{ got: [], want: true, s: null, app: null, messages: [] },
  }),
  ...misshapen('envelope', 'ERR_BUNDLE', 'envelope', envelope, ''),
  'envelope-version': badEnvelope('version 2', { ...envelope, v: 2 }),
  'envelope-empty': badEnvelope('no bytes', new Uint8Array(0)),
  'envelope-empty-hello': badEnvelope('a hello without bytes', { ...envelope, hello: new Uint8Array(0) }),
  'envelope-empty-header': badEnvelope('a header without bytes', { ...envelope, h: new Uint8Array(0) }),
  'envelope-empty-token': badEnvelope('a token without bytes', { ...envelope, d: new Uint8Array(0) }),
  ...misshapen('bundle', 'ERR_BUNDLE', 'bundle', bundle, ''),
  'bundle-want-number': badBundle('a number in the place of a flag', { ...bundle, want: 1 }),
  'bundle-no-messages': badBundle('a sequence without messages', { ...bundle, messages: [] }),
  'bundle-no-sequence': badBundle('messages without a sequence', { ...bundle, s: null }),
  'bundle-no-application': badBundle('messages without an application', { ...bundle, app: null }),
  'bundle-gap': badBundle('a place between two messages is left out', { ...bundle, messages: [saying(3), saying(5)] }),
  'bundle-order': badBundle('the later message first', { ...bundle, messages: [saying(4), saying(3)] }),
  'bundle-place-zero': badBundle('a message at place 0', { ...bundle, messages: [saying(0)] }),
  'bundle-many': badBundle('65 messages', {
    ...bundle,
    messages: Array.from({ length: 65 }, (_, index) => saying(index + 1)),
  }),
  'bundle-body': accepted('bundle', 'a message that is none of any version: it is kept', {
    ...bundle,
    messages: [{ ...saying(3), b: Uint8Array.of(0xff) }],
  }),
  'bundle-receipt-place': badBundle('a receipt for a place of 31 bytes', {
    ...bundle,
    got: [{ ...receipt, c: place.slice(1) }],
  }),
}

export async function generate(): Promise<void> {
  writeFolder('bundle', bundleVectors)
  writeFolder('mailbox-message', mailboxMessageVectors)
}
