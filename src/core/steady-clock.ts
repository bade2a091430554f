import { CLOCK_STAYS_MS } from './limits/own-check-limits.ts'
import { CLOCK_TOLERANCE } from './limits/protocol-limits.ts'

/**
 * The clock of those who delete. A clock on the wall can be days ahead for a minute, and what is deleted by it is gone. So a time counts only
 * once it has stayed: when the clock still agrees with it an hour later, or when others say the same. Until then what was sure before
 * counts, and at first nothing is old. Times are milliseconds since 1970.
 */
export type SteadyClock = {
  /** The time by which something may be too old to be kept, or to be tried again: never later than the clock. 0 while none is sure. */
  past(): number
  /** The time that is written beside what is kept from now on: not before what was sure already. */
  present(): number
  /** What others said of this clock just now: whether it is right. One that they contradict makes nothing old. */
  hear(isRight: boolean): void
}

/** The two, in seconds since 1970. */
export type Times = { readonly past: number; readonly present: number }

/** Where the latest time that was seen is kept for the next program on the same data, which runs for less than an hour. */
export type KeptTime = { read(): number | null; write(time: number): void }

export type SteadyClockParts = {
  readonly clock: () => number
  /** milliseconds since whenever, which nobody sets; default: the clock */
  readonly counting?: (() => number) | undefined
  readonly kept?: KeptTime | undefined
}

/** A time that waits until it is sure; `count` is null when another program saw it. */
type Held = { readonly wall: number; readonly count: number | null }

export const createSteadyClock = ({ clock, counting = clock, kept }: SteadyClockParts): SteadyClock => {
  const before = kept?.read() ?? null
  let held: Held | null = before === null ? null : { wall: before, count: null }
  let sure = 0
  let contradicted = false

  const hold = (wall: number): void => {
    held = { wall, count: counting() }
    kept?.write(wall)
  }

  const hasStayed = ({ wall, count }: Held, now: number): boolean =>
    now - wall >= CLOCK_STAYS_MS && (count === null || counting() - count >= CLOCK_STAYS_MS)

  /** The clock as it is, after what it was has been weighed. */
  const look = (): number => {
    const now = clock()
    if (held === null || now < held.wall - CLOCK_TOLERANCE * 1000) hold(now)
    else if (hasStayed(held, now)) {
      sure = held.wall
      hold(now)
    }
    return now
  }

  look()
  return {
    past: () => {
      const now = look()
      return contradicted ? 0 : Math.max(0, Math.min(sure, now))
    },
    present: () => Math.max(look(), sure),
    hear: (isRight) => {
      contradicted = !isRight
      if (contradicted) return
      sure = look()
      hold(sure)
    },
  }
}

const seconds = (milliseconds: number): number => Math.floor(milliseconds / 1000)

/** @param now what the clock says, seconds: where nobody has a steady one, that counts at once */
export const timesOf = (steady: Pick<SteadyClock, 'past' | 'present'> | undefined, now: number): Times =>
  steady === undefined
    ? { past: now, present: now }
    : { past: seconds(steady.past()), present: seconds(steady.present()) }
