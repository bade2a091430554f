import { hex } from '../bytes.ts'
import type { SecretKey } from '../kdf.ts'
import { SKIPPED_KEY_AGE_MAX, SKIPPED_KEYS_MAX } from '../limits.ts'

/** Keys of messages that have not arrived yet, oldest first; never changed in place. */
export type SkippedKeys = ReadonlyMap<string, { readonly key: SecretKey; readonly time: number }>

export type SkippedKey = { readonly dh: Uint8Array; readonly n: number; readonly key: SecretKey }

export const NO_SKIPPED_KEYS: SkippedKeys = new Map()

const nameOf = (dh: Uint8Array, n: number): string => `${hex(dh)}/${n}`

/** The key kept for message `n` of the chain of `dh`, if any. */
export const findSkippedKey = (keys: SkippedKeys, dh: Uint8Array, n: number): SecretKey | undefined =>
  keys.get(nameOf(dh, n))?.key

export const withoutSkippedKey = (keys: SkippedKeys, dh: Uint8Array, n: number): SkippedKeys => {
  const kept = new Map(keys)
  kept.delete(nameOf(dh, n))
  return kept
}

/** Adds keys skipped at `now` (seconds) and forgets the oldest beyond 2,000. */
export const withSkippedKeys = (keys: SkippedKeys, added: readonly SkippedKey[], now: number): SkippedKeys => {
  if (added.length === 0) return keys
  const kept = new Map(keys)
  for (const { dh, n, key } of added) kept.set(nameOf(dh, n), { key, time: now })
  const excess = kept.size - SKIPPED_KEYS_MAX
  if (excess > 0) for (const name of [...kept.keys()].slice(0, excess)) kept.delete(name)
  return kept
}

/** Forgets keys that are older than a week at `now`. */
export const withoutOldKeys = (keys: SkippedKeys, now: number): SkippedKeys => {
  const old = [...keys].filter(([, { time }]) => time + SKIPPED_KEY_AGE_MAX < now)
  if (old.length === 0) return keys
  const kept = new Map(keys)
  for (const [name] of old) kept.delete(name)
  return kept
}
