import { decodeFrame, encodeFrame, type Frame } from '../../src/connection/frames.ts'
import { decodePayload, encodePayload, type Payload } from '../../src/connection/payloads.ts'
import { encodeCbor } from '../../src/core/cbor.ts'
import { decodeBody, encodeBody } from '../../src/messages/body.ts'
import {
  type Bundle,
  decodeBundle,
  decodeEnvelope,
  encodeBundle,
  encodeEnvelope,
} from '../../src/messages/bundle-format.ts'
import { at, makeBytes, NOW } from '../../test/core/identities.ts'
import { ALICE, HELLO, LIVE, MESSAGES, PREKEYS, UPDATED } from '../corpus.ts'
import { type Target, target } from '../target.ts'

/** Frames of a connection, what is said in them, what a message can be, and what is in a parcel. */

const [id, hash, s] = [makeBytes('fuzz/transfer', 16), makeBytes('fuzz/hash', 32), makeBytes('fuzz/sequence', 16)]
const { header, token } = at(MESSAGES, 0)

const frames: readonly Frame[] = [
  { t: 'open', v: 1, id: ALICE.log.id, head: null },
  { t: 'open', v: 1, id: ALICE.log.id, head: ALICE.log.last.hash },
  {
    t: 'card',
    log: UPDATED.entries.map(({ envelope }) => envelope),
    card: LIVE.card,
    kem: PREKEYS.kem.publicKey,
  },
  { t: 'hello', d: HELLO },
  { t: 'msg', h: header, d: token },
  { t: 'chunk', id, i: 7, d: makeBytes('fuzz/chunk', 300) },
  { t: 'error', code: 'ERR_ROLLBACK' },
]

const bodies: readonly Uint8Array[] = [
  encodeBody('one after the other'),
  encodeBody(''),
  encodeBody(makeBytes('fuzz/message', 9)),
  encodeCbor({ t: 'read', m: [makeBytes('fuzz/message id', 32)] }),
]
const r = makeBytes('fuzz/random', 16)
const back = [11, 9, 5, 1].map((n) => ({ n, c: makeBytes(`fuzz/place ${n}`, 32) }))
const about = { app: 'handfast', c: hash, r, at: NOW * 1000, b: at(bodies, 0) }

const payloads: readonly Payload[] = [
  { k: 'confirm' },
  { k: 'mailbox', v: 1 },
  { k: 'parcel', v: 1 },
  { k: 'visit', d: makeBytes('fuzz/visit', 40) },
  { k: 'visit-taken', n: 16 },
  { k: 'file', id, name: 'report.pdf', size: 482_133, hash, secret: makeBytes('fuzz/secret', 32) },
  { k: 'file-accept', id, from: 3 },
  { k: 'file-refuse', id, code: 'ERR_FILE_FULL' },
  { k: 'file-wait', id, code: 'ERR_FILE_FULL' },
  { k: 'file-taken', id, n: 8 },
  { k: 'file-done', id },
  { k: 'file-abort', id, code: 'ERR_FILE_CHANGED' },
  { k: 'file-ask', id },
  { k: 'files-have', ids: [id, s] },
  { k: 'got', s, n: 12, c: hash, back: [] },
  { k: 'got', s, n: 12, c: hash, back },
  { k: 'full', s, n: 13, code: 'ERR_MESSAGE_FULL', wait: null },
  { k: 'full', s, n: 13, code: 'ERR_MESSAGE_DAY', wait: 3600 },
  { k: 'held', code: 'ERR_STORE_FULL' },
  { k: 'ready' },
  { k: 'message', s, n: 13, ...about },
  { k: 'message', s, n: 14, ...about, app: 'chess/1', b: at(bodies, 2) },
  { k: 'stream', id: 2, app: 'handfast', protocol: 'chess/1' },
  { k: 'stream-room', id: 2, n: 262_144 },
  { k: 'stream-data', id: 2, d: makeBytes('fuzz/stream', 30) },
  { k: 'stream-end', id: 2 },
  { k: 'stream-reset', id: 2, code: 'ERR_FILE_FULL' },
  { k: 'bye' },
]

const bundles: readonly Bundle[] = [
  { got: [{ s, n: 12, c: hash, back: [] }], want: false, s: null, app: null, messages: [] },
  { got: [{ s, n: 12, c: hash, back }], want: true, s: null, app: null, messages: [] },
  {
    ...{ got: [], want: false, s, app: 'handfast' },
    messages: [
      { n: 4, c: hash, r, at: NOW * 1000, b: at(bodies, 1) },
      { n: 5, c: hash, r, at: NOW * 1000, b: at(bodies, 2) },
    ],
  },
]

/** A code that this version does not know is read as one that it does. */
const isKnown = (value: Frame | Payload): boolean => !('code' in value && value.code === 'ERR_REMOTE')

export const peerTargets: readonly Target[] = [
  target({
    name: 'frame',
    form: 'cbor',
    corpus: frames.map(encodeFrame),
    decode: decodeFrame,
    encode: (frame) => (frame !== null && isKnown(frame) ? encodeFrame(frame) : null),
    codes: ['ERR_FRAME', 'ERR_FRAME_VERSION'],
    share: 20,
  }),
  target({
    name: 'payload',
    form: 'cbor',
    corpus: payloads.map(encodePayload),
    decode: decodePayload,
    encode: (payload) => (payload !== null && isKnown(payload) ? encodePayload(payload) : null),
    codes: ['ERR_FRAME'],
    share: 20,
  }),
  target({
    name: 'message-body',
    form: 'cbor',
    corpus: bodies,
    decode: decodeBody,
    // What a newer version says is kept as it is.
    encode: ({ text, data }) => {
      const said = text ?? data
      return said === undefined ? null : encodeBody(said)
    },
    codes: [],
  }),
  target({
    name: 'bundle',
    form: 'cbor',
    corpus: bundles.map(encodeBundle),
    decode: decodeBundle,
    encode: encodeBundle,
    codes: ['ERR_BUNDLE'],
  }),
  target({
    name: 'bundle-envelope',
    form: 'cbor',
    corpus: [HELLO, null].map((hello) => encodeEnvelope({ hello, message: { header, token } })),
    decode: decodeEnvelope,
    encode: encodeEnvelope,
    codes: ['ERR_BUNDLE'],
  }),
]
