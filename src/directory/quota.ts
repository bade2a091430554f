import { QUOTA_SOURCES_MAX } from './limits.ts'

/** How much work others may cause: one token bucket for each source network and one for all of them. A unit is about 0.1 ms of a core. */
export type Quota = {
  /** Whether `source` may ask for more; what that costs is known, and charged, afterwards. */
  allows(source: string, now: number): boolean
  /** @param units for the network; @param shared for all together, when that differs */
  charge(source: string, now: number, units: number, shared?: number): void
  /** networks remembered */
  readonly size: number
}

/** What costs how much, in units. */
export const WORK = {
  request: 1,
  /** an entry or card that is verified */
  verify: 8,
  /** a byte of what is kept of an identity beside its entries, which every answer reads anew */
  readByte: 1 / 8192,
  /** an entry or card of an identity of which something is kept anew: all of them are compared and counted then */
  keptItem: 1 / 16,
} as const

/** Units a second, and at once after a pause. */
export type Rate = { readonly rate: number; readonly burst: number }

/** May be below 0: the last request may have cost more than was left. */
type Bucket = { level: number; at: number }

const fill = (bucket: Bucket, { rate, burst }: Rate, now: number): Bucket => {
  // A clock that is set back fills nothing, and is followed.
  bucket.level = Math.min(burst, bucket.level + rate * Math.max(0, now - bucket.at))
  bucket.at = now
  return bucket
}

/** Times are this clock's, in seconds. */
export const createQuota = (each: Rate, together: Rate): Quota => {
  const buckets = new Map<string, Bucket>()
  const all: Bucket = { level: together.burst, at: 0 }

  /** The bucket of a network, which is now the last one used. */
  const bucketOf = (source: string, now: number): Bucket => {
    const bucket = fill(buckets.get(source) ?? { level: each.burst, at: now }, each, now)
    buckets.delete(source)
    buckets.set(source, bucket)
    const [quietest] = buckets.keys()
    if (buckets.size > QUOTA_SOURCES_MAX && quietest !== undefined) buckets.delete(quietest)
    return bucket
  }

  return {
    allows: (source, now) => fill(all, together, now).level > 0 && bucketOf(source, now).level > 0,
    charge: (source, now, units, shared = units) => {
      bucketOf(source, now).level -= units
      fill(all, together, now).level -= shared
    },
    get size() {
      return buckets.size
    },
  }
}
