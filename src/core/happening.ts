import { isRotationAt, type KeyLog } from './key-log.ts'

/** What one entry did; a retirement is called one, by rotation or update alike. */
export type Happening = 'created' | 'updated' | 'rotated' | 'retired'

export const whatHappened = (log: KeyLog, seq: number): Happening => {
  if (log.entries[seq]?.entry.status === 'retired') return 'retired'
  if (seq === 0) return 'created'
  return isRotationAt(log, seq) ? 'rotated' : 'updated'
}
