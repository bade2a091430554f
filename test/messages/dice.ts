import assert from 'node:assert/strict'

/** A random generator of one schedule: small, and the same everywhere. */
export const createDice = (seed: number) => {
  let state = (seed * 2_654_435_761 + 1) >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    next,
    upTo: (most: number): number => Math.floor(next() * most),
    one: <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)] ?? assert.fail('nothing to choose from'),
    bytes: (size: number): Uint8Array => Uint8Array.from({ length: size }, () => Math.floor(next() * 256)),
  }
}
export type Dice = ReturnType<typeof createDice>
