import {
  QUOTA_ALL_BURST,
  QUOTA_ALL_RATE,
  QUOTA_SOURCE_BURST,
  QUOTA_SOURCE_RATE,
  QUOTA_SOURCES_MAX,
  QUOTA_UNPROVEN_ALL_BURST,
  QUOTA_UNPROVEN_ALL_RATE,
  QUOTA_UNPROVEN_SOURCE_BURST,
  QUOTA_UNPROVEN_SOURCE_RATE,
} from '../limits.ts'

/**
 * How much work others may cause: one token bucket for each source network and one for all of them, whose halves are for different
 * things. What a network asks first, a hundredth of what it may, comes out of the one half; whatever is more out of the other. So a few
 * networks that ask without end leave what it takes to publish to everybody else. A unit is about 0.1 ms of a core.
 */
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
  /** a byte of what is stored of an identity beside its entries, which every answer reads anew */
  readByte: 1 / 8192,
  /** an entry or card of an identity of which something new is stored: all of them are compared and counted then */
  storedItem: 1 / 16,
  /** a network that is looked at to find who is evicted: there may be 20,000 */
  network: 1 / 1000,
} as const

/** Units a second, and at once after a pause. */
export type Rate = { readonly rate: number; readonly burst: number }

/** May be below 0: the last request may have cost more than was left. */
type Bucket = { level: number; at: number }

/** What a network asks first: with 500 units a second, 5 a second and 50 at once, a publication or two. */
const FIRST_PART = 1 / 100

const part = ({ rate, burst }: Rate, of: number): Rate => ({ rate: rate * of, burst: burst * of })

const fill = (bucket: Bucket, { rate, burst }: Rate, now: number): Bucket => {
  // A clock that is set back fills nothing, and is followed.
  bucket.level = Math.min(burst, bucket.level + rate * Math.max(0, now - bucket.at))
  bucket.at = now
  return bucket
}

/** Times are this clock's, in seconds. */
export const createQuota = (each: Rate, together: Rate): Quota => {
  const [firstOfEach, half] = [part(each, FIRST_PART), part(together, 1 / 2)]
  const networks = new Map<string, { readonly all: Bucket; readonly first: Bucket }>()
  const shares = { first: { level: half.burst, at: 0 }, more: { level: half.burst, at: 0 } }

  /** The buckets of a network, which is now the last one that asked. */
  const bucketsOf = (source: string, now: number) => {
    const known = networks.get(source) ?? {
      all: { level: each.burst, at: now },
      first: { level: firstOfEach.burst, at: now },
    }
    networks.delete(source)
    networks.set(source, known)
    const [quietest] = networks.keys()
    if (networks.size > QUOTA_SOURCES_MAX && quietest !== undefined) networks.delete(quietest)
    return { all: fill(known.all, each, now), first: fill(known.first, firstOfEach, now) }
  }

  /** The share of all together that pays for what a network asks next. */
  const shareFor = (first: Bucket, now: number): Bucket => {
    const [reserved, more] = [fill(shares.first, half, now), fill(shares.more, half, now)]
    return first.level > 0 && reserved.level > 0 ? reserved : more
  }

  return {
    allows: (source, now) => {
      if (Math.max(fill(shares.first, half, now).level, fill(shares.more, half, now).level) <= 0) return false
      const { all, first } = bucketsOf(source, now)
      return all.level > 0 && shareFor(first, now).level > 0
    },
    charge: (source, now, units, shared = units) => {
      const { all, first } = bucketsOf(source, now)
      shareFor(first, now).level -= shared
      all.level -= units
      first.level = Math.max(-firstOfEach.burst, first.level - units)
    },
    get size() {
      return networks.size
    },
  }
}

/** What every node allows: to who shows that he receives at his address, and to who does not. */
export const createQuotas = (): Record<'proven' | 'unproven', Quota> => ({
  proven: createQuota(
    { rate: QUOTA_SOURCE_RATE, burst: QUOTA_SOURCE_BURST },
    { rate: QUOTA_ALL_RATE, burst: QUOTA_ALL_BURST },
  ),
  unproven: createQuota(
    { rate: QUOTA_UNPROVEN_SOURCE_RATE, burst: QUOTA_UNPROVEN_SOURCE_BURST },
    { rate: QUOTA_UNPROVEN_ALL_RATE, burst: QUOTA_UNPROVEN_ALL_BURST },
  ),
})
