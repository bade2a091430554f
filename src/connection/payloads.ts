import { decodeCbor, encodeCbor, encodeSecretCbor } from '../core/cbor.ts'
import { TRANSFER_ID_BYTES } from '../core/chunk.ts'
import { ConnectionError, type ErrorCode } from '../core/errors.ts'
import { bytes, errorCode, list, literal, nullable, type Reader, record, text, uint } from '../core/fields.ts'
import { STREAM_DATA_MAX, STREAM_WINDOW } from '../core/limits/connection-limits.ts'
import { FILE_BYTES_MAX, FILES_REMEMBERED } from '../core/limits/file-limits.ts'
import {
  FULL_WAIT_MAX,
  MESSAGE_BODY_MAX,
  MESSAGE_BYTES_MAX,
  MESSAGE_ID_BYTES,
  MESSAGE_RANDOM_BYTES,
  PLACE_LADDER_MAX,
  SAID_NAME_MAX,
  SEQUENCE_ID_BYTES,
} from '../core/limits/message-limits.ts'
import type { Place } from '../core/places.ts'

/** What is said on a connection, once decrypted (docs/spec/wire.md §3): CBOR maps { k: kind, … }. */

const NAME_MAX = 255
const HASH_BYTES = 32
const SECRET_BYTES = 32

export type Payload =
  /** ends the handshake: "I have your key and this is my answer to it" */
  | { readonly k: 'confirm' }
  /** in its place in the initiator's first message: "I come to your mailbox", with the version of what is said there */
  | { readonly k: 'mailbox'; readonly v: number }
  /** in the same place: "this hello comes in a parcel", with the version of bundles */
  | { readonly k: 'parcel'; readonly v: number }
  | VisitPayload
  | FilePayload
  | MessagePayload
  | StreamPayload
  /** nothing follows: an end that was meant */
  | { readonly k: 'bye' }

/** What is said to a mailbox and by it. */
export type VisitPayload =
  | { readonly k: 'visit'; readonly d: Uint8Array }
  /** `n` more of them were taken */
  | { readonly k: 'visit-taken'; readonly n: number }

/** What is said about a file; its chunks are frames of their own. */
export type FilePayload =
  /** the file of SHA-256 `hash` is here to be taken, now or again */
  | {
      readonly k: 'file'
      readonly id: Uint8Array
      readonly name: string
      readonly size: number
      readonly hash: Uint8Array
      readonly secret: Uint8Array
    }
  /** send it, beginning with chunk `from` */
  | { readonly k: 'file-accept'; readonly id: Uint8Array; readonly from: number }
  /** it is not taken yet, for the reason `code`: leave it offered, `file-accept` comes when it is */
  | { readonly k: 'file-wait'; readonly id: Uint8Array; readonly code: ErrorCode }
  /** it is not taken, or not any more */
  | { readonly k: 'file-refuse'; readonly id: Uint8Array; readonly code: ErrorCode }
  /** `n` more chunks are on disk */
  | { readonly k: 'file-taken'; readonly id: Uint8Array; readonly n: number }
  /** all of it is on disk, and is what `hash` said */
  | { readonly k: 'file-done'; readonly id: Uint8Array }
  /** it is not offered any more */
  | { readonly k: 'file-abort'; readonly id: Uint8Array; readonly code: ErrorCode }
  /** I have a part of it: will you go on? */
  | { readonly k: 'file-ask'; readonly id: Uint8Array }
  /** these files of yours are here, or were, and no others */
  | { readonly k: 'files-have'; readonly ids: readonly Uint8Array[] }

/** Messages that are kept until they have arrived. */
export type MessagePayload =
  | ({ readonly k: 'got' } & Receipt)
  /**
   * there is no room for message `n` of your sequence `s`, nor for what follows it, for the reason `code`: `ready` says when there is, in
   * `wait` seconds as far as that is known
   */
  | {
      readonly k: 'full'
      readonly s: Uint8Array
      readonly n: number
      readonly code: ErrorCode
      readonly wait: number | null
    }
  /** nothing of what you send gets on this disk now, for the reason `code`: it is tried again, and `got` says when it is there */
  | { readonly k: 'held'; readonly code: ErrorCode }
  /** everything I have got has been said: send what follows it */
  | { readonly k: 'ready' }
  | ({ readonly k: 'message'; readonly s: Uint8Array; readonly app: string } & NumberedMessage)

/** All messages of your sequence `s` up to number `n` are on this disk, and they are those that `c` commits to. */
export type Receipt = Place & {
  readonly s: Uint8Array
  /** earlier places of it, descending: empty when nothing but `n` is news */
  readonly back: readonly Place[]
}

/** A message in its sequence, wherever it stands: at place `n`, `c`. */
export type NumberedMessage = Place & {
  /** 16 random bytes */
  readonly r: Uint8Array
  /** when it was written, milliseconds since 1970 */
  readonly at: number
  /** what it says: `messages/body.ts` knows what that can be */
  readonly b: Uint8Array
}

