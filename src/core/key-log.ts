import { equal } from './bytes.ts'
import { decodeCbor, encodeCbor } from './cbor.ts'
import { type Envelope, openEnvelope, signEnvelope, verifyEnvelope } from './cose.ts'
import { KeyLogError } from './errors.ts'
import { bytes, list, literal, nullable, record, uint } from './fields.ts'
import { sha256 } from './kdf.ts'
import { LABEL_KEY_LOG } from './labels.ts'
import { CLOCK_TOLERANCE, DEVICES_MAX, ITEM_BYTES_MAX, LOG_ENTRIES_MAX } from './limits.ts'
import { importPublicKey, type P256PrivateKey, POINT_BYTES } from './p256.ts'

/** The key log: an append-only chain of signed snapshots that an address commits to (protocol §2). */

/** The public keys of one device, 33 bytes each: `sign` for cards, `dh` (ik) for handshakes. */
export type Device = { readonly sign: Uint8Array; readonly dh: Uint8Array }

export type Entry = {
  readonly v: 1
  readonly seq: number
  /** H(previous envelope), 32 bytes; null at seq 0 */
  readonly prev: Uint8Array | null
  /** the current root public key, 33 bytes */
  readonly root: Uint8Array
  /** H(next root public key), 32 bytes: pre-rotation */
  readonly next: Uint8Array
  readonly devices: readonly Device[]
  readonly status: 'active' | 'retired'
  /** seconds since 1970 */
  readonly time: number
}

/** A verified entry with the exact bytes that were signed and their hash. */
export type LogEntry = { readonly entry: Entry; readonly envelope: Uint8Array; readonly hash: Uint8Array }

/** A verified log: `id` is the hash its address encodes, `epoch` its number of rotations, `last` its newest entry. */
export type KeyLog = {
  readonly id: Uint8Array
  readonly entries: readonly LogEntry[]
  readonly last: LogEntry
  readonly epoch: number
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
  devices: list(record<Device>({ sign: point, dh: point }), 1, DEVICES_MAX),
  status: literal('active', 'retired'),
  time: uint(),
})

const encodeEntry = (entry: Entry): Uint8Array =>
  encodeCbor({ ...entry, devices: entry.devices.map(({ sign, dh }) => ({ sign, dh })) })

/**
 * Decodes an envelope without verifying it: enough to see where in a log it would belong.
 * @throws KeyLogError ERR_LOG_SIZE, ERR_LOG_DECODE
 */
export const decodeEntry = (envelope: Uint8Array): { readonly entry: Entry; readonly opened: Envelope } => {
  if (envelope.length > ITEM_BYTES_MAX) throw new KeyLogError('ERR_LOG_SIZE')
  try {
    const opened = openEnvelope(envelope)
    return { entry: readEntry(decodeCbor(opened.payload), 'entry'), opened }
  } catch (cause) {
    throw new KeyLogError('ERR_LOG_DECODE', { cause })
  }
}

/** Whether `entry` is a rotation of `previous`; throws when it is neither that nor an update (check 5). */
const isRotation = (entry: Entry, previous: Entry): boolean => {
  if (equal(entry.root, previous.root)) {
    if (!equal(entry.next, previous.next)) throw new KeyLogError('ERR_LOG_NEXT')
    return false
  }
  if (!equal(sha256(entry.root), previous.next)) throw new KeyLogError('ERR_LOG_ROOT')
  if (equal(entry.next, previous.next)) throw new KeyLogError('ERR_LOG_NEXT')
  return true
}

/**
 * Verifies one envelope after `log` (or as the first entry, when `log` is null) and returns the longer log.
 * The checks run in the order of protocol §2, each with its own code.
 * @param now this clock, seconds
 * @throws KeyLogError ERR_LOG_SIZE, _DECODE, _SEQ, _PREV, _RETIRED, _SIGNATURE, _ROOT, _NEXT, _TIME_BACK, _TIME_AHEAD, _TOO_LONG
 */
export const appendEntry = (log: KeyLog | null, envelope: Uint8Array, now: number): KeyLog => {
  const { entry, opened } = decodeEntry(envelope)
  const previous = log?.last
  if (entry.seq !== (log === null ? 0 : log.last.entry.seq + 1)) throw new KeyLogError('ERR_LOG_SEQ')
  const prevMatches =
    previous === undefined ? entry.prev === null : entry.prev !== null && equal(entry.prev, previous.hash)
  if (!prevMatches) throw new KeyLogError('ERR_LOG_PREV')
  if (previous?.entry.status === 'retired') throw new KeyLogError('ERR_LOG_RETIRED')
  if (!verifyEnvelope(opened, entry.root, LABEL_KEY_LOG)) throw new KeyLogError('ERR_LOG_SIGNATURE')
  const rotated = previous !== undefined && isRotation(entry, previous.entry)
  if (previous !== undefined && entry.time < previous.entry.time) throw new KeyLogError('ERR_LOG_TIME_BACK')
  if (entry.time > now + CLOCK_TOLERANCE) throw new KeyLogError('ERR_LOG_TIME_AHEAD')
  if (entry.seq >= LOG_ENTRIES_MAX) throw new KeyLogError('ERR_LOG_TOO_LONG')

  const bytesOfEnvelope = Uint8Array.from(envelope)
  const last: LogEntry = { entry, envelope: bytesOfEnvelope, hash: sha256(bytesOfEnvelope) }
  return {
    id: log === null ? last.hash : log.id,
    entries: log === null ? [last] : [...log.entries, last],
    last,
    epoch: (log?.epoch ?? 0) + (rotated ? 1 : 0),
  }
}

