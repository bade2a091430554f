import { CLOCK_TOLERANCE } from './limits/protocol-limits.ts'

/** Times that somebody's clock said: how they are compared, and how a person reads them. */

/** Whether a signed time, seconds, is further ahead of this clock than clocks may differ. */
export const isAhead = (time: number, now: number): boolean => time > now + CLOCK_TOLERANCE

/** 2025 began: no log is older, and a clock that says less has forgotten the time, as one without a battery does. */
const BEGINNING = 1_735_689_600

/** What is odd about a time that somebody's clock said, by this clock: nobody is refused for it. */
export type OddTime = 'ahead' | 'early'

export const oddityOf = (time: number, now: number): OddTime | null =>
  isAhead(time, now) ? 'ahead' : time < BEGINNING ? 'early' : null

/**
 * The serial after `last`, both milliseconds: this clock's time, and always a later one than before. One that was drawn while the clock was
 * so far ahead that everybody refuses it is not gone on from: that would be refused as well, until real time had caught up.
 */
export const nextSerial = (last: number, now: number): number =>
  isAhead(last / 1000, now / 1000) ? now : Math.max(last + 1, now)

/** Milliseconds of a day. */
export const DAY_MS = 86_400_000

/** The day of a time in milliseconds since 1970, in UTC, as days since then: what there is so much of a day begins anew with it. */
export const dayOf = (now: number): number => Math.floor(now / DAY_MS)

/** The furthest times that `Date` knows, seconds, 273,790 years from 1970. */
const DATE_MAX = 8.64e12

/**
 * A time as people read it, to the minute. A clock that is wrong can say every whole number of seconds: what no date has is shown as the
 * last date there is.
 */
export const utcMinutes = (seconds: number): string => {
  const shown = new Date(Math.max(-DATE_MAX, Math.min(DATE_MAX, seconds)) * 1000)
  return `${shown
    .toISOString()
    .replace(/^\+/, '')
    .replace('T', ' ')
    .replace(/:\d\d\.\d{3}Z$/, '')} UTC`
}

/** Two times that are held against each other, for the hint of an error. */
export const bothTimes = (here: number, what: string, there: number): string =>
  `this computer: ${utcMinutes(here)}, ${what}: ${utcMinutes(there)}`
