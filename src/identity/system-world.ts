import { randomBytes } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import type { World } from '../core/world.ts'

/** This machine's clock, and the operating system's randomness. */
export const systemWorld: World = {
  clock: () => Date.now(),
  counting: () => performance.now(),
  random: (size) => Uint8Array.from(randomBytes(size)),
}
