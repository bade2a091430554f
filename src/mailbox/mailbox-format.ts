import { decodeCbor, encodeCbor } from '../core/cbor.ts'
import { type ErrorCode, MailboxError } from '../core/errors.ts'
import { CHALLENGE_BYTES } from '../core/fetch-proof.ts'
import { bytes, errorCode, list, literal, type Reader, record, uint } from '../core/fields.ts'
import { MAILBOX_DONE_MAX, MAILBOX_LOG_ENTRIES, MAILBOX_PART_BYTES } from '../core/limits/mailbox-limits.ts'
import { DEVICES_MAX, ITEM_BYTES_MAX } from '../core/limits/protocol-limits.ts'
import { PARCEL_SIZES } from '../core/parcel.ts'

/** What is said to and by a mailbox (docs/spec/mailbox.md §3): CBOR maps { t: type, … }, each one message of a connection. */

const HASH_BYTES = 32

export type MailboxRequest =
  /** "I bring a parcel of `size` bytes with hash `id` for the identity `to`" */
  | { readonly t: 'deposit'; readonly to: Uint8Array; readonly id: Uint8Array; readonly size: number }
  /** the next bytes of that parcel; so is the answer of the same name for a parcel that is handed out */
  | Part
  | { readonly t: 'challenge' }
  /** more entries of the log that `prove` speaks of */
  | { readonly t: 'log'; readonly d: readonly Uint8Array[] }
  /** "I am device number `device` of `id`": `proof` is a signed FetchClaim */
  | { readonly t: 'prove'; readonly id: Uint8Array; readonly device: number; readonly proof: Uint8Array }
  | { readonly t: 'next' }
  /** "these are on my disk" */
  | { readonly t: 'done'; readonly ids: readonly Uint8Array[] }

export type MailboxAnswer =
  | { readonly t: 'ready' }
  /** it is on disk */
  | { readonly t: 'kept' }
  | { readonly t: 'challenge'; readonly d: Uint8Array }
  | { readonly t: 'open' }
  | { readonly t: 'parcel'; readonly id: Uint8Array; readonly size: number }
  | Part
  /** nothing more is stored for you */
  | { readonly t: 'end' }
  | { readonly t: 'deleted' }
  /** and the visit is over */
  | { readonly t: 'refused'; readonly code: ErrorCode }

export type Part = { readonly t: 'part'; readonly d: Uint8Array }

type Message = { readonly t: string }
type Readers<M extends Message> = { readonly [T in M['t']]: Reader<Extract<M, { t: T }>> }

const hash = bytes(HASH_BYTES)
const part = record<Part>({ t: literal('part'), d: bytes(1, MAILBOX_PART_BYTES) })

const requests: Readers<MailboxRequest> = {
  deposit: record<Extract<MailboxRequest, { t: 'deposit' }>>({
    t: literal('deposit'),
    to: hash,
    id: hash,
    size: uint(),
  }),
  part,
  challenge: record<Extract<MailboxRequest, { t: 'challenge' }>>({ t: literal('challenge') }),
  log: record<Extract<MailboxRequest, { t: 'log' }>>({
    t: literal('log'),
    d: list(bytes(1, ITEM_BYTES_MAX), 1, MAILBOX_LOG_ENTRIES),
  }),
  prove: record<Extract<MailboxRequest, { t: 'prove' }>>({
    t: literal('prove'),
    id: hash,
    device: uint(DEVICES_MAX - 1),
    proof: bytes(1, ITEM_BYTES_MAX),
  }),
  next: record<Extract<MailboxRequest, { t: 'next' }>>({ t: literal('next') }),
  done: record<Extract<MailboxRequest, { t: 'done' }>>({ t: literal('done'), ids: list(hash, 1, MAILBOX_DONE_MAX) }),
}

const answers: Readers<MailboxAnswer> = {
  ready: record<Extract<MailboxAnswer, { t: 'ready' }>>({ t: literal('ready') }),
  kept: record<Extract<MailboxAnswer, { t: 'kept' }>>({ t: literal('kept') }),
  challenge: record<Extract<MailboxAnswer, { t: 'challenge' }>>({ t: literal('challenge'), d: bytes(CHALLENGE_BYTES) }),
  open: record<Extract<MailboxAnswer, { t: 'open' }>>({ t: literal('open') }),
  parcel: record<Extract<MailboxAnswer, { t: 'parcel' }>>({
    t: literal('parcel'),
    id: hash,
    size: literal(...PARCEL_SIZES),
  }),
  part,
  end: record<Extract<MailboxAnswer, { t: 'end' }>>({ t: literal('end') }),
  deleted: record<Extract<MailboxAnswer, { t: 'deleted' }>>({ t: literal('deleted') }),
  refused: record<Extract<MailboxAnswer, { t: 'refused' }>>({ t: literal('refused'), code: errorCode }),
}

const decode = <M extends Message>(readers: Readers<M>, message: Uint8Array): M => {
  try {
    const value = decodeCbor(message)
    const t = typeof value === 'object' && value !== null && 't' in value ? value.t : null
    if (typeof t !== 'string' || !Object.hasOwn(readers, t)) throw new MailboxError('ERR_MAILBOX_REQUEST')
    return readers[t as M['t']](value, 'message')
  } catch (cause) {
    throw new MailboxError('ERR_MAILBOX_REQUEST', { cause })
  }
}

export const encodeMailboxRequest = (request: MailboxRequest): Uint8Array => encodeCbor(request)
export const encodeMailboxAnswer = (answer: MailboxAnswer): Uint8Array => encodeCbor(answer)

/** @throws MailboxError ERR_MAILBOX_REQUEST */
export const decodeMailboxRequest = (message: Uint8Array): MailboxRequest => decode<MailboxRequest>(requests, message)

/** @throws MailboxError ERR_MAILBOX_REQUEST */
export const decodeMailboxAnswer = (message: Uint8Array): MailboxAnswer => decode<MailboxAnswer>(answers, message)

/** A parcel as the bytes of its parts, in order. */
export const partsOf = (parcel: Uint8Array): readonly Part[] =>
  Array.from({ length: Math.ceil(parcel.length / MAILBOX_PART_BYTES) }, (_, index) => ({
    t: 'part',
    d: parcel.slice(index * MAILBOX_PART_BYTES, (index + 1) * MAILBOX_PART_BYTES),
  }))

/** Bytes of the next part of a parcel of `size` of which `have` are there. */
export const partSize = (size: number, have: number): number => Math.min(MAILBOX_PART_BYTES, size - have)