/** Byte streams; `id` is even for those that the side opened which called, odd for the other's. */
export type StreamPayload =
  /** opens one, to whoever serves that protocol of that application */
  | { readonly k: 'stream'; readonly id: number; readonly app: string; readonly protocol: string }
  /** there is room for `n` more bytes; the first of these accepts the stream */
  | { readonly k: 'stream-room'; readonly id: number; readonly n: number }
  | { readonly k: 'stream-data'; readonly id: number; readonly d: Uint8Array }
  /** nothing follows from this side */
  | { readonly k: 'stream-end'; readonly id: number }
  /** it is over in both directions */
  | { readonly k: 'stream-reset'; readonly id: number; readonly code: ErrorCode }

export type PayloadKind = Payload['k']
type Of<K extends PayloadKind> = Extract<Payload, { k: K }>

const id = bytes(TRANSFER_ID_BYTES)
const sequence = bytes(SEQUENCE_ID_BYTES)
const count = uint(2 ** 32 - 1)
/** Of an application or protocol, or of none. */
const name = text(SAID_NAME_MAX)

const place = { n: uint(), c: bytes(MESSAGE_ID_BYTES) } as const
const readBack = list(record<Place>(place), 0, PLACE_LADDER_MAX)

/** The fields of a `NumberedMessage`. */
export const numberedMessage = {
  ...place,
  r: bytes(MESSAGE_RANDOM_BYTES),
  at: uint(),
  b: bytes(1, MESSAGE_BODY_MAX),
} as const

/** The fields of a `Receipt`. */
export const receipt = { s: sequence, ...place, back: readBack } as const

const readers: { readonly [K in PayloadKind]: Reader<Of<K>> } = {
  confirm: record<Of<'confirm'>>({ k: literal('confirm') }),
  mailbox: record<Of<'mailbox'>>({ k: literal('mailbox'), v: uint() }),
  parcel: record<Of<'parcel'>>({ k: literal('parcel'), v: uint() }),
  visit: record<Of<'visit'>>({ k: literal('visit'), d: bytes(0, MESSAGE_BYTES_MAX) }),
  'visit-taken': record<Of<'visit-taken'>>({ k: literal('visit-taken'), n: count }),
  file: record<Of<'file'>>({
    k: literal('file'),
    id,
    name: text(NAME_MAX),
    size: uint(FILE_BYTES_MAX),
    hash: bytes(HASH_BYTES),
    secret: bytes(SECRET_BYTES),
  }),
  'file-accept': record<Of<'file-accept'>>({ k: literal('file-accept'), id, from: uint(2 ** 32) }),
  'file-wait': record<Of<'file-wait'>>({ k: literal('file-wait'), id, code: errorCode }),
  'file-refuse': record<Of<'file-refuse'>>({ k: literal('file-refuse'), id, code: errorCode }),
  'file-taken': record<Of<'file-taken'>>({ k: literal('file-taken'), id, n: count }),
  'file-done': record<Of<'file-done'>>({ k: literal('file-done'), id }),
  'file-abort': record<Of<'file-abort'>>({ k: literal('file-abort'), id, code: errorCode }),
  'file-ask': record<Of<'file-ask'>>({ k: literal('file-ask'), id }),
  'files-have': record<Of<'files-have'>>({ k: literal('files-have'), ids: list(id, 0, FILES_REMEMBERED) }),
  got: record<Of<'got'>>({ k: literal('got'), ...receipt }),
  full: record<Of<'full'>>({
    k: literal('full'),
    s: sequence,
    n: uint(),
    code: errorCode,
    wait: nullable(uint(FULL_WAIT_MAX)),
  }),
  held: record<Of<'held'>>({ k: literal('held'), code: errorCode }),
  ready: record<Of<'ready'>>({ k: literal('ready') }),
  message: record<Of<'message'>>({ k: literal('message'), s: sequence, app: name, ...numberedMessage }),
  stream: record<Of<'stream'>>({ k: literal('stream'), id: count, app: name, protocol: name }),
  'stream-room': record<Of<'stream-room'>>({ k: literal('stream-room'), id: count, n: uint(STREAM_WINDOW) }),
  'stream-data': record<Of<'stream-data'>>({ k: literal('stream-data'), id: count, d: bytes(1, STREAM_DATA_MAX) }),
  'stream-end': record<Of<'stream-end'>>({ k: literal('stream-end'), id: count }),
  'stream-reset': record<Of<'stream-reset'>>({ k: literal('stream-reset'), id: count, code: errorCode }),
  bye: record<Of<'bye'>>({ k: literal('bye') }),
}

export const encodePayload = (payload: Payload): Uint8Array =>
  payload.k === 'file' ? encodeSecretCbor(payload) : encodeCbor(payload)

const isKind = (k: unknown): k is PayloadKind => typeof k === 'string' && Object.hasOwn(readers, k)

/** Decodes a payload; null when its kind is unknown, for it is then skipped. @throws ConnectionError ERR_FRAME */
export const decodePayload = (plaintext: Uint8Array): Payload | null => {
  try {
    const value = decodeCbor(plaintext)
    const k = typeof value === 'object' && value !== null && 'k' in value ? value.k : null
    if (typeof k !== 'string') throw new ConnectionError('ERR_FRAME')
    return isKind(k) ? readers[k](value, 'payload') : null
  } catch (cause) {
    throw new ConnectionError('ERR_FRAME', { cause })
  }
}
