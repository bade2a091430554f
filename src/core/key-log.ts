import { equal } from './bytes.ts'
import { signEnvelope, signEnvelopeBy, verifyEnvelope } from './cose.ts'
import { commitmentTo, type EpochKeys, placeOfSlot } from './epoch-keys.ts'
import { KeyLogError } from './errors.ts'
import { blake2b256 } from './kdf.ts'
import { type Device, decodeEntry, type Entry, encodeEntry, type LogEntry, type Status } from './key-log-entry.ts'
import { LABEL_KEY_LOG } from './labels.ts'
import { LOG_ENTRIES_MAX } from './limits/protocol-limits.ts'
import type { P256PrivateKey, Signer } from './p256.ts'

/** The key log: an append-only chain of signed snapshots that an address commits to (docs/spec/identity.md §2). */

/** Verified entries from the first on, which may end in a bridge: on the way to a log, and good for nothing else. */
export type PartialLog<S extends Status = Status> = {
  /** the hash its address encodes, 32 bytes */
  readonly id: Uint8Array
  readonly entries: readonly LogEntry[]
  /** the newest entry */
  readonly last: LogEntry<S>
  /** number of rotations */
  readonly epoch: number
}

/** A verified log: it does not end in a bridge. */
export type KeyLog = PartialLog<'active' | 'retired'>

export const isComplete = (log: PartialLog): log is KeyLog => log.last.entry.status !== 'bridge'

/** @throws KeyLogError ERR_LOG_BRIDGE when the log ends in a bridge */
export const complete = (log: PartialLog): KeyLog => {
  if (isComplete(log)) return log
  throw new KeyLogError('ERR_LOG_BRIDGE', { hint: 'it ends in a bridge' })
}

/** Whether `entry` is a rotation of `previous`; throws when it is neither that nor an update (check 5), or an update where a bridge is (6). */
const isRotation = (entry: Entry, previous: Entry): boolean => {
  if (equal(entry.root, previous.root)) {
    if (!equal(entry.next, previous.next)) throw new KeyLogError('ERR_LOG_NEXT')
    if (!equal(entry.slot, previous.slot) || !equal(entry.after, previous.after))
      throw new KeyLogError('ERR_LOG_SLOT', { hint: 'an update keeps both' })
    if (entry.status === 'bridge' || previous.status === 'bridge')
      throw new KeyLogError('ERR_LOG_BRIDGE', { hint: 'bridges are rotations, and only rotations follow them' })
    return false
  }
  if (!equal(commitmentTo(entry.root, entry), previous.next)) throw new KeyLogError('ERR_LOG_ROOT')
  if (!equal(placeOfSlot(entry.slot), previous.after)) throw new KeyLogError('ERR_LOG_SLOT')
  return true
}

/**
 * Verifies one envelope after `log` (or as the first entry, when `log` is null) and returns the longer log, which may end in a bridge.
 * The checks run in the order of docs/spec/identity.md §2, each with its own code. No clock is among them: what holds once holds always.
 * @throws KeyLogError ERR_LOG_SIZE, _DECODE, _SEQ, _PREV, _RETIRED, _SIGNATURE, _ROOT, _NEXT, _SLOT, _BRIDGE, _TIME_BACK, _TOO_LONG
 */
