import { type Bucket, fullBucket, type Rate, refill, spend } from '../core/token-bucket.ts'

/** A rate for each source and one for all: anybody can write another's address on a datagram. */
export type SourceRates = {
  /** Takes one of both rates if both have one. @param now milliseconds @returns whether they had */
  admit(source: string, now: number): boolean
}

/** @param sources that are remembered at most; of more, the one longest quiet begins anew */
export const createSourceRates = (each: Rate, all: Rate, sources: number): SourceRates => {
  const buckets = new Map<string, Bucket>()
  let together: Bucket | null = null

  return {
    admit: (source, now) => {
      const own = refill(each, buckets.get(source) ?? fullBucket(each, now), now)
      together = refill(all, together ?? fullBucket(all, now), now)
      const isAdmitted = own.left >= 1 && together.left >= 1
      // Those who were heard last stand at the end.
      buckets.delete(source)
      buckets.set(source, isAdmitted ? spend(own, 1) : own)
      if (isAdmitted) together = spend(together, 1)
      const [oldest] = buckets.keys()
      if (buckets.size > sources && oldest !== undefined) buckets.delete(oldest)
      return isAdmitted
    },
  }
}
