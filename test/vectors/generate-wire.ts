import type { CborValue } from '../../src/core/cbor.ts'
import { encodeCbor } from '../../src/core/cbor.ts'
import { STREAM_DATA_MAX, STREAM_WINDOW } from '../../src/core/limits/connection-limits.ts'
import { FILE_BYTES_MAX } from '../../src/core/limits/file-limits.ts'
import { FULL_WAIT_MAX, MESSAGE_BODY_MAX, MESSAGE_BYTES_MAX } from '../../src/core/limits/message-limits.ts'
import { HEADER_BYTES_MAX, LOG_ENTRIES_MAX } from '../../src/core/limits/protocol-limits.ts'
import { encodeBody } from '../../src/messages/body.ts'
import { accepted, counting, type Fields, misshapen, oneWay, refused, skipped } from './message-cases.ts'
import { type Vector, type Vectors, writeFolder } from './vector-files.ts'

/** vectors/frame and vectors/payload (docs/spec/wire.md §2, §3): `message` is the type of a frame, or the kind of a payload. */

export const folders = ['frame', 'payload']

const hash = counting(32, 0x10)
const id = counting(16, 0x40)
const badFrame = (description: string, input: CborValue | Uint8Array): Vector =>
  refused('frame', 'ERR_FRAME', description, input)

const FRAMES: { readonly [t: string]: Fields } = {
  open: { t: 'open', v: 1, id: hash, head: counting(32, 0x70) },
  card: { t: 'card', log: [counting(3), counting(4)], card: counting(5), kem: counting(1184) },
  hello: { t: 'hello', d: counting(3) },
  msg: { t: 'msg', h: counting(3), d: counting(4) },
  chunk: { t: 'chunk', id, i: 7, d: counting(3) },
  error: { t: 'error', code: 'ERR_TIMEOUT' },
}
const { open = {}, card = {}, hello = {}, msg = {}, chunk = {} } = FRAMES

export const frameVectors: Vectors = {
  ...Object.fromEntries(Object.entries(FRAMES).map(([t, frame]) => [t, accepted('frame', `a frame ${t}`, frame)])),
  'open-without-head': accepted('frame', 'who knows nothing of the log yet', { ...open, head: null }),
  'card-known-log': accepted('frame', 'a card for a log that is known whole', { ...card, log: [] }),
  'msg-largest-header': accepted('frame', 'the longest header', { ...msg, h: counting(HEADER_BYTES_MAX) }),
  'chunk-last': accepted('frame', 'the highest number of a chunk', { ...chunk, i: 2 ** 32 - 1 }),
  'error-unknown': oneWay(
    'frame',
    'a code that this version does not know',
    { t: 'error', code: 'ERR_OF_A_LATER_VERSION' },
    { t: 'error', code: 'ERR_REMOTE' },
  ),
  'error-empty': oneWay('frame', 'a code of no letters', { t: 'error', code: '' }, { t: 'error', code: 'ERR_REMOTE' }),
  unknown: skipped('frame', 'a type that this version does not know, whatever else it holds', { t: 'later', x: [1] }),
  'unknown-method': skipped('frame', 'the name of a method of objects as type', { t: 'toString' }),

  'version-2': refused('frame', 'ERR_FRAME_VERSION', 'version 2', { ...open, v: 2 }),
  'version-text': refused('frame', 'ERR_FRAME_VERSION', 'a version of text', { ...open, v: '1' }),
  'version-first': refused('frame', 'ERR_FRAME_VERSION', 'version 2, and nothing else that is known', {
    t: 'open',
    v: 2,
  }),
  empty: badFrame('no bytes', new Uint8Array(0)),
  list: badFrame('a list', ['open']),
  'without-type': badFrame('no type', { v: 1 }),
  'type-number': badFrame('a number as type', { t: 1 }),
  'trailing-byte': badFrame('a byte after the frame', Uint8Array.of(...encodeCbor(hello), 0)),
  ...Object.fromEntries(
    Object.entries(FRAMES).flatMap(([t, frame]) => Object.entries(misshapen('frame', 'ERR_FRAME', t, frame, 't'))),
  ),
  // A version that is a list is another version, not a wrong shape.
  'open-v-list': refused('frame', 'ERR_FRAME_VERSION', 'open: a list as v', { ...open, v: [1] }),
  'open-short-id': badFrame('an id of 31 bytes', { ...open, id: hash.slice(1) }),
  'open-short-head': badFrame('a head of 31 bytes', { ...open, head: hash.slice(1) }),
  'card-65-entries': badFrame('a log of 65 entries', {
    ...card,
    log: Array.from({ length: LOG_ENTRIES_MAX + 1 }, () => counting(1)),
  }),
  'card-empty-entry': badFrame('an entry without bytes', { ...card, log: [new Uint8Array(0)] }),
  'card-long-entry': badFrame('an entry of 901 bytes', { ...card, log: [counting(901)] }),
  'card-long': badFrame('a card of 901 bytes', { ...card, card: counting(901) }),
  'card-short-kem': badFrame('an ML-KEM key of 1183 bytes', { ...card, kem: counting(1183) }),
  'hello-empty': badFrame('a hello without bytes', { ...hello, d: new Uint8Array(0) }),
  'msg-empty-header': badFrame('a header without bytes', { ...msg, h: new Uint8Array(0) }),
  'msg-long-header': badFrame('a header of a byte too many', { ...msg, h: counting(HEADER_BYTES_MAX + 1) }),
  'msg-empty-token': badFrame('a token without bytes', { ...msg, d: new Uint8Array(0) }),
  'chunk-short-id': badFrame('a transfer of 15 bytes', { ...chunk, id: id.slice(1) }),
  'chunk-beyond': badFrame('a chunk number of 33 bits', { ...chunk, i: 2 ** 32 }),
  'chunk-empty': badFrame('a chunk without bytes', { ...chunk, d: new Uint8Array(0) }),
  'error-long': badFrame('a code of 41 characters', { t: 'error', code: 'E'.repeat(41) }),
}

