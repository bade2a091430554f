import { randomBytes } from 'node:crypto'
import type { World } from '../core/world.ts'

/** This machine's clock, and the operating system's randomness. */
export const systemWorld: World = {
  clock: () => Date.now(),
  random: (size) => Uint8Array.from(randomBytes(size)),
}
