import { decodeCbor, encodeCbor } from '../cbor.ts'
import { SessionError } from '../errors.ts'
import { bytes, literal, tuple, uint } from '../fields.ts'
import { POINT_BYTES } from '../p256.ts'

export const SESSION_ID_BYTES = 16

/** Message numbers stay below 2^32: no chain gets there, and a header cannot ask for absurd arithmetic. */
const NUMBER_MAX = 2 ** 32 - 1

/** What a message says in the clear, bound to its key (protocol §6). */
export type Header = {
  /** 16 bytes */
  readonly session: Uint8Array
  /** the sender's ratchet public key, 33 bytes */
  readonly dh: Uint8Array
  /** messages in the sender's previous chain */
  readonly pn: number
  /** this message's number in its chain */
  readonly n: number
}

/** CBOR [session id, dh, pn, n, null, null]; the last two are the places of the KEM public key and ciphertext. */
export const encodeHeader = ({ session, dh, pn, n }: Header): Uint8Array => encodeCbor([session, dh, pn, n, null, null])

const readHeader = tuple<[Uint8Array, Uint8Array, number, number, null, null]>(
  bytes(SESSION_ID_BYTES),
  bytes(POINT_BYTES),
  uint(NUMBER_MAX),
  uint(NUMBER_MAX),
  literal(null),
  literal(null),
)

/** @throws SessionError ERR_MESSAGE_HEADER */
export const decodeHeader = (header: Uint8Array): Header => {
  try {
    const [session, dh, pn, n] = readHeader(decodeCbor(header), 'header')
    return { session, dh, pn, n }
  } catch (cause) {
    throw new SessionError('ERR_MESSAGE_HEADER', { cause })
  }
}
