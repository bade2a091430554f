import { utf8 } from './bytes.ts'
import { decodeCbor, encodeCbor } from './cbor.ts'
import { type Envelope, openEnvelope } from './cose.ts'
import { ED25519_KEY_BYTES } from './ed25519.ts'
import { EncodingError, KeyLogError } from './errors.ts'
import { bytes, list, literal, nullable, record, uint } from './fields.ts'
import { sha256 } from './kdf.ts'
import { LABEL_DEVICE } from './labels.ts'
import { DEVICE_ID_BYTES, DEVICES_MAX, ITEM_BYTES_MAX } from './limits/protocol-limits.ts'
import { importPublicKey, POINT_BYTES } from './p256.ts'

/** One entry of a key log, as it is signed (docs/spec/identity.md §2). */

/** The public keys of one device, 33 bytes each: `sign` for cards, `dh` (ik) for handshakes. */
export type Device = { readonly sign: Uint8Array; readonly dh: Uint8Array }

/**
 * A bridge is a rotation that only leads on to the next: it names no device, and a log that ends in one is no log for anybody. The
 * rotations that a recovery makes anew are bridges, so that what they skip never holds again.
 */
export type Status = 'active' | 'retired' | 'bridge'

/** What one entry of a log says: the keys that hold from then on, all of them. */
export type Entry<S extends Status = Status> = {
  readonly v: 1
  readonly seq: number
  /** BLAKE2b-256 of the previous envelope, 32 bytes; null at seq 0 */
  readonly prev: Uint8Array | null
  /** the current root public key, 33 bytes */
  readonly root: Uint8Array
  /** H(next root public key ‖ its `after` ‖ its `next`), 32 bytes: one commitment to every root key and slot to come */
  readonly next: Uint8Array
  /** the Ed25519 public key of this epoch's slot, where its cards lie in any HyperDHT network; 32 bytes */
  readonly slot: Uint8Array
  /** BLAKE2b-256 of the next epoch's slot, 32 bytes: where to look for a rotation; zeros after the last */
  readonly after: Uint8Array
  /** one to seven; none in a bridge */
  readonly devices: readonly Device[]
  readonly status: S
  /** seconds since 1970, by its maker's clock: for people to see; it never goes back, and refuses nothing else */
  readonly time: number
}

/** A verified entry with the exact bytes that were signed and their hash. */
export type LogEntry<S extends Status = Status> = {
  readonly entry: Entry<S>
  readonly envelope: Uint8Array
  readonly hash: Uint8Array
}

const HASH_BYTES = 32

const point = (value: unknown, name: string): Uint8Array => {
  const read = bytes(POINT_BYTES)(value, name)
  importPublicKey(read)
  return read
}

const readEntry = record<Entry>({
  v: literal(1),
  seq: uint(),
  prev: nullable(bytes(HASH_BYTES)),
  root: point,
  next: bytes(HASH_BYTES),
  slot: bytes(ED25519_KEY_BYTES),
  after: bytes(HASH_BYTES),
  devices: list(record<Device>({ sign: point, dh: point }), 0, DEVICES_MAX),
  status: literal('active', 'retired', 'bridge'),
  time: uint(),
})

/** The bytes that are signed. */
export const encodeEntry = (entry: Entry): Uint8Array =>
  encodeCbor({ ...entry, devices: entry.devices.map(({ sign, dh }) => ({ sign, dh })) })

/**
 * Decodes an envelope without verifying it: enough to see where in a log it would belong.
 * @throws KeyLogError ERR_LOG_SIZE, ERR_LOG_DECODE
 */
export const decodeEntry = (envelope: Uint8Array): { readonly entry: Entry; readonly opened: Envelope } => {
  if (envelope.length > ITEM_BYTES_MAX) throw new KeyLogError('ERR_LOG_SIZE')
  try {
    const opened = openEnvelope(envelope)
    const entry = readEntry(decodeCbor(opened.payload), 'entry')
    if ((entry.devices.length === 0) !== (entry.status === 'bridge'))
      throw new EncodingError('ERR_FIELD', { hint: 'bridges have no device, and all others have' })
    return { entry, opened }
  } catch (cause) {
    throw new KeyLogError('ERR_LOG_DECODE', { cause })
  }
}

/** Names a device by its keys: 16 bytes of H("handfast/v1/device" ‖ sign ‖ dh). */
export const deviceId = ({ sign, dh }: Device): Uint8Array =>
  sha256(utf8(LABEL_DEVICE), sign, dh).slice(0, DEVICE_ID_BYTES)
