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

const DAY = 86_400
const DAYS_OF_400_YEARS = 146_097
/** From 1 March of the year 0 to 1 January 1970. */
const DAYS_BEFORE_1970 = 719_468

/** Year, month and day, when a year begins in March, and 400 years are all alike (the proleptic Gregorian calendar). */
const dateOf = (days: number): readonly [year: number, month: number, day: number] => {
  const since = days + DAYS_BEFORE_1970
  const age = Math.floor(since / DAYS_OF_400_YEARS)
  const rest = since - age * DAYS_OF_400_YEARS
  const year = Math.floor(
    (rest - Math.floor(rest / 1460) + Math.floor(rest / 36_524) - Math.floor(rest / 146_096)) / 365,
  )
  const ofYear = rest - (365 * year + Math.floor(year / 4) - Math.floor(year / 100))
  const fromMarch = Math.floor((5 * ofYear + 2) / 153)
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
  return [400 * age + year + (month <= 2 ? 1 : 0), month, ofYear - Math.floor((153 * fromMarch + 2) / 5) + 1]
}

const digits = (value: number, length: number): string => String(value).padStart(length, '0')

/** A time as people read it, to the minute. A clock that is wrong can say every whole number of seconds before or after 1970, and is read. */
export const utcMinutes = (seconds: number): string => {
  const days = Math.floor(seconds / DAY)
  const [year, month, day] = dateOf(days)
  const minute = Math.floor((seconds - days * DAY) / 60)
  const time = `${digits(Math.floor(minute / 60), 2)}:${digits(minute % 60, 2)}`
  return `${digits(year, 4)}-${digits(month, 2)}-${digits(day, 2)} ${time} UTC`
}

/** Two times that are held against each other, for the hint of an error. */
export const bothTimes = (here: number, what: string, there: number): string =>
  `this computer: ${utcMinutes(here)}, ${what}: ${utcMinutes(there)}`
