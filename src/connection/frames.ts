import { decodeCbor, encodeCbor } from '../core/cbor.ts'
import { TRANSFER_ID_BYTES } from '../core/chunk.ts'
import { ConnectionError, type ErrorCode } from '../core/errors.ts'
import { bytes, errorCode, list, literal, nullable, type Reader, record, uint } from '../core/fields.ts'
import { KEM_PUBLIC_BYTES } from '../core/kem.ts'
import { FRAME_BYTES_MAX, HEADER_BYTES_MAX, ITEM_BYTES_MAX, LOG_ENTRIES_MAX } from '../core/limits/protocol-limits.ts'

/** Frames of the encrypted stream (docs/spec/wire.md): CBOR maps { t: type, … } of at most 64 KiB. */

export const WIRE_VERSION = 1
const HASH_BYTES = 32

/** "I want to talk to `id`, whose log I know up to `head`." */
export type OpenFrame = {
  readonly t: 'open'
  readonly v: number
  readonly id: Uint8Array
  readonly head: Uint8Array | null
}

/** The part of the log behind that head (or all of it), a live card and the ML-KEM key it commits to. */
export type CardFrame = {
  readonly t: 'card'
  readonly log: readonly Uint8Array[]
  readonly card: Uint8Array
  readonly kem: Uint8Array
}
export type HelloFrame = { readonly t: 'hello'; readonly d: Uint8Array }
export type MessageFrame = { readonly t: 'msg'; readonly h: Uint8Array; readonly d: Uint8Array }
export type ChunkFrame = { readonly t: 'chunk'; readonly id: Uint8Array; readonly i: number; readonly d: Uint8Array }
export type ErrorFrame = { readonly t: 'error'; readonly code: ErrorCode }

export type Frame = OpenFrame | CardFrame | HelloFrame | MessageFrame | ChunkFrame | ErrorFrame

const large = bytes(1, FRAME_BYTES_MAX)

const readers: { readonly [T in Frame['t']]: Reader<Extract<Frame, { t: T }>> } = {
  open: record<OpenFrame>({ t: literal('open'), v: uint(), id: bytes(HASH_BYTES), head: nullable(bytes(HASH_BYTES)) }),
  card: record<CardFrame>({
    t: literal('card'),
    log: list(bytes(1, ITEM_BYTES_MAX), 0, LOG_ENTRIES_MAX),
    card: bytes(1, ITEM_BYTES_MAX),
    kem: bytes(KEM_PUBLIC_BYTES),
  }),
  hello: record<HelloFrame>({ t: literal('hello'), d: large }),
  msg: record<MessageFrame>({ t: literal('msg'), h: bytes(1, HEADER_BYTES_MAX), d: large }),
  chunk: record<ChunkFrame>({ t: literal('chunk'), id: bytes(TRANSFER_ID_BYTES), i: uint(2 ** 32 - 1), d: large }),
  error: record<ErrorFrame>({ t: literal('error'), code: errorCode }),
}

export const encodeFrame = (frame: Frame): Uint8Array => encodeCbor(frame)

/**
 * Decodes one frame; null when its type is unknown, for it is then skipped.
 * An `open` frame of another version is refused before its other fields are looked at.
 * @throws ConnectionError ERR_FRAME, ERR_FRAME_VERSION
 */
export const decodeFrame = (frame: Uint8Array): Frame | null => {
  let value: unknown
  try {
    value = decodeCbor(frame)
  } catch (cause) {
    throw new ConnectionError('ERR_FRAME', { cause })
  }
  if (typeof value !== 'object' || value === null || !('t' in value) || typeof value.t !== 'string')
    throw new ConnectionError('ERR_FRAME')
  if (value.t === 'open' && 'v' in value && value.v !== WIRE_VERSION) throw new ConnectionError('ERR_FRAME_VERSION')
  const { t } = value
  if (!isFrameType(t)) return null
  try {
    return readers[t](value, 'frame')
  } catch (cause) {
    throw new ConnectionError('ERR_FRAME', { cause })
  }
}

const isFrameType = (t: string): t is Frame['t'] => Object.hasOwn(readers, t)
