import { encodeAddress } from '../core/address.ts'
import type { KeyLog } from '../core/key-log.ts'
import { REFUSED_MAX } from '../core/limits/request-limits.ts'

/** What the waiting room remembers of those who come, by address. */

type Visit = { readonly log: KeyLog; readonly closes: ReadonlySet<Close> }
type Close = () => Promise<void>

/** Who is connected, with which log, and how each of its connections is closed. */
export const createPresent = () => {
  const present = new Map<string, Visit>()
  return {
    has: (address: string): boolean => present.has(address),
    logOf: (address: string): KeyLog | null => present.get(address)?.log ?? null,
    /** @returns what says that this connection is over */
    enter: (log: KeyLog, close: Close) => {
      const address = encodeAddress(log.id)
      present.set(address, { log, closes: new Set(present.get(address)?.closes).add(close) })
      return () => {
        const now = present.get(address)
        const closes = new Set(now?.closes)
        closes.delete(close)
        if (now === undefined || closes.size === 0) present.delete(address)
        else present.set(address, { ...now, closes })
      }
    },
    part: async (address: string): Promise<void> => {
      await Promise.all([...(present.get(address)?.closes ?? [])].map((close) => close()))
    },
  }
}

/** The latest addresses that were refused. */
export const createRefused = () => {
  const refused = new Set<string>()
  return {
    has: (address: string): boolean => refused.has(address),
    delete: (address: string): void => void refused.delete(address),
    add: (address: string): void => {
      refused.add(address)
      const [oldest] = refused
      if (refused.size > REFUSED_MAX && oldest !== undefined) refused.delete(oldest)
    },
  }
}
