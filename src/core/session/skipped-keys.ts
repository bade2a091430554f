import { hex } from '../bytes.ts'
import type { SecretKey } from '../kdf.ts'
import { SKIPPED_KEY_AGE_MAX, SKIPPED_KEYS_MAX } from '../limits/protocol-limits.ts'

/** The key of message `n` in the chain of the ratchet key `dh` (33 bytes). */
export type SkippedKey = { readonly dh: Uint8Array; readonly n: number; readonly key: SecretKey }

/** A skipped key with the time it was kept, seconds. */
export type KeptKey = SkippedKey & { readonly time: number }

/** Keys of messages that have not arrived yet, oldest first; never changed in place. */
export type SkippedKeys = ReadonlyMap<string, KeptKey>

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
  for (const one of added) kept.set(nameOf(one.dh, one.n), { ...one, time: now })
  const excess = kept.size - SKIPPED_KEYS_MAX
  if (excess > 0) for (const name of [...kept.keys()].slice(0, excess)) kept.delete(name)
  return kept
}

/** The keys of a stored session, in their order; null when two are of one message. */
export const restoreSkippedKeys = (keys: readonly KeptKey[]): SkippedKeys | null => {
  const kept = new Map(keys.map((one) => [nameOf(one.dh, one.n), one]))
  return kept.size === keys.length ? kept : null
}

/** Forgets keys that are older than a week at `now`. */
export const withoutOldKeys = (keys: SkippedKeys, now: number): SkippedKeys => {
  const old = [...keys].filter(([, { time }]) => time + SKIPPED_KEY_AGE_MAX < now)
  if (old.length === 0) return keys
  const kept = new Map(keys)
  for (const [name] of old) kept.delete(name)
  return kept
}
