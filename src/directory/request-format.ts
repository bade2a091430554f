import { decodeCbor, encodeCbor } from '../core/cbor.ts'
import { DirectoryError, type ErrorCode } from '../core/errors.ts'
import { bytes, errorCode, list, literal, nullable, type Reader, record, uint } from '../core/fields.ts'
import { KEM_HALF_BYTES } from '../core/kem.ts'
import { DEVICES_MAX, ITEM_BYTES_MAX, LOG_ENTRIES_MAX } from '../core/limits/protocol-limits.ts'
import { BRANCHES_MAX } from '../core/limits/record-limits.ts'

/** Requests and answers of the directory (docs/spec/directory.md): all CBOR, each within one datagram. */

export const COMMAND = { get: 0, getKemHalf: 1, put: 2 } as const
export type Command = (typeof COMMAND)[keyof typeof COMMAND]

/** Largest value of an answer: with 20 closer nodes, an id, a token and the IP header, a datagram of 1,221 of 1,280 bytes. */
export const ANSWER_BYTES_MAX = 995

/**
 * An answer to a sender without a token is at most so many times as long as the request. What is around a request weighs, three times,
 * more than what is around an answer, so on the wire it is less than three times (docs/spec/directory.md §3).
 */
const UNPROVEN_FACTOR = 3

/** Length of a request that may get the largest answer without a token. */
const FULL_REQUEST_BYTES = Math.ceil(ANSWER_BYTES_MAX / UNPROVEN_FACTOR)

/** Longest padding: there is nothing to be had for more. */
export const PAD_BYTES_MAX = FULL_REQUEST_BYTES

/** The largest answer to a request of `size` bytes whose sender has not shown that it receives at its address. */
export const unprovenAnswerMax = (size: number): number => Math.min(ANSWER_BYTES_MAX, UNPROVEN_FACTOR * size)

const HASH_BYTES = 32

/** "What do you hold of `id`, from place `from` on?" Places count the standing branch, what proves forks, then all cards. */
export type GetRequest = {
  readonly id: Uint8Array
  readonly from: number
  /** says nothing: makes a request so long that its answer may be, see `encodePaddedGet` */
  readonly pad?: Uint8Array
}

/** As much as fits of what was asked for, in order. */
export type GetAnswer = {
  /** hash of the last entry of the branch that stands here; null when nothing is held */
  readonly tip: Uint8Array | null
  /** entries served, of the standing branch and of the proofs of forks: the place where cards begin */
  readonly entryCount: number
  readonly cardCount: number
  readonly entries: readonly Uint8Array[]
  readonly cards: readonly Uint8Array[]
  /** what the node's clock says, seconds since 1970: its word, and only ever held against the reader's own clock */
  readonly now: number
}

export type GetKemHalfRequest = { readonly id: Uint8Array; readonly card: Uint8Array; readonly half: number }
export type GetKemHalfAnswer = { readonly half: Uint8Array | null }

/** One record to store. A card names both halves of its key, so each is verified alone. */
export type PutRequest =
  | { readonly t: 'entry'; readonly id: Uint8Array; readonly d: Uint8Array }
  | { readonly t: 'card'; readonly id: Uint8Array; readonly d: Uint8Array }
  | {
      readonly t: 'kem'
      readonly id: Uint8Array
      readonly card: Uint8Array
      readonly half: number
      readonly d: Uint8Array
    }

/** `refused` is null when the record was stored or was there already. */
export type PutAnswer = { readonly refused: ErrorCode | null }

const id = bytes(HASH_BYTES)
const item = bytes(1, ITEM_BYTES_MAX)
const half = uint(1)
/** A whole branch, and of each rival all but the first entry. */
export const ENTRIES_SERVED_MAX = LOG_ENTRIES_MAX + (BRANCHES_MAX - 1) * (LOG_ENTRIES_MAX - 1)

/** Items one node can serve of one identity, each perhaps in an answer of its own. */
export const PLACES_MAX = ENTRIES_SERVED_MAX + DEVICES_MAX

const place = uint(PLACES_MAX)
const readPlainGet = record<GetRequest>({ id, from: place })
const readPaddedGet = record<Required<GetRequest>>({ id, from: place, pad: bytes(0, PAD_BYTES_MAX) })
const readGet: Reader<GetRequest> = (value, name) =>
  typeof value === 'object' && value !== null && 'pad' in value ? readPaddedGet(value, name) : readPlainGet(value, name)
const readGetAnswer = record<GetAnswer>({
  tip: nullable(bytes(HASH_BYTES)),
  entryCount: uint(ENTRIES_SERVED_MAX),
  cardCount: uint(DEVICES_MAX),
  entries: list(item, 0, LOG_ENTRIES_MAX),
  cards: list(item, 0, DEVICES_MAX),
  now: uint(),
})
const readGetKemHalf = record<GetKemHalfRequest>({ id, card: bytes(HASH_BYTES), half })
const readGetKemHalfAnswer = record<GetKemHalfAnswer>({ half: nullable(bytes(KEM_HALF_BYTES)) })
const readPutEntry = record<PutRequest & { t: 'entry' }>({ t: literal('entry'), id, d: item })
const readPutCard = record<PutRequest & { t: 'card' }>({ t: literal('card'), id, d: item })
const readPutKem = record<PutRequest & { t: 'kem' }>({
  t: literal('kem'),
  id,
  card: bytes(HASH_BYTES),
  half,
  d: bytes(KEM_HALF_BYTES),
})
const readPut: Reader<PutRequest> = (value, name) => {
  const t = typeof value === 'object' && value !== null && 't' in value ? value.t : null
  if (t === 'card') return readPutCard(value, name)
  if (t === 'kem') return readPutKem(value, name)
  return readPutEntry(value, name)
}
const readPutAnswer = record<PutAnswer>({ refused: nullable(errorCode) })

const decodeAs =
  <T>(reader: Reader<T>) =>
  (value: Uint8Array): T => {
    try {
      return reader(decodeCbor(value), 'message')
    } catch (cause) {
      throw new DirectoryError('ERR_REQUEST_DECODE', { cause })
    }
  }

/** Decoders; each throws DirectoryError ERR_REQUEST_DECODE. */
export const decodeGet = decodeAs(readGet)
export const decodeGetAnswer = decodeAs(readGetAnswer)
export const decodeGetKemHalf = decodeAs(readGetKemHalf)
export const decodeGetKemHalfAnswer = decodeAs(readGetKemHalfAnswer)
export const decodePut = decodeAs(readPut)
export const decodePutAnswer = decodeAs(readPutAnswer)

/** All messages are plain maps, so one encoder serves them. */
export const encodeMessage = (
  message: GetRequest | GetAnswer | GetKemHalfRequest | GetKemHalfAnswer | PutRequest | PutAnswer,
): Uint8Array => encodeCbor(message)

/** Bytes that a padding of more than 255 adds beside itself: its name and its length. */
const PAD_FRAME_BYTES = 7

/** A GET that may get the largest answer from a node that has given no token yet: 332 bytes. */
export const encodePaddedGet = ({ id: wanted, from }: Pick<GetRequest, 'id' | 'from'>): Uint8Array => {
  const plain = { id: wanted, from }
  const pad = new Uint8Array(FULL_REQUEST_BYTES - PAD_FRAME_BYTES - encodeMessage(plain).length)
  return encodeMessage({ ...plain, pad })
}
