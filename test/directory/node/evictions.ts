import assert from 'node:assert/strict'
import { hex, utf8 } from '../../../src/core/bytes.ts'
import { sha256 } from '../../../src/core/kdf.ts'
import { createEviction, type Eviction } from '../../../src/directory/node/eviction.ts'
import type { Claim } from '../../../src/directory/node/resident.ts'
import { replicaTargets } from '../../../src/directory/replicas.ts'
import { makeBytes, NOW } from '../../core/identities.ts'

/** Evictions to try: who claims a place, and who had to go. */

export const SELF = makeBytes('this node', 32)
export const OWN = 'own'
export const keyOf = (name: string): string => hex(sha256(utf8(name)))

export const claimOf = (name: string, source: string, items = 1): Claim => ({ key: keyOf(name), source, items })

export const makeEviction = (capacity: number, self: () => Uint8Array | null = () => SELF): Eviction =>
  createEviction({ capacity, self, own: OWN })

/** Takes a claimant in; returns the keys of those who had to go, null when it was refused itself. */
export const enter = (eviction: Eviction, claim: Claim, now = NOW): readonly string[] | null => {
  try {
    const gone = eviction.plan(claim, now)
    for (const { key } of gone) eviction.remove(key)
    eviction.settle(claim, now)
    return gone.map(({ key }) => key)
  } catch (error) {
    assert.deepEqual(error instanceof Error && 'code' in error && error.code, 'ERR_PUT_FULL')
    return null
  }
}

/** Each is asked for often, while others are sorted. */
const distances = new Map<string, string>()
export const distance = (key: string, self = SELF): string => {
  const name = `${key} ${hex(self)}`
  const known = distances.get(name)
  if (known !== undefined) return known
  const [found = ''] = replicaTargets(Uint8Array.from(Buffer.from(key, 'hex')))
    .map((target) => hex(target.map((byte, index) => byte ^ (self[index] ?? 0))))
    .sort()
  distances.set(name, found)
  return found
}

export const farthestOf = (keys: readonly string[], self = SELF): string =>
  keys.toSorted((a, b) => (distance(a, self) < distance(b, self) ? 1 : -1)).at(0) ?? ''

export const names = (prefix: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${prefix} ${index}`)
