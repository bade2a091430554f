import type { Dice } from './dice.ts'

/** What schedules of stores that go back are made of, and what becomes of them. */

export type Kind = {
  /** they have exchanged a message each before anything goes back */
  readonly met?: boolean
  /** somebody with Bob's device keys and nothing else calls at the end */
  readonly thief?: boolean
  /** how many messages a day each takes from the other */
  readonly most?: number
}

/** What the copies of a schedule share: chance, the time in milliseconds, and how many messages a day each lets the other send. */
export type Setting = {
  readonly dice: Dice
  readonly time: { now: number }
  readonly most?: number | null
  /** how many were not let in */
  readonly held: { count: number }
}

/** What became of one schedule. */
export type Outcome = {
  /** what is wrong, in words; empty when nothing is */
  readonly broken: readonly string[]
  /** how many messages are `gone` at the end */
  readonly gone: number
  /** how often a message had to wait for another day */
  readonly held: number
}
