import { equal } from '../core/bytes.ts'
import { DirectoryError, KeyLogError } from '../core/errors.ts'
import { sha256 } from '../core/kdf.ts'
import { appendEntry, compareLogs, decodeEntry, type KeyLog, type LogEntry, prefixOf } from '../core/key-log.ts'
import { BRANCHES_MAX } from '../core/limits.ts'

/** The verified branches of one identity's log that a storage node keeps. */
export type Branches = {
  /** the branch that stands: the furthest one, and of a fork the one seen first */
  readonly standing: KeyLog
  /** branches that part from it, oldest first: evidence, or a rotation still to come */
  readonly rivals: readonly KeyLog[]
}

/** What proves a fork to anyone: a rival's entries beside the standing branch, up to the first that contradicts it. */
export const forkProof = ({ standing, rivals }: Branches): readonly LogEntry[] => {
  const rival = rivals.find((log) => compareLogs(standing, log) === 'fork')
  if (rival === undefined) return []
  const beside = rival.entries.filter(({ entry, hash }) => !holds(standing, entry.seq, hash))
  const last = beside.find(({ entry }) => compareLogs(standing, prefixOf(rival, entry.seq)) === 'fork')
  return beside.filter(({ entry }) => last !== undefined && entry.seq <= last.entry.seq)
}

const allOf = ({ standing, rivals }: Branches): readonly KeyLog[] => [standing, ...rivals]

const holds = (log: KeyLog, seq: number, hash: Uint8Array): boolean => {
  const at = log.entries[seq]
  return at !== undefined && equal(at.hash, hash)
}

/**
 * Verifies one envelope and adds it where it belongs. Returns `branches` itself when the entry was known already.
 * @param id the 32-byte identity hash
 * @throws KeyLogError (its check failed), DirectoryError ERR_PUT_GAP (the entry before is not here)
 */
export const offerEntry = (branches: Branches | null, id: Uint8Array, envelope: Uint8Array, now: number): Branches => {
  const hash = sha256(envelope)
  // What is known was verified: publications repeat it, and decoding costs more than all the rest.
  if (branches !== null && allOf(branches).some(({ entries }) => entries.some((known) => equal(known.hash, hash))))
    return branches
  const { entry } = decodeEntry(envelope)
  if (entry.seq === 0 && !equal(hash, id)) throw new KeyLogError('ERR_LOG_ADDRESS')
  if (branches === null) {
    if (entry.seq !== 0) throw new DirectoryError('ERR_PUT_GAP')
    return { standing: appendEntry(null, envelope, now), rivals: [] }
  }
  const all = allOf(branches)
  const parent = all.find((log) => entry.prev !== null && holds(log, entry.seq - 1, entry.prev))
  if (parent === undefined) throw new DirectoryError('ERR_PUT_GAP')
  const grown = appendEntry(prefixOf(parent, entry.seq - 1), envelope, now)
  return arrange(
    all.filter((log) => compareLogs(log, grown) !== 'shorter'),
    grown,
    branches.standing,
  )
}

/** Chooses what stands among the branches that were there and the one that just grew. */
const arrange = (others: readonly KeyLog[], grown: KeyLog, stood: KeyLog): Branches => {
  const incumbent = others.includes(stood) ? stood : grown
  const standing = [...others, grown].reduce(
    (best, log) => (['longer', 'supersedes'].includes(compareLogs(log, best)) ? log : best),
    incumbent,
  )
  const rivals = [...others, grown].filter((log) => log !== standing)
  return { standing, rivals: trim(standing, rivals) }
}

/** Bounds the rivals: the oldest go first, so that a rotation may still follow the newest, but one proof of a fork stays. */
const trim = (standing: KeyLog, rivals: readonly KeyLog[]): readonly KeyLog[] => {
  const kept = [...rivals]
  while (kept.length > BRANCHES_MAX - 1) {
    const proof = kept.find((log) => compareLogs(standing, log) === 'fork')
    const oldest = kept.findIndex((log) => log !== proof)
    kept.splice(oldest, 1)
  }
  return kept
}
