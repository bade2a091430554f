import type { RandomBytes } from './bytes.ts'

/** Clock and randomness, as everything that needs them is given them. */
export type World = {
  /** milliseconds since 1970 */
  readonly clock: () => number
  readonly random: RandomBytes
}

/** The clock in whole seconds since 1970. */
export const seconds = ({ clock }: World): number => Math.floor(clock() / 1000)
