import { createShares, type Load, type Share } from './fair-shares.ts'

/**
 * A cache that nobody can fill with his own: what is kept is counted by the network it came from, and when there is too much the network
 * that has most gives up what it put longest ago. Nothing is on disk.
 */
export type FairCache<V> = {
  get(key: string): V | null
  set(key: string, value: V): void
  delete(key: string): boolean
  /** Keeps a value for good: it counts for nobody, and nobody puts another in its place. */
  retain(key: string, value: V): void
  destroy(): void
  /** values and bytes, without those that are kept for good */
  readonly size: number
  readonly bytes: number
}

export type FairCacheOptions<V> = {
  /** values at most, and bytes of all of them */
  readonly entries: number
  readonly bytes: number
  /** milliseconds after which a value is gone, from when it was put last */
  readonly age: number
  readonly sizeOf: (value: V) => number
  /** the network that what is put now comes from */
  readonly source: () => string
  /** milliseconds of a clock that nobody sets */
  readonly now: () => number
  /** told of what is gone, for whatever reason */
  readonly onGone?: (key: string) => void
}

type Entry<V> = Share & { value: V; at: number }

export const createFairCache = <V>(options: FairCacheOptions<V>): FairCache<V> => {
  const { age, sizeOf, source, now, onGone = () => {} } = options
  const own = new Map<string, V>()
  /** the one put longest ago first */
  const entries = new Map<string, Entry<V>>()
  const shares = createShares()
  let bytes = 0

  const leave = (entry: Share): void => {
    entries.delete(entry.key)
    shares.leave(entry)
    bytes -= entry.bytes
  }

  const enter = (entry: Entry<V>): void => {
    entries.set(entry.key, entry)
    shares.enter(entry)
    bytes += entry.bytes
  }

  const drop = (entry: Share): void => {
    leave(entry)
    onGone(entry.key)
  }

  const isOld = ({ at }: Entry<V>): boolean => now() - at > age

  const shortage = (): Load | null =>
    entries.size > options.entries ? 'entries' : bytes > options.bytes ? 'bytes' : null

  /** Makes room: what is too old goes first. */
  const shorten = ({ group }: Share): void => {
    for (const entry of entries.values()) {
      if (!isOld(entry)) break
      drop(entry)
    }
    for (let short = shortage(); short !== null; short = shortage()) {
      const next = shares.next(short, group)
      if (next === undefined) return
      drop(next)
    }
  }

  const remove = (key: string): boolean => {
    const entry = entries.get(key)
    if (entry !== undefined) drop(entry)
    return own.delete(key) || entry !== undefined
  }

  return {
    get: (key) => {
      const entry = entries.get(key)
      if (entry === undefined) return own.get(key) ?? null
      if (!isOld(entry)) return entry.value
      drop(entry)
      return null
    },
    set: (key, value) => {
      if (own.has(key)) return
      const known = entries.get(key)
      if (known !== undefined) leave(known)
      const { group, others } = known ?? { group: shares.groupOf(source()), others: [] }
      const entry = { key, value, bytes: sizeOf(value), at: now(), group, others }
      enter(entry)
      shares.remember(entry, source())
      shorten(entry)
    },
    delete: remove,
    retain: (key, value) => {
      remove(key)
      own.set(key, value)
    },
    destroy: () => {
      own.clear()
      entries.clear()
      shares.clear()
      bytes = 0
    },
    get size() {
      return entries.size
    },
    get bytes() {
      return bytes
    },
  }
}
