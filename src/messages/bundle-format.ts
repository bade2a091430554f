import { type NumberedMessage, numberedMessage, type Receipt, receipt } from '../connection/payloads.ts'
import { decodeCbor, encodeCbor } from '../core/cbor.ts'
import { MessageError } from '../core/errors.ts'
import { bytes, flag, list, literal, nullable, record } from '../core/fields.ts'
import { MESSAGE_WINDOW, SEQUENCE_ID_BYTES, SEQUENCES_MAX } from '../core/limits/message-limits.ts'
import { HEADER_BYTES_MAX, HELLO_BYTES_MAX } from '../core/limits/protocol-limits.ts'
import { programName } from '../core/names.ts'
import { PARCELLED_BYTES_MAX } from '../core/parcel.ts'
import type { Message } from '../core/session/session.ts'

/** What is in a parcel, and what that says once decrypted (docs/spec/mailbox-messages.md §2). */

export type Envelope = {
  /** what the session began with, as long as nothing was received in it */
  readonly hello: Uint8Array | null
  readonly message: Message
}

/** Receipts, and messages of one sequence. */
export type Bundle = {
  readonly got: readonly Receipt[]
  /** whether `got` is all that is on this disk: what of yours is not among it is to be sent again */
  readonly want: boolean
  /** the sequence that the messages are of, and its application; null when there are none */
  readonly s: Uint8Array | null
  readonly app: string | null
  readonly messages: readonly NumberedMessage[]
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
const readBundle = record<Bundle>({
  got: list(record<Receipt>(receipt), 0, SEQUENCES_MAX),
  want: flag,
  s: nullable(bytes(SEQUENCE_ID_BYTES)),
  app: nullable(programName),
  messages: list(record<NumberedMessage>(numberedMessage), 0, MESSAGE_WINDOW),
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

export const encodeBundle = (bundle: Bundle): Uint8Array => encodeCbor(bundle)

/** Messages follow each other without a gap. */
const isCoherent = ({ s, app, messages }: Bundle): boolean => {
  const hasMessages = messages.length > 0
  const first = messages[0]?.n ?? 1
  return (
    (s !== null) === hasMessages &&
    (app !== null) === hasMessages &&
    first > 0 &&
    messages.every(({ n }, index) => n === first + index)
  )
}

/** @throws MessageError ERR_BUNDLE */
export const decodeBundle = (plaintext: Uint8Array): Bundle => {
  try {
    const bundle = readBundle(decodeCbor(plaintext), 'bundle')
    if (isCoherent(bundle)) return bundle
  } catch (cause) {
    throw new MessageError('ERR_BUNDLE', { cause })
  }
  throw new MessageError('ERR_BUNDLE')
}
