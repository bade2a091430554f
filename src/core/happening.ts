import { isRotationAt, type KeyLog } from './key-log.ts'

/** What one entry did; a retirement is called one, by rotation or update alike, and a rotation that only leads to the next a bridge. */
export type Happening = 'created' | 'updated' | 'rotated' | 'retired' | 'bridged'

export const whatHappened = (log: KeyLog, seq: number): Happening => {
  const status = log.entries[seq]?.entry.status
  if (status === 'retired') return 'retired'
  if (status === 'bridge') return 'bridged'
  if (seq === 0) return 'created'
  return isRotationAt(log, seq) ? 'rotated' : 'updated'
}