const file: Fields = { k: 'file', id, name: 'a.txt', size: 3, hash, secret: counting(32, 0x70) }
/** Message 3 of a sequence: the text "hi". */
const message: Fields = {
  ...{ k: 'message', s: id, app: 'handfast', n: 3, c: hash, r: counting(16, 0x50), at: 1_767_225_600_000 },
  b: encodeBody('hi'),
}
const got: Fields = { k: 'got', s: id, n: 3, c: hash, back: [] }
const PAYLOADS: { readonly [k: string]: Fields } = {
  confirm: { k: 'confirm' },
  mailbox: { k: 'mailbox', v: 1 },
  parcel: { k: 'parcel', v: 1 },
  visit: { k: 'visit', d: counting(3) },
  'visit-taken': { k: 'visit-taken', n: 16 },
  file,
  'file-accept': { k: 'file-accept', id, from: 3 },
  'file-wait': { k: 'file-wait', id, code: 'ERR_FILE_FULL' },
  'file-refuse': { k: 'file-refuse', id, code: 'ERR_FILE_REFUSED' },
  'file-taken': { k: 'file-taken', id, n: 4 },
  'file-done': { k: 'file-done', id },
  'file-abort': { k: 'file-abort', id, code: 'ERR_FILE_READ' },
  'file-ask': { k: 'file-ask', id },
  'files-have': { k: 'files-have', ids: [id] },
  got: {
    k: 'got',
    s: id,
    n: 3,
    c: hash,
    back: [
      { n: 2, c: counting(32, 0x20) },
      { n: 1, c: counting(32, 0x30) },
    ],
  },
  full: { k: 'full', s: id, n: 4, code: 'ERR_MESSAGE_DAY', wait: 3600 },
  held: { k: 'held', code: 'ERR_STORE_FULL' },
  ready: { k: 'ready' },
  message,
  stream: { k: 'stream', id: 0, app: 'handfast', protocol: 'chess/1' },
  'stream-room': { k: 'stream-room', id: 1, n: STREAM_WINDOW },
  'stream-data': { k: 'stream-data', id: 1, d: counting(3) },
  'stream-end': { k: 'stream-end', id: 1 },
  'stream-reset': { k: 'stream-reset', id: 1, code: 'ERR_PEER_CLOSED' },
  bye: { k: 'bye' },
}
const badPayload = (description: string, input: CborValue | Uint8Array): Vector =>
  refused('payload', 'ERR_FRAME', description, input)

