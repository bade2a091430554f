import {
  RELAY_BURST,
  RELAY_NETWORK_BURST,
  RELAY_NETWORK_RATE,
  RELAY_NETWORKS_MAX,
  RELAY_RATE,
} from '../core/limits/relay-limits.ts'
import { type Bucket, fullBucket, refill, spend } from '../core/token-bucket.ts'

/** How many bytes a relay forwards for each source network, and for all of them together. */
export type RelayMeter = {
  /** Whether something may be begun for a network: not while it has nothing left. */
  allows(network: string): boolean
  /** So many bytes were forwarded. @returns whether it may go on */
  charge(network: string, bytes: number): boolean
}

const EACH = { burst: RELAY_NETWORK_BURST, perSecond: RELAY_NETWORK_RATE }
const ALL = { burst: RELAY_BURST, perSecond: RELAY_RATE }

/** @param now milliseconds of a clock that is never set */
export const createRelayMeter = (now: () => number): RelayMeter => {
  const buckets = new Map<string, Bucket>()
  let together = fullBucket(ALL, now())

  /** Who has all that it may have need not be remembered; of the others the one that was looked at longest ago is forgotten. */
  const keep = (network: string, bucket: Bucket): void => {
    buckets.delete(network)
    if (bucket.left >= EACH.burst) return
    const [oldest] = buckets.keys()
    if (buckets.size >= RELAY_NETWORKS_MAX && oldest !== undefined) buckets.delete(oldest)
    buckets.set(network, bucket)
  }
  const bucketOf = (network: string): Bucket => refill(EACH, buckets.get(network) ?? fullBucket(EACH, now()), now())

  const meter: RelayMeter = {
    allows: (network) => {
      together = refill(ALL, together, now())
      return together.left > 0 && bucketOf(network).left > 0
    },
    charge: (network, bytes) => {
      if (bytes > 0) {
        together = spend(refill(ALL, together, now()), bytes)
        keep(network, spend(bucketOf(network), bytes))
      }
      return meter.allows(network)
    },
  }
  return meter
}
