import { hex } from '../../core/bytes.ts'
import { HandfastError, KeyLogError } from '../../core/errors.ts'
import {
  type Anchor,
  appendEntry,
  compareLogs,
  containsEntry,
  isComplete,
  type KeyLog,
  type PartialLog,
} from '../../core/key-log.ts'
import { decodeEntry } from '../../core/key-log-entry.ts'

/** The entries of one lookup, from whoever sent them: verified where they belong, and which of the logs they make stands. */
export type CollectedLogs = {
  readonly id: Uint8Array
  readonly anchor: Anchor | null
  /** What ends with each verified entry, by its hash. All stay: no thief can push out the branch an honest node is telling. */
  readonly byLast: Map<string, PartialLog>
  standing: KeyLog | null
}

export const createCollectedLogs = (id: Uint8Array, anchor: Anchor | null): CollectedLogs => ({
  ...{ id, anchor },
  byLast: new Map(),
  standing: null,
})

/** Whether a person has decided between two logs that contradict each other. */
const isDecided = ({ anchor }: CollectedLogs, log: KeyLog, against: KeyLog): boolean =>
  anchor !== null && containsEntry(log, anchor) && !containsEntry(against, anchor)

const standsOver = (logs: CollectedLogs, log: KeyLog, other: KeyLog): boolean => {
  const relation = compareLogs(log, other)
  return relation === 'longer' || relation === 'supersedes' || (relation === 'fork' && isDecided(logs, log, other))
}

/**
 * Verifies an entry where it belongs; a valid one is verified once, whoever repeats it.
 * @param key the BLAKE2b-256 of the envelope, in hex
 */
export const offerEntry = (logs: CollectedLogs, key: string, envelope: Uint8Array): 'valid' | 'invalid' | 'gap' => {
  const { id, byLast, standing } = logs
  if (byLast.has(key)) return 'valid'
  try {
    const { prev } = decodeEntry(envelope).entry
    const before = prev === null ? null : byLast.get(hex(prev))
    if (before === undefined) return 'gap'
    if (before === null && key !== hex(id)) throw new KeyLogError('ERR_LOG_ADDRESS')
    const log = appendEntry(before, envelope)
    byLast.set(key, log)
    if (isComplete(log) && (standing === null || standsOver(logs, log, standing))) logs.standing = log
    return 'valid'
  } catch (error) {
    if (!(error instanceof HandfastError)) throw error
    return 'invalid'
  }
}

/** The longest branch that contradicts `log`, up to where that was shown; null when there is none, or a person has decided. */
export const forkOf = (logs: CollectedLogs, log: KeyLog): KeyLog | null =>
  [...logs.byLast.values()]
    .filter(isComplete)
    .filter((other) => compareLogs(other, log) === 'fork' && !isDecided(logs, log, other))
    .reduce<KeyLog | null>(
      (proof, other) => (proof === null || compareLogs(other, proof) === 'longer' ? other : proof),
      null,
    )
