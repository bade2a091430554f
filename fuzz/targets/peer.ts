import { decodeFrame, encodeFrame, type Frame } from '../../src/connection/frames.ts'
import { decodePayload, encodePayload, type Payload } from '../../src/connection/payloads.ts'
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

/** Frames of a connection, what messages in them say (messages, files, and the rest), and what is in a parcel. */

const [id, hash, stream] = [makeBytes('fuzz/transfer', 16), makeBytes('fuzz/hash', 32), makeBytes('fuzz/stream', 16)]
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

const payloads: readonly Payload[] = [
  { k: 'confirm' },
  { k: 'mailbox', v: 1 },
  { k: 'text', d: 'hello, Bob' },
  { k: 'data', d: makeBytes('fuzz/data', 40) },
  { k: 'taken', n: 16 },
  { k: 'file', id, name: 'report.pdf', size: 482_133, hash, secret: makeBytes('fuzz/secret', 32) },
  { k: 'file-accept', id, from: 3 },
  { k: 'file-refuse', id, code: 'ERR_FILE_FULL' },
  { k: 'file-taken', id, n: 8 },
  { k: 'file-done', id },
  { k: 'file-abort', id, code: 'ERR_FILE_CHANGED' },
  { k: 'file-ask', id },
  { k: 'got', s: stream, n: 12 },
  { k: 'ready' },
  { k: 'message', s: stream, n: 13, p: 12, at: NOW * 1000, text: 'one after the other', data: null },
  { k: 'message', s: stream, n: 14, p: 13, at: NOW * 1000, text: null, data: makeBytes('fuzz/message', 9) },
  { k: 'bye' },
]

const about = { p: 3, at: NOW * 1000 }
const mails: readonly Bundle[] = [
  { got: [{ s: stream, n: 12 }], s: null, after: 0, messages: [] },
  {
    ...{ got: [], s: stream, after: 3 },
    messages: [
      { ...about, n: 4, text: 'one', data: null },
      { ...about, n: 6, p: 4, text: null, data: makeBytes('fuzz/message', 20) },
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
    name: 'mail',
    form: 'cbor',
    corpus: mails.map(encodeBundle),
    decode: decodeBundle,
    encode: encodeBundle,
    codes: ['ERR_BUNDLE'],
  }),
  target({
    name: 'mail-envelope',
    form: 'cbor',
    corpus: [HELLO, null].map((hello) => encodeEnvelope({ hello, message: { header, token } })),
    decode: decodeEnvelope,
    encode: encodeEnvelope,
    codes: ['ERR_BUNDLE'],
  }),
]
