import { type Bucket, fullBucket, type Rate, refill, spend } from './token-bucket.ts'

/**
 * How often those may come who cost nothing to make: each group by one rate, and all of them together by another. Half of what all may is kept
 * for groups that have used less than half of their burst lately, so that a few that come without end leave the others what they need.
 */
export type Pace = {
  /** Takes one for that group, if there is one. @param now milliseconds since 1970 */
  take(group: string, now: number): boolean
  /** groups remembered */
  readonly size: number
}

export type PaceParts = {
  readonly each: Rate
  readonly all: Rate
  /** groups that are remembered: of more, those that were quiet longest begin anew */
  readonly remembered: number
}

export const createPace = ({ each, all, remembered }: PaceParts): Pace => {
  const half = { burst: all.burst / 2, perSecond: all.perSecond / 2 }
  /** in the order in which they came last, taken or not */
  const groups = new Map<string, Bucket>()
  let kept: Bucket | null = null
  let shared: Bucket | null = null

  return {
    take: (group, now) => {
      kept = refill(half, kept ?? fullBucket(half, now), now)
      shared = refill(half, shared ?? fullBucket(half, now), now)
      const known = groups.get(group)
      const own = known === undefined ? fullBucket(each, now) : refill(each, known, now)
      // Also when nothing comes of it: a clock that was set back is followed, and who goes on coming is not forgotten before who is quiet.
      if (known !== undefined && groups.delete(group)) groups.set(group, own)
      const isFirst = own.left > each.burst / 2 && kept.left >= 1
      if (own.left < 1 || (!isFirst && shared.left < 1)) return false
      if (isFirst) kept = spend(kept, 1)
      else shared = spend(shared, 1)
      groups.delete(group)
      groups.set(group, spend(own, 1))
      const [longestAgo] = groups.keys()
      if (groups.size > remembered && longestAgo !== undefined) groups.delete(longestAgo)
      return true
    },
    get size() {
      return groups.size
    },
  }
}
