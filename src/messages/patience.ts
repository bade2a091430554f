import { hex } from '../core/bytes.ts'
import { sha256 } from '../core/kdf.ts'
import { STRANGER_PARCEL_AGE, STRANGERS_PARCELS_MAX } from '../core/limits/message-limits.ts'

/**
 * Envelopes of strangers that were left in a mailbox, and since when: anyone could fill it with such, so only so many wait, each for a
 * day. Times are seconds of a clock that nobody sets.
 */
export type Patience = {
  /** Whether that envelope may wait, now or still. */
  has(envelope: Uint8Array, now: number): boolean
  /** Those that are not there any more make room for others. */
  trim(now: number): void
}

export const createPatience = (): Patience => {
  const waiting = new Map<string, number>()
  return {
    has: (envelope, now) => {
      const key = hex(sha256(envelope))
      const since = waiting.get(key)
      if (since !== undefined) return now - since <= STRANGER_PARCEL_AGE
      if (waiting.size >= STRANGERS_PARCELS_MAX) return false
      waiting.set(key, now)
      return true
    },
    trim: (now) => {
      for (const [key, since] of waiting) if (now - since > 2 * STRANGER_PARCEL_AGE) waiting.delete(key)
    },
  }
}
