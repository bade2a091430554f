import { equal } from './bytes.ts'
import type { SignedCard } from './card.ts'
import { KeyLogError } from './errors.ts'
import { containsEntry, type KeyLog } from './key-log.ts'

/** The rollback floor: the furthest truth ever accepted about an identity; nothing older is accepted again (docs/spec/identity.md §5). */
export type Floor = {
  readonly epoch: number
  readonly seq: number
  /** hash of entry `seq`, 32 bytes */
  readonly head: Uint8Array
  /** highest serial of a published card that names `head`, milliseconds; 0 before the first */
  readonly serial: number
}

/**
 * Holds a verified answer against the floor.
 * @throws KeyLogError ERR_ROLLBACK when it is older, ERR_LOG_FORK when it contradicts the floor with equally many rotations
 */
export const checkFloor = (floor: Floor, log: KeyLog, card: SignedCard | null): void => {
  if (!containsEntry(log, floor) && log.epoch <= floor.epoch) {
    const older = log.epoch < floor.epoch || log.last.entry.seq < floor.seq
    const hint = `seen: epoch ${floor.epoch}, entry ${floor.seq}; served: epoch ${log.epoch}, entry ${log.last.entry.seq}`
    throw new KeyLogError(older ? 'ERR_ROLLBACK' : 'ERR_LOG_FORK', { hint })
  }
  // A card names its head, so serials are compared under one head only: a thief's serial must not outlive its removal.
  if (card !== null && equal(log.last.hash, floor.head) && card.card.serial < floor.serial)
    throw new KeyLogError('ERR_ROLLBACK', { hint: 'an older card than the one already seen' })
}

/** What became of an identity since the floor. */
export type Change =
  /** nothing, or it is the first time that it is seen */
  | 'none'
  /** its log went on under the same root key */
  | 'updated'
  /** its log went on, and its owner rotated the root key */
  | 'rotated'
  /** its owner took back what was accepted before: that was signed by a thief, or lost */
  | 'superseded'

/** How an answer that passed `checkFloor` stands to the floor. */
export const changeSince = (floor: Floor | null, log: KeyLog): Change => {
  if (floor === null || equal(log.last.hash, floor.head)) return 'none'
  if (!containsEntry(log, floor)) return 'superseded'
  return log.epoch > floor.epoch ? 'rotated' : 'updated'
}

/** The floor after accepting `log` and `card`; the same object when nothing is higher. */
export const raiseFloor = (floor: Floor | null, log: KeyLog, card: SignedCard | null): Floor => {
  const { entry, hash: head } = log.last
  const same = floor !== null && equal(floor.head, head)
  const serial = Math.max(same ? floor.serial : 0, card?.card.serial ?? 0)
  if (same && floor.serial === serial) return floor
  return { epoch: log.epoch, seq: entry.seq, head, serial }
}

/**
 * The further one of two floors of one identity, when two memories of it become one: by rotations, then entries, then serial. Which of
 * two that differ only in their head is taken does not matter, but has to be the same one everywhere.
 */
export const higherFloor = (a: Floor, b: Floor): Floor => {
  const further = a.epoch - b.epoch || a.seq - b.seq || a.serial - b.serial || Buffer.compare(a.head, b.head)
  return further >= 0 ? a : b
}
