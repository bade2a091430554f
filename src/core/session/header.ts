import { decodeCbor, encodeCbor } from '../cbor.ts'
import { SessionError } from '../errors.ts'
import { bytes, nullable, tuple, uint } from '../fields.ts'
import { sha256 } from '../kdf.ts'
import { KEM_CIPHERTEXT_BYTES, KEM_PUBLIC_BYTES } from '../kem.ts'
import { HEADER_BYTES_MAX } from '../limits/protocol-limits.ts'
import { POINT_BYTES } from '../p256.ts'

export const SESSION_ID_BYTES = 16

/** Message numbers stay below 2^32: no chain gets there, and a header cannot ask for absurd arithmetic. */
export const NUMBER_MAX = 2 ** 32 - 1

/** What a message says in the clear, bound to its key (docs/spec/session.md §2). */
export type Header = {
  /** 16 bytes */
  readonly session: Uint8Array
  /** the sender's ratchet public key, 33 bytes */
  readonly dh: Uint8Array
  /** messages in the sender's previous chain */
  readonly pn: number
  /** this message's number in its chain */
  readonly n: number
  /** a KEM public key for the other side to answer, 1184 bytes; the same in every header of a chain */
  readonly kem: Uint8Array | null
  /** the ciphertext that answers the other side's KEM key, 1088 bytes; the same in every header of a chain */
  readonly ct: Uint8Array | null
}

/** CBOR [session id, dh, pn, n, kem, ct]. */
export const encodeHeader = ({ session, dh, pn, n, kem, ct }: Header): Uint8Array =>
  encodeCbor([session, dh, pn, n, kem, ct])

const readHeader = tuple<[Uint8Array, Uint8Array, number, number, Uint8Array | null, Uint8Array | null]>(
  bytes(SESSION_ID_BYTES),
  bytes(POINT_BYTES),
  uint(NUMBER_MAX),
  uint(NUMBER_MAX),
  nullable(bytes(KEM_PUBLIC_BYTES)),
  nullable(bytes(KEM_CIPHERTEXT_BYTES)),
)

/** @throws SessionError ERR_SESSION_HEADER */
export const decodeHeader = (header: Uint8Array): Header => {
  if (header.length > HEADER_BYTES_MAX) throw new SessionError('ERR_SESSION_HEADER')
  try {
    const [session, dh, pn, n, kem, ct] = readHeader(decodeCbor(header), 'header')
    return { session, dh, pn, n, kem, ct }
  } catch (cause) {
    throw new SessionError('ERR_SESSION_HEADER', { cause })
  }
}

/** H(CBOR [kem, ct]), 32 bytes: what the headers of one chain must agree in, remembered in little room. */
export const kemPartsHash = ({ kem, ct }: Pick<Header, 'kem' | 'ct'>): Uint8Array => sha256(encodeCbor([kem, ct]))
