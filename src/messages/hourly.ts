import { LIMIT_TOLD_MS } from '../core/limits/message-limits.ts'
import type { World } from '../core/world.ts'

/** @returns whether something is to be told: not when it was within the hour, or so many times @param most times that it is told in an hour */
export const createHourly = ({ clock }: World, most = 1): ((what: string) => boolean) => {
  const told = new Map<string, { readonly since: number; times: number }>()
  return (what) => {
    const now = clock()
    for (const [key, { since }] of told) if (Math.abs(now - since) >= LIMIT_TOLD_MS) told.delete(key)
    const known = told.get(what) ?? { since: now, times: 0 }
    if (known.times >= most) return false
    known.times += 1
    told.set(what, known)
    return true
  }
}
