import type { RandomBytes } from './bytes.ts'
import { type SteadyClock, type Times, timesOf } from './steady-clock.ts'

/** Clock and randomness, as everything that needs them is given them. */
export type World = {
  /** milliseconds since 1970 */
  readonly clock: () => number
  readonly random: RandomBytes
  /** Milliseconds since whenever, which nobody sets. Default: the clock. */
  readonly counting?: (() => number) | undefined
  /** By what time things are old, and what time is written beside them. Default: the clock's at once. */
  readonly steady?: SteadyClock | undefined
}

/** The clock in whole seconds since 1970. */
export const seconds = ({ clock }: Pick<World, 'clock'>): number => Math.floor(clock() / 1000)

/** By what time something is old, and the time of what is kept from now on, seconds since 1970. */
export const timesIn = (world: Pick<World, 'clock' | 'steady'>): Times => timesOf(world.steady, seconds(world))

/** The time by which something is old, milliseconds since 1970. */
export const pastOf = ({ clock, steady }: Pick<World, 'clock' | 'steady'>): number => steady?.past() ?? clock()

/** The time of what is kept from now on, milliseconds since 1970. */
export const presentOf = ({ clock, steady }: Pick<World, 'clock' | 'steady'>): number => steady?.present() ?? clock()

/** What a step of a session takes from the world. */
export const surroundingsIn = (world: World): Times & { readonly now: number; readonly random: RandomBytes } => ({
  ...timesIn(world),
  now: seconds(world),
  random: world.random,
})