/**
 * Verifies a whole log from its first entry on.
 * @param id the 32-byte hash the address encodes
 * @throws KeyLogError ERR_LOG_EMPTY, ERR_LOG_ADDRESS, ERR_LOG_TOO_LONG and those of `appendEntry`
 */
export const verifyLog = (id: Uint8Array, envelopes: readonly Uint8Array[], now: number): KeyLog => {
  const [first, ...rest] = envelopes
  if (first === undefined) throw new KeyLogError('ERR_LOG_EMPTY')
  if (envelopes.length > LOG_ENTRIES_MAX) throw new KeyLogError('ERR_LOG_TOO_LONG')
  if (!equal(sha256(first), id)) throw new KeyLogError('ERR_LOG_ADDRESS')
  return rest.reduce((log, envelope) => appendEntry(log, envelope, now), appendEntry(null, first, now))
}

/** The log that ends with entry number `seq` of `log`. @throws KeyLogError ERR_LOG_EMPTY when it has no such entry */
export const prefixOf = (log: KeyLog, seq: number): KeyLog => {
  const last = log.entries[seq]
  if (last === undefined) throw new KeyLogError('ERR_LOG_EMPTY')
  const entries = log.entries.slice(0, seq + 1)
  const epoch = entries.reduce((count, { entry }, index) => {
    const before = entries[index - 1]
    return before !== undefined && !equal(entry.root, before.entry.root) ? count + 1 : count
  }, 0)
  return { id: log.id, entries, last, epoch }
}

/** How log `a` stands to log `b` of the same address (protocol §2). */
export type LogRelation =
  | 'same'
  /** `a` continues `b` */
  | 'longer'
  /** `b` continues `a` */
  | 'shorter'
  /** they part, and `a` has more rotations, by keys that both commit to: it stands */
  | 'supersedes'
  /** they part, and `b` has more rotations, by keys that both commit to: it stands */
  | 'superseded'
  /** they part with equally many rotations, or the same rotation commits to two next keys: evidence, and neither is trusted */
  | 'fork'

/** What each epoch of a log commits to: its `next`, which only a rotation changes. */
const commitmentsOf = ({ entries }: KeyLog): readonly Uint8Array[] =>
  entries
    .filter(({ entry }, index) => {
      const before = entries[index - 1]
      return before === undefined || !equal(entry.next, before.entry.next)
    })
    .map(({ entry }) => entry.next)

/**
 * Whether the shorter chain of commitments begins the longer one. When it does not, the thief of a root key signed its
 * rotation a second time with a `next` of its own: further rotations from there prove nothing about the owner.
 */
const commitAlike = (a: KeyLog, b: KeyLog): boolean => {
  const others = commitmentsOf(b)
  return commitmentsOf(a).every((next, epoch) => {
    const other = others[epoch]
    return other === undefined || equal(next, other)
  })
}

/**
 * Compares two verified logs of one address.
 * @throws KeyLogError ERR_LOG_ADDRESS when their addresses differ
 */
export const compareLogs = (a: KeyLog, b: KeyLog): LogRelation => {
  if (!equal(a.id, b.id)) throw new KeyLogError('ERR_LOG_ADDRESS')
  const shared = Math.min(a.entries.length, b.entries.length) - 1
  const part = a.entries[shared]
  const counterpart = b.entries[shared]
  // Entries are chained by hash: when the last shared position agrees, everything before it does.
  if (part !== undefined && counterpart !== undefined && equal(part.hash, counterpart.hash)) {
    if (a.entries.length === b.entries.length) return 'same'
    return a.entries.length > b.entries.length ? 'longer' : 'shorter'
  }
  if (a.epoch === b.epoch || !commitAlike(a, b)) return 'fork'
  return a.epoch > b.epoch ? 'supersedes' : 'superseded'
}

/** What a new entry says; the rest follows from the entry before. */
export type EntryContent = {
  readonly devices: readonly Device[]
  readonly status?: Entry['status']
  readonly time: number
}

const signEntry = (entry: Entry, root: P256PrivateKey): Uint8Array =>
  signEnvelope(encodeEntry(entry), root, LABEL_KEY_LOG)

/** A new identity: its log of one entry. `nextRoot` is the public key (33 bytes) that the first rotation will reveal. */
export const createLog = (root: P256PrivateKey, nextRoot: Uint8Array, content: EntryContent): KeyLog => {
  const { devices, status = 'active', time } = content
  const next = sha256(nextRoot)
  const envelope = signEntry({ v: 1, seq: 0, prev: null, root: root.publicKey, next, devices, status, time }, root)
  return appendEntry(null, envelope, time)
}

/** Continues a log under its current root key (an update). */
export const updateLog = (log: KeyLog, root: P256PrivateKey, content: EntryContent): KeyLog =>
  continueLog(log, root, log.last.entry.next, content)

/** Continues a log under the root key it committed to (a rotation), committing to `nextRoot` (33 bytes). */
export const rotateLog = (log: KeyLog, root: P256PrivateKey, nextRoot: Uint8Array, content: EntryContent): KeyLog =>
  continueLog(log, root, sha256(nextRoot), content)

const continueLog = (log: KeyLog, root: P256PrivateKey, next: Uint8Array, content: EntryContent): KeyLog => {
  const { devices, status = 'active', time } = content
  const { entry, hash } = log.last
  const seq = entry.seq + 1
  const envelope = signEntry({ v: 1, seq, prev: hash, root: root.publicKey, next, devices, status, time }, root)
  return appendEntry(log, envelope, time)
}
