import {
  DHT_ANNOUNCEMENT_AGE_MS,
  DHT_ANNOUNCEMENTS_BYTES_MAX,
  DHT_ANNOUNCEMENTS_MAX,
  DHT_VALUE_AGE_MS,
  DHT_VALUES_BYTES_MAX,
  DHT_VALUES_MAX,
} from '../directory/limits.ts'
import { createFairCache, type FairCache, type FairCacheOptions } from './fair-cache.ts'
import type { Internals, SoftRecords } from './hyperdht-internals.ts'

/**
 * What a node keeps for HyperDHT's own commands, in place of HyperDHT's caches, which whoever comes last fills alone: values that were
 * put, and who announced himself. All of it is in memory, and put again by its owners.
 */

/** Where what is put now comes from, and what time it is. */
export type SoftStateParts = Pick<FairCacheOptions<unknown>, 'source' | 'now'> & {
  /** among how many ports of one machine the room is divided; default: 1 */
  readonly ports?: number
}

/** Values, with their bytes, and announcements. */
export type SoftCounts = { readonly values: number; readonly bytes: number; readonly announcements: number }

const HASH_DIGITS = 64
/** A name, a count, a time and what holds them together. */
const SMALL_BYTES = 64

const VALUES = { entries: DHT_VALUES_MAX, bytes: DHT_VALUES_BYTES_MAX, age: DHT_VALUE_AGE_MS }
const ANNOUNCEMENTS = {
  entries: DHT_ANNOUNCEMENTS_MAX,
  bytes: DHT_ANNOUNCEMENTS_BYTES_MAX,
  age: DHT_ANNOUNCEMENT_AGE_MS,
}

/** What one of so many ports may keep. */
const shareOf = <T extends { readonly entries: number; readonly bytes: number }>(room: T, ports = 1): T => ({
  ...room,
  entries: Math.floor(room.entries / ports),
  bytes: Math.floor(room.bytes / ports),
})

const lengthOf = ({ length }: Uint8Array): number => length

/** Some of `all`, by chance, and each of them once. */
const some = (all: Iterable<string>, count: number): readonly string[] => {
  const keys = [...all]
  for (let index = 0; index < Math.min(count, keys.length); index++) {
    const other = index + Math.floor(Math.random() * (keys.length - index))
    ;[keys[index], keys[other]] = [keys[other] ?? '', keys[index] ?? '']
  }
  return keys.slice(0, count)
}

/** Who announced himself under which name: a cache of all announcements, and which of them belong to a name. */
export const createFairRecords = (parts: SoftStateParts): SoftRecords & { readonly size: number } => {
  const byName = new Map<string, Set<string>>()
  const onGone = (key: string): void => {
    const name = key.slice(0, HASH_DIGITS)
    const keys = byName.get(name)
    keys?.delete(key)
    if (keys?.size === 0) byName.delete(name)
  }
  const cache: FairCache<Uint8Array> = createFairCache({
    ...{ ...shareOf(ANNOUNCEMENTS, parts.ports), ...parts },
    ...{ sizeOf: lengthOf, onGone },
  })
  const keyOf = (name: string, key: Uint8Array): string => name + Buffer.from(key).toString('hex')
  return {
    add: (name, publicKey, record) => {
      const key = keyOf(name, publicKey)
      const keys = byName.get(name) ?? new Set()
      byName.set(name, keys.add(key))
      cache.set(key, record)
    },
    remove: (name, publicKey) => void cache.delete(keyOf(name, publicKey)),
    get: (name, count) => some(byName.get(name) ?? [], count).flatMap((key) => cache.get(key) ?? []),
    destroy: () => {
      byName.clear()
      cache.destroy()
    },
    get size() {
      return cache.size
    },
  }
}

/** Takes the place of HyperDHT's caches; to be called again when the node has become persistent, which makes most of them. */
export const createSoftState = (internals: Internals, parts: SoftStateParts) => {
  const small = { ...shareOf(ANNOUNCEMENTS, parts.ports), ...parts, sizeOf: () => SMALL_BYTES }
  const values = { ...shareOf(VALUES, parts.ports), ...parts, sizeOf: lengthOf }
  const [mutables, immutables] = [createFairCache<Uint8Array>(values), createFairCache<Uint8Array>(values)]
  const [refreshes, bumps] = [createFairCache<object>(small), createFairCache<number>(small)]
  const records = createFairRecords(parts)
  const forwards = createFairCache<object>(small)

  internals._router.forwards.destroy()
  internals._router.forwards = forwards
  return {
    /** Takes the place of the caches that a node has once it is persistent. */
    replace: (): void => {
      const persistent = internals._persistent
      if (persistent === null) return
      const ours = { records, refreshes, bumps, mutables, immutables }
      for (const cache of [persistent.records, persistent.refreshes, persistent.bumps]) cache.destroy()
      for (const cache of [persistent.mutables, persistent.immutables]) cache.destroy()
      Object.assign(persistent, ours)
    },
    get counts(): SoftCounts {
      return {
        values: mutables.size + immutables.size,
        bytes: mutables.bytes + immutables.bytes,
        announcements: records.size + forwards.size,
      }
    },
  }
}