export const payloadVectors: Vectors = {
  ...Object.fromEntries(Object.entries(PAYLOADS).map(([k, one]) => [k, accepted('payload', `a payload ${k}`, one)])),
  'mailbox-later': accepted('payload', 'a later version of mailboxes: whoever keeps one decides', {
    k: 'mailbox',
    v: 2,
  }),
  'visit-empty': accepted('payload', 'a visit without bytes', { k: 'visit', d: new Uint8Array(0) }),
  'file-largest': accepted('payload', 'the largest file, and the longest name', {
    ...file,
    size: FILE_BYTES_MAX,
    name: 'x'.repeat(255),
  }),
  'file-accept-all': accepted('payload', 'nothing is missing of the largest file', {
    k: 'file-accept',
    id,
    from: 2 ** 32,
  }),
  'file-refuse-unknown': oneWay(
    'payload',
    'a reason that this version does not know',
    { k: 'file-refuse', id, code: 'ERR_OF_A_LATER_VERSION' },
    { k: 'file-refuse', id, code: 'ERR_REMOTE' },
  ),
  unknown: skipped('payload', 'a kind that this version does not know, whatever else it holds', { k: 'later', x: [1] }),

  empty: badPayload('no bytes', new Uint8Array(0)),
  list: badPayload('a list', ['confirm']),
  'without-kind': badPayload('no kind', { v: 1 }),
  'kind-number': badPayload('a number as kind', { k: 1 }),
  'trailing-byte': badPayload('a byte after the payload', Uint8Array.of(...encodeCbor({ k: 'bye' }), 0)),
  ...Object.fromEntries(
    Object.entries(PAYLOADS).flatMap(([k, one]) => Object.entries(misshapen('payload', 'ERR_FRAME', k, one, 'k'))),
  ),
  'visit-long': badPayload('a visit of a byte too many', { k: 'visit', d: counting(MESSAGE_BYTES_MAX + 1) }),
  'visit-taken-beyond': badPayload('a count of 33 bits', { k: 'visit-taken', n: 2 ** 32 }),
  'file-long-name': badPayload('a name of 256 units', { ...file, name: 'x'.repeat(256) }),
  'file-too-large': badPayload('a file of a byte more than there can be', { ...file, size: FILE_BYTES_MAX + 1 }),
  'file-negative': badPayload('a file of −1 bytes', { ...file, size: -1 }),
  'file-short-hash': badPayload('a hash of 31 bytes', { ...file, hash: hash.slice(1) }),
  'file-short-secret': badPayload('a secret of 31 bytes', { ...file, secret: counting(31) }),
  'file-short-id': badPayload('a transfer of 15 bytes', { ...file, id: id.slice(1) }),
  'file-wait-short-id': badPayload('a file that waits, with an id of 15 bytes', {
    k: 'file-wait',
    id: id.slice(1),
    code: 'ERR_FILE_FULL',
  }),
  'file-accept-beyond': badPayload('a first chunk beyond the last there can be', {
    k: 'file-accept',
    id,
    from: 2 ** 32 + 1,
  }),
  'files-have-short': badPayload('a file’s id of 15 bytes', { k: 'files-have', ids: [id.slice(1)] }),
  'got-short-place': badPayload('a place of 31 bytes', { ...got, c: hash.slice(1) }),
  'got-short-sequence': badPayload('a sequence of 15 bytes', { ...got, s: id.slice(1) }),
  'got-negative': badPayload('place −1', { ...got, n: -1 }),
  'got-long-ladder': badPayload('25 earlier places', {
    ...got,
    back: Array.from({ length: 25 }, (_, index) => ({ n: 25 - index, c: hash })),
  }),
  'got-rung-field': badPayload('an earlier place with a field too many', {
    ...got,
    back: [{ n: 2, c: hash, more: 1 }],
  }),
  'full-wait-beyond': badPayload('no room for more than a day', { ...PAYLOADS.full, wait: FULL_WAIT_MAX + 1 }),
  'full-short-sequence': badPayload('no room in a sequence of 15 bytes', {
    ...PAYLOADS.full,
    s: id.slice(1),
  }),
  'message-short-random': badPayload('15 random bytes', { ...message, r: counting(15) }),
  'message-short-place': badPayload('a message at a place of 31 bytes', { ...message, c: hash.slice(1) }),
  'message-empty': badPayload('a message that says nothing', { ...message, b: new Uint8Array(0) }),
  'message-long': badPayload('a message of a byte too many', { ...message, b: counting(MESSAGE_BODY_MAX + 1) }),
  'message-capital': accepted('payload', 'a message for what is no application, for which there is no room', {
    ...message,
    app: 'Handfast',
  }),
  'stream-capital': accepted('payload', 'an application with a capital letter, which nobody serves', {
    ...PAYLOADS.stream,
    app: 'Handfast',
  }),
  'stream-no-name': accepted('payload', 'an application without a name, which nobody serves', {
    ...PAYLOADS.stream,
    app: '',
  }),
  'stream-long-name': badPayload('a protocol of 256 letters', { ...PAYLOADS.stream, protocol: 'a'.repeat(256) }),
  'stream-room-beyond': badPayload('more room than the window', { k: 'stream-room', id: 1, n: STREAM_WINDOW + 1 }),
  'stream-data-empty': badPayload('stream data without bytes', { k: 'stream-data', id: 1, d: new Uint8Array(0) }),
  'stream-data-long': badPayload('stream data of a byte too many', {
    k: 'stream-data',
    id: 1,
    d: counting(STREAM_DATA_MAX + 1),
  }),
}

export async function generate(): Promise<void> {
  writeFolder('frame', frameVectors)
  writeFolder('payload', payloadVectors)
}
