import { decodeCbor, encodeCbor } from './cbor.ts'
import { HandshakeError } from './errors.ts'
import { bytes, literal, record } from './fields.ts'
import { KEM_CIPHERTEXT_BYTES } from './kem.ts'
import { FRAME_BYTES_MAX, HEADER_BYTES_MAX, HELLO_BYTES_MAX } from './limits/protocol-limits.ts'
import { POINT_BYTES } from './p256.ts'
import type { Message } from './session/session.ts'

/** The first message of a handshake on the wire (docs/spec/handshake.md §2). */

const HASH_BYTES = 32

export type Hello = {
  readonly v: 1
  /** EK, the initiator's ephemeral public key (33 bytes): no two hellos have the same */
  readonly ek: Uint8Array
  /** H(card_B), 32 bytes: the card the hello was made for */
  readonly card: Uint8Array
  /** the ML-KEM ciphertext, 1088 bytes */
  readonly ct: Uint8Array
  /** a raw Fernet token in which the initiator says who it is */
  readonly sealed: Uint8Array
  /** message 0 of the session */
  readonly first: Message
}

const readHello = record<Hello>({
  v: literal(1),
  ek: bytes(POINT_BYTES),
  card: bytes(HASH_BYTES),
  ct: bytes(KEM_CIPHERTEXT_BYTES),
  sealed: bytes(1, FRAME_BYTES_MAX),
  first: record<Message>({ header: bytes(1, HEADER_BYTES_MAX), token: bytes(1, FRAME_BYTES_MAX) }),
})

/** @throws HandshakeError ERR_HELLO_SIZE when log and first message together are too long for one frame */
export const encodeHello = (hello: Hello): Uint8Array => {
  const { header, token } = hello.first
  const encoded = encodeCbor({ ...hello, first: { header, token } })
  if (encoded.length > HELLO_BYTES_MAX) throw new HandshakeError('ERR_HELLO_SIZE')
  return encoded
}

/**
 * Reads a hello without opening it: what it says in the clear is not authenticated. By `card` a responder finds the
 * prekeys it was made for, by `ek` whether it came before.
 * @throws HandshakeError ERR_HELLO_DECODE, _VERSION
 */
export const decodeHello = (hello: Uint8Array): Hello => {
  if (hello.length > HELLO_BYTES_MAX) throw new HandshakeError('ERR_HELLO_DECODE')
  let value: unknown
  try {
    value = decodeCbor(hello)
  } catch (cause) {
    throw new HandshakeError('ERR_HELLO_DECODE', { cause })
  }
  if (typeof value === 'object' && value !== null && 'v' in value && value.v !== 1)
    throw new HandshakeError('ERR_HELLO_VERSION')
  try {
    return readHello(value, 'hello')
  } catch (cause) {
    throw new HandshakeError('ERR_HELLO_DECODE', { cause })
  }
}
