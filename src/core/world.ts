import type { RandomBytes } from './bytes.ts'

/** Clock and randomness, as everything that needs them is given them. */
export type World = {
  /** milliseconds since 1970 */
  readonly clock: () => number
  readonly random: RandomBytes
  /** Milliseconds since whenever, which nobody sets. Default: the clock. */
  readonly counting?: (() => number) | undefined
}

/** The clock in whole seconds since 1970. */
export const seconds = ({ clock }: World): number => Math.floor(clock() / 1000)
