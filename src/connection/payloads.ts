import { decodeCbor, encodeCbor } from '../core/cbor.ts'
import { TRANSFER_ID_BYTES } from '../core/chunk.ts'
import { ConnectionError, type ErrorCode } from '../core/errors.ts'
import { bytes, errorCode, literal, nullable, type Reader, record, text, uint } from '../core/fields.ts'
import { FILE_BYTES_MAX, MESSAGE_BYTES_MAX } from '../core/limits.ts'
import { STREAM_BYTES, type StoredMessage } from '../store/message-store.ts'

/** What messages say once decrypted (docs/spec/wire.md): CBOR maps { k: kind, … }. */

const NAME_MAX = 255
const HASH_BYTES = 32
const SECRET_BYTES = 32

export type Payload =
  /** ends the handshake: "I have your key and this is my answer to it" */
  | { readonly k: 'confirm' }
  /** in its place in the initiator's first message: "I come to your mailbox", with the version of what is said there */
  | { readonly k: 'mailbox'; readonly v: number }
  /** in the same place: "this hello comes by way of a mailbox", with the version of mail */
  | { readonly k: 'mail'; readonly v: number }
  | { readonly k: 'text'; readonly d: string }
  | { readonly k: 'data'; readonly d: Uint8Array }
  /** the application took `n` more messages */
  | { readonly k: 'taken'; readonly n: number }
  | FilePayload
  /** all messages of your stream `s` up to number `n` are on this disk */
  | { readonly k: 'got'; readonly s: Uint8Array; readonly n: number }
  /** everything I have got has been said: send what follows it */
  | { readonly k: 'ready' }
  /** message number `n` of my stream `s`, which follows number `p`, written at `at` (milliseconds since 1970): either text or data */
  | MessagePayload
  /** nothing follows: an end that was meant */
  | { readonly k: 'bye' }

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

export type MessagePayload = MessageContent & { readonly k: 'message'; readonly s: Uint8Array }

/** A message of a stream: it follows number `p`, and is either text or data. */
export type MessageContent = {
  readonly n: number
  readonly p: number
  /** milliseconds since 1970 */
  readonly at: number
  readonly text: string | null
  readonly data: Uint8Array | null
}

type Kind = Payload['k']
type Of<K extends Kind> = Extract<Payload, { k: K }>

const id = bytes(TRANSFER_ID_BYTES)
const count = uint(2 ** 32 - 1)

/** What a message says, wherever it stands. */
export const messageShape = {
  n: uint(),
  p: uint(),
  at: uint(),
  text: nullable(text(MESSAGE_BYTES_MAX)),
  data: nullable(bytes(0, MESSAGE_BYTES_MAX)),
} as const

export const messageContent = ({ number, at, body }: StoredMessage, p: number): MessageContent => {
  const said = 'text' in body ? { text: body.text, data: null } : { text: null, data: body.data }
  return { n: number, p, at, ...said }
}

const readers: { readonly [K in Kind]: Reader<Of<K>> } = {
  confirm: record<Of<'confirm'>>({ k: literal('confirm') }),
  mailbox: record<Of<'mailbox'>>({ k: literal('mailbox'), v: uint() }),
  mail: record<Of<'mail'>>({ k: literal('mail'), v: uint() }),
  text: record<Of<'text'>>({ k: literal('text'), d: text(MESSAGE_BYTES_MAX) }),
  data: record<Of<'data'>>({ k: literal('data'), d: bytes(0, MESSAGE_BYTES_MAX) }),
  taken: record<Of<'taken'>>({ k: literal('taken'), n: count }),
  file: record<Of<'file'>>({
    k: literal('file'),
    id,
    name: text(NAME_MAX),
    size: uint(FILE_BYTES_MAX),
    hash: bytes(HASH_BYTES),
    secret: bytes(SECRET_BYTES),
  }),
  'file-accept': record<Of<'file-accept'>>({ k: literal('file-accept'), id, from: uint(2 ** 32) }),
  'file-refuse': record<Of<'file-refuse'>>({ k: literal('file-refuse'), id, code: errorCode }),
  'file-taken': record<Of<'file-taken'>>({ k: literal('file-taken'), id, n: count }),
  'file-done': record<Of<'file-done'>>({ k: literal('file-done'), id }),
  'file-abort': record<Of<'file-abort'>>({ k: literal('file-abort'), id, code: errorCode }),
  'file-ask': record<Of<'file-ask'>>({ k: literal('file-ask'), id }),
  got: record<Of<'got'>>({ k: literal('got'), s: bytes(STREAM_BYTES), n: uint() }),
  ready: record<Of<'ready'>>({ k: literal('ready') }),
  message: record<MessagePayload>({ k: literal('message'), s: bytes(STREAM_BYTES), ...messageShape }),
  bye: record<Of<'bye'>>({ k: literal('bye') }),
}

/** Whether it is about a file. */
export const isFilePayload = (payload: Payload): payload is FilePayload =>
  payload.k === 'file' || payload.k.startsWith('file-')

export const encodePayload = (payload: Payload): Uint8Array => encodeCbor(payload)

const isKind = (k: unknown): k is Kind => typeof k === 'string' && Object.hasOwn(readers, k)

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
