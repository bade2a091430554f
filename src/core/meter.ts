import { hex } from './bytes.ts'
import { type Bucket, fullBucket, type Rate, refill, spend, waitFor } from './token-bucket.ts'

/** How often, and how many bytes. */
export type Rates = { readonly count: Rate; readonly bytes: Rate }

/**
 * Rates for each of those who are no contacts, and for all of them together: anyone can make identities. Who has used a rate up is let in
 * again when a quarter of it is there, not for each message: what is refused is sent again, and should be worth it.
 */
export type Meter = {
  /** Milliseconds until something of that many bytes may be taken from `who`; 0 for at once. @param now milliseconds since 1970 */
  wait(who: Uint8Array, bytes: number, now: number): number
  /** It was taken. */
  take(who: Uint8Array, bytes: number, now: number): void
  /** Takes one thing that has no bytes to speak of, if that may be at once. @returns whether it was taken */
  admit(who: Uint8Array, now: number): boolean
}

type Gauge = { count: Bucket; bytes: Bucket; isClosed: boolean }

const fresh = ({ count, bytes }: Rates, now: number): Gauge => ({
  ...{ count: fullBucket(count, now), bytes: fullBucket(bytes, now) },
  isClosed: false,
})

const fill = (rates: Rates, gauge: Gauge, now: number): void => {
  gauge.count = refill(rates.count, gauge.count, now)
  gauge.bytes = refill(rates.bytes, gauge.bytes, now)
}

const waitOf = (rates: Rates, gauge: Gauge, size: number, now: number): number => {
  fill(rates, gauge, now)
  const longest = (count: number, bytes: number): number =>
    Math.max(waitFor(rates.count, gauge.count, count), waitFor(rates.bytes, gauge.bytes, bytes))
  const toOpen = longest(rates.count.burst / 4, Math.max(size, rates.bytes.burst / 4))
  if (gauge.isClosed ? toOpen === 0 : longest(1, size) === 0) {
    gauge.isClosed = false
    return 0
  }
  gauge.isClosed = true
  return toOpen
}

const isFull = (rates: Rates, gauge: Gauge): boolean =>
  gauge.count.left >= rates.count.burst && gauge.bytes.left >= rates.bytes.burst

/** Of how many the rates are looked through for those that are full again, and need not be remembered. */
const REMEMBERED = 1024

export const createMeter = ({ each, all }: { readonly each: Rates; readonly all: Rates }): Meter => {
  /** those who used something of theirs, which was used of what all have: so there are not many */
  const gauges = new Map<string, Gauge>()
  let together: Gauge | null = null
  let tidyAt = REMEMBERED

  const forgetFull = (now: number): void => {
    for (const [key, gauge] of gauges) {
      fill(each, gauge, now)
      if (isFull(each, gauge)) gauges.delete(key)
    }
    tidyAt = Math.max(REMEMBERED, 2 * gauges.size)
  }
  const ofAll = (now: number): Gauge => {
    together ??= fresh(all, now)
    return together
  }

  const meter: Meter = {
    wait: (who, bytes, now) => {
      const gauge = gauges.get(hex(who)) ?? fresh(each, now)
      return Math.max(waitOf(each, gauge, bytes, now), waitOf(all, ofAll(now), bytes, now))
    },
    take: (who, bytes, now) => {
      const key = hex(who)
      const gauge = gauges.get(key) ?? fresh(each, now)
      gauges.set(key, gauge)
      for (const [rates, one] of [
        [each, gauge],
        [all, ofAll(now)],
      ] as const) {
        fill(rates, one, now)
        one.count = spend(one.count, 1)
        one.bytes = spend(one.bytes, bytes)
      }
      if (gauges.size >= tidyAt) forgetFull(now)
    },
    admit: (who, now) => {
      if (meter.wait(who, 0, now) > 0) return false
      meter.take(who, 0, now)
      return true
    },
  }
  return meter
}
