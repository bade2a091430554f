import { equal, hex } from '../../core/bytes.ts'
import { DirectoryError, EncodingError, KeyLogError } from '../../core/errors.ts'
import { blake2b256 } from '../../core/kdf.ts'
import {
  appendEntry,
  compareLogs,
  complete,
  containsEntry,
  isComplete,
  type KeyLog,
  type PartialLog,
  prefixOf,
} from '../../core/key-log.ts'
import { decodeEntry, type LogEntry } from '../../core/key-log-entry.ts'
import { BRANCHES_MAX } from '../../core/limits/record-limits.ts'

/** The verified branches of one identity's log that a storage node stores. */
export type Branches = {
  /** the branch that stands: the furthest one, and of a fork the one seen first */
  readonly standing: KeyLog
  /** branches that part from it, oldest first: evidence, or a rotation still to come; those that end in a bridge are under way, and not served */
  readonly rivals: readonly PartialLog[]
}

/** What one rival adds to the standing branch, up to its first entry that contradicts it; nothing when none does. */
const proofOf = (standing: KeyLog, rival: PartialLog): readonly LogEntry[] => {
  const contradicts = (log: PartialLog): boolean => isComplete(log) && compareLogs(standing, log) === 'fork'
  if (!contradicts(rival)) return []
  const beside = rival.entries.filter(({ entry, hash }) => !containsEntry(standing, { seq: entry.seq, head: hash }))
  const last = beside.find(({ entry }) => contradicts(prefixOf(rival, entry.seq)))
  return beside.filter(({ entry }) => last !== undefined && entry.seq <= last.entry.seq)
}

/** What proves every fork to anyone: who has decided one of them must still hear of the next. */
export const forkProofs = ({ standing, rivals }: Branches): readonly LogEntry[] => {
  const entries = rivals.flatMap((rival) => proofOf(standing, rival))
  return [...new Map(entries.map((entry) => [hex(entry.hash), entry])).values()]
}

const allOf = ({ standing, rivals }: Branches): readonly PartialLog[] => [standing, ...rivals]

/**
 * Verifies one envelope and adds it where it belongs. Returns `branches` itself when the entry was known already.
 * @param id the 32-byte identity hash
 * @throws KeyLogError (its check failed), DirectoryError ERR_PUT_GAP (the entry before is not here)
 */
export const offerEntry = (branches: Branches | null, id: Uint8Array, envelope: Uint8Array): Branches => {
  const hash = blake2b256(envelope)
  // What is known was verified: publications repeat it, and decoding costs more than all the rest.
  if (branches !== null && allOf(branches).some(({ entries }) => entries.some((known) => equal(known.hash, hash))))
    return branches
  const { entry } = decodeEntry(envelope)
  if (entry.seq === 0 && !equal(hash, id)) throw new KeyLogError('ERR_LOG_ADDRESS')
  if (branches === null) {
    if (entry.seq !== 0) throw new DirectoryError('ERR_PUT_GAP')
    return { standing: complete(appendEntry(null, envelope)), rivals: [] }
  }
  const all = allOf(branches)
  const parent = all.find((log) => entry.prev !== null && containsEntry(log, { seq: entry.seq - 1, head: entry.prev }))
  if (parent === undefined) throw new DirectoryError('ERR_PUT_GAP')
  const grown = appendEntry(prefixOf(parent, entry.seq - 1), envelope)
  // A log goes on being served until another one is whole.
  const isPart = (log: PartialLog): boolean =>
    compareLogs(log, grown) === 'shorter' && (isComplete(grown) || !isComplete(log))
  return arrange([...all.filter((log) => !isPart(log)), grown], branches.standing)
}

/** Chooses what stands among the branches; what stood before gives way only to what goes further. */
const arrange = (all: readonly PartialLog[], stood: KeyLog): Branches => {
  const standing = all
    .filter(isComplete)
    .reduce((best, log) => (['longer', 'supersedes'].includes(compareLogs(log, best)) ? log : best), stood)
  const rivals = all.filter((log) => log !== standing)
  return { standing, rivals: trim(standing, rivals) }
}

/** Bounds the rivals: the oldest go first, so that a rotation may still follow the newest, but one proof of a fork stays. */
const trim = (standing: KeyLog, rivals: readonly PartialLog[]): readonly PartialLog[] => {
  const bounded = [...rivals]
  while (bounded.length > BRANCHES_MAX - 1) {
    const proof = bounded.find((log) => isComplete(log) && compareLogs(standing, log) === 'fork')
    const oldest = bounded.findIndex((log) => log !== proof)
    bounded.splice(oldest, 1)
  }
  return bounded
}

/**
 * Branches as they were stored: all is verified again.
 * @param tips hashes of the last entries, the standing branch first, then the rivals
 * @param envelopes every entry of every branch once, in any order
 * @throws HandfastError when they are not what was stored
 */
export const restoreBranches = (
  id: Uint8Array,
  tips: readonly Uint8Array[],
  envelopes: readonly Uint8Array[],
): Branches => {
  const stored = new Map(envelopes.map((envelope) => [hex(blake2b256(envelope)), envelope]))
  /** The log that ends with each entry: what branches share is verified once. */
  const logs = new Map<string, PartialLog>()
  const logTo = (hash: Uint8Array): PartialLog => {
    const known = logs.get(hex(hash))
    if (known !== undefined) return known
    const envelope = stored.get(hex(hash))
    if (envelope === undefined) throw new EncodingError('ERR_FIELD', { hint: 'an entry is missing' })
    const { prev } = decodeEntry(envelope).entry
    if (prev === null && !equal(hash, id)) throw new KeyLogError('ERR_LOG_ADDRESS')
    const log = appendEntry(prev === null ? null : logTo(prev), envelope)
    logs.set(hex(hash), log)
    return log
  }
  const [standing, ...rivals] = tips.map(logTo)
  if (standing === undefined) throw new EncodingError('ERR_FIELD', { hint: 'no branch' })
  const mayBe = (rival: PartialLog): boolean => {
    const relation = compareLogs(rival, standing)
    return isComplete(rival)
      ? relation === 'fork' || relation === 'superseded'
      : relation !== 'same' && relation !== 'shorter'
  }
  if (!rivals.every(mayBe)) throw new EncodingError('ERR_FIELD', { hint: 'another branch stands' })
  return { standing: complete(standing), rivals }
}