export const appendEntry = (log: PartialLog | null, envelope: Uint8Array): PartialLog => {
  const { entry, opened } = decodeEntry(envelope)
  const previous = log?.last
  if (entry.seq !== (log === null ? 0 : log.last.entry.seq + 1)) throw new KeyLogError('ERR_LOG_SEQ')
  const prevMatches =
    previous === undefined ? entry.prev === null : entry.prev !== null && equal(entry.prev, previous.hash)
  if (!prevMatches) throw new KeyLogError('ERR_LOG_PREV')
  if (previous?.entry.status === 'retired') throw new KeyLogError('ERR_LOG_RETIRED')
  if (!verifyEnvelope(opened, entry.root, LABEL_KEY_LOG)) throw new KeyLogError('ERR_LOG_SIGNATURE')
  if (previous === undefined && entry.status === 'bridge')
    throw new KeyLogError('ERR_LOG_BRIDGE', { hint: 'the first entry leads from nowhere' })
  const rotated = previous !== undefined && isRotation(entry, previous.entry)
  if (previous !== undefined && entry.time < previous.entry.time) throw new KeyLogError('ERR_LOG_TIME_BACK')
  if (entry.seq >= LOG_ENTRIES_MAX) throw new KeyLogError('ERR_LOG_TOO_LONG')

  const bytesOfEnvelope = Uint8Array.from(envelope)
  const last: LogEntry = { entry, envelope: bytesOfEnvelope, hash: blake2b256(bytesOfEnvelope) }
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
 * @throws KeyLogError ERR_LOG_EMPTY, ERR_LOG_ADDRESS, ERR_LOG_TOO_LONG, those of `appendEntry`, and ERR_LOG_BRIDGE when it ends in a bridge
 */
export const verifyLog = (id: Uint8Array, envelopes: readonly Uint8Array[]): KeyLog => {
  const [first, ...rest] = envelopes
  if (first === undefined) throw new KeyLogError('ERR_LOG_EMPTY')
  if (envelopes.length > LOG_ENTRIES_MAX) throw new KeyLogError('ERR_LOG_TOO_LONG')
  if (!equal(blake2b256(first), id)) throw new KeyLogError('ERR_LOG_ADDRESS')
  return complete(rest.reduce(appendEntry, appendEntry(null, first)))
}

/** What ends with entry number `seq` of `log`. @throws KeyLogError ERR_LOG_EMPTY when it has no such entry */
export const prefixOf = (log: PartialLog, seq: number): PartialLog => {
  const last = log.entries[seq]
  if (last === undefined) throw new KeyLogError('ERR_LOG_EMPTY')
  const entries = log.entries.slice(0, seq + 1)
  const epoch = entries.filter((_, index) => isRotationAt(log, index)).length
  return { id: log.id, entries, last, epoch }
}

/** An entry by its place and hash: what a person confirmed of a log, or what was seen last of it. */
export type Anchor = { readonly seq: number; readonly head: Uint8Array }

/** Whether `log` goes through that entry. */
export const containsEntry = (log: PartialLog, { seq, head }: Anchor): boolean => {
  const at = log.entries[seq]
  return at !== undefined && equal(at.hash, head)
}

/** How log `a` stands to log `b` of the same address (docs/spec/identity.md §2). */
export type LogRelation =
  | 'same'
  /** `a` continues `b` */
  | 'longer'
  /** `b` continues `a` */
  | 'shorter'
  /** they part, and `a` has more rotations: it stands */
  | 'supersedes'
  /** they part, and `b` has more rotations: it stands */
  | 'superseded'
  /** they part with equally many rotations: evidence, and neither is trusted */
  | 'fork'

/**
 * Compares two verified logs of one address.
 * @throws KeyLogError ERR_LOG_ADDRESS when their addresses differ
 */
export const compareLogs = (a: PartialLog, b: PartialLog): LogRelation => {
  if (!equal(a.id, b.id)) throw new KeyLogError('ERR_LOG_ADDRESS')
  const shared = Math.min(a.entries.length, b.entries.length) - 1
  const part = a.entries[shared]
  const counterpart = b.entries[shared]
  // Entries are chained by hash: when the last shared position agrees, everything before it does.
  if (part !== undefined && counterpart !== undefined && equal(part.hash, counterpart.hash)) {
    if (a.entries.length === b.entries.length) return 'same'
    return a.entries.length > b.entries.length ? 'longer' : 'shorter'
  }
  if (a.epoch === b.epoch) return 'fork'
  return a.epoch > b.epoch ? 'supersedes' : 'superseded'
}

/** What a new entry says; the rest follows from the entry before. */
export type EntryContent = {
  readonly devices: readonly Device[]
  readonly status?: 'active' | 'retired'
  readonly time: number
}

const firstEntry = (root: Uint8Array, { next, slot, after }: EpochKeys, content: EntryContent): Entry => {
  const { devices, status = 'active', time } = content
  return { v: 1, seq: 0, prev: null, root, next, slot, after, devices, status, time }
}

const nextEntry = (log: PartialLog, root: Uint8Array, keys: EpochKeys, content: EntryContent): Entry => {
  const { next, slot, after } = keys
  const { devices, status = 'active', time } = content
  const { entry, hash: prev } = log.last
  return { v: 1, seq: entry.seq + 1, prev, root, next, slot, after, devices, status, time }
}

const append = (log: PartialLog | null, entry: Entry, root: P256PrivateKey): PartialLog =>
  appendEntry(log, signEnvelope(encodeEntry(entry), root, LABEL_KEY_LOG))

const appendBy = async (log: KeyLog | null, entry: Entry, root: Signer): Promise<KeyLog> =>
  complete(appendEntry(log, await signEnvelopeBy(encodeEntry(entry), root, LABEL_KEY_LOG)))

/** Most rotations of one log: each is an entry. */
export const ROTATIONS_MAX = LOG_ENTRIES_MAX - 1

/** A new identity: its log of one entry. `keys` commit to every root key and slot to come. */
export const createLog = (root: P256PrivateKey, keys: EpochKeys, content: EntryContent): KeyLog =>
  complete(append(null, firstEntry(root.publicKey, keys, content), root))

/** Continues a log under its current root key (an update). */
export const updateLog = (log: KeyLog, root: P256PrivateKey, content: EntryContent): KeyLog =>
  complete(append(log, nextEntry(log, root.publicKey, log.last.entry, content), root))

/** Continues a log under the root key it committed to (a rotation), with what was committed to of its epoch. */
export const rotateLog = (log: PartialLog, root: P256PrivateKey, keys: EpochKeys, content: EntryContent): KeyLog =>
  complete(append(log, nextEntry(log, root.publicKey, keys, content), root))

/** Continues a log by a bridge: the root key it committed to, no device, and the time of the entry before. */
export const bridgeLog = (log: PartialLog, root: P256PrivateKey, keys: EpochKeys): PartialLog => {
  const entry = nextEntry(log, root.publicKey, keys, { devices: [], time: log.last.entry.time })
  return append(log, { ...entry, status: 'bridge' }, root)
}

/** `createLog` with a root key that lives elsewhere. @throws KeyError ERR_SIGNER; what the signer throws */
export const createLogBy = (root: Signer, keys: EpochKeys, content: EntryContent): Promise<KeyLog> =>
  appendBy(null, firstEntry(root.publicKey, keys, content), root)

/** `updateLog` with a root key that lives elsewhere. @throws KeyError ERR_SIGNER; what the signer throws */
export const updateLogBy = (log: KeyLog, root: Signer, content: EntryContent): Promise<KeyLog> =>
  appendBy(log, nextEntry(log, root.publicKey, log.last.entry, content), root)

/** Whether entry number `seq` rotated the root key. */
export const isRotationAt = (log: PartialLog, seq: number): boolean => {
  const [at, before] = [log.entries[seq], log.entries[seq - 1]]
  return at !== undefined && before !== undefined && !equal(at.entry.root, before.entry.root)
}
