import { type MessageContent, messageShape } from '../connection/payloads.ts'
import { decodeCbor, encodeCbor } from '../core/cbor.ts'
import { MessageError } from '../core/errors.ts'
import { bytes, list, literal, nullable, record, uint } from '../core/fields.ts'
import { HEADER_BYTES_MAX, HELLO_BYTES_MAX, MESSAGE_STREAMS_MAX, MESSAGE_WINDOW } from '../core/limits.ts'
import { PARCELLED_BYTES_MAX } from '../core/parcel.ts'
import type { Message } from '../core/session/session.ts'
import { STREAM_BYTES } from '../store/message-store.ts'

/** What is in a parcel, and what that says once decrypted (docs/spec/mail.md §2). */

export type Envelope = {
  /** what the session began with, as long as nothing was received in it */
  readonly hello: Uint8Array | null
  readonly message: Message
}

/** Receipts, and messages of one stream. */
export type Bundle = {
  /** all messages of your stream `s` up to number `n` are on this disk */
  readonly got: readonly { readonly s: Uint8Array; readonly n: number }[]
  /** the stream that the messages are of; null when there are none */
  readonly s: Uint8Array | null
  /** the last message of it that you have confirmed, or that was given up: nothing before it will come */
  readonly after: number
  readonly messages: readonly MessageContent[]
}

const readEnvelope = record<{
  readonly v: 1
  readonly hello: Uint8Array | null
  readonly h: Uint8Array
  readonly d: Uint8Array
}>({
  v: literal(1),
  hello: nullable(bytes(1, HELLO_BYTES_MAX)),
  h: bytes(1, HEADER_BYTES_MAX),
  d: bytes(1, PARCELLED_BYTES_MAX),
})
const readMail = record<Bundle>({
  got: list(record({ s: bytes(STREAM_BYTES), n: uint() }), 0, MESSAGE_STREAMS_MAX),
  s: nullable(bytes(STREAM_BYTES)),
  after: uint(),
  messages: list(record<MessageContent>(messageShape), 0, MESSAGE_WINDOW),
})

export const encodeEnvelope = ({ hello, message }: Envelope): Uint8Array =>
  encodeCbor({ v: 1, hello, h: message.header, d: message.token })

/** @throws MessageError ERR_BUNDLE */
export const decodeEnvelope = (envelope: Uint8Array): Envelope => {
  try {
    const { hello, h, d } = readEnvelope(decodeCbor(envelope), 'envelope')
    return { hello, message: { header: h, token: d } }
  } catch (cause) {
    throw new MessageError('ERR_BUNDLE', { cause })
  }
}

export const encodeBundle = (mail: Bundle): Uint8Array => encodeCbor(mail)

/** Messages rise, and each follows the one before it. */
const isCoherent = ({ s, after, messages }: Bundle): boolean =>
  (s !== null) === messages.length > 0 &&
  messages.every(
    ({ n, p, text, data }, index) =>
      n > p && p >= (messages[index - 1]?.n ?? 0) && n > after && (text === null) !== (data === null),
  )

/** @throws MessageError ERR_BUNDLE */
export const decodeBundle = (plaintext: Uint8Array): Bundle => {
  try {
    const mail = readMail(decodeCbor(plaintext), 'mail')
    if (isCoherent(mail)) return mail
  } catch (cause) {
    throw new MessageError('ERR_BUNDLE', { cause })
  }
  throw new MessageError('ERR_BUNDLE')
}
