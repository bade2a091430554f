import { hex } from '../core/bytes.ts'
import { MAIL_REPAIR_PAUSE } from '../core/limits/message-limits.ts'

/** When each peer was last asked for something by its mail, so that nobody makes us write all the time. */
export const createAsked = () => {
  const asked = new Map<string, number>()
  /** Whether to ask it now, seconds since 1970. */
  return (peer: Uint8Array, now: number): boolean => {
    for (const [key, at] of asked) if (now - at >= MAIL_REPAIR_PAUSE) asked.delete(key)
    if (asked.has(hex(peer))) return false
    asked.set(hex(peer), now)
    return true
  }
}
