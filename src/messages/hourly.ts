import { LIMIT_TOLD_MS } from '../core/limits/message-limits.ts'
import type { World } from '../core/world.ts'

/** @returns whether something is to be told: not when it was within the hour */
export const createHourly = ({ clock }: World): ((what: string) => boolean) => {
  const told = new Map<string, number>()
  return (what) => {
    const now = clock()
    for (const [key, at] of told) if (Math.abs(now - at) >= LIMIT_TOLD_MS) told.delete(key)
    if (told.has(what)) return false
    told.set(what, now)
    return true
  }
}
