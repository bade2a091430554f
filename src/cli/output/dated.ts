import { type OddTime, oddityOf } from '../../core/clock.ts'
import type { KeyLog } from '../../core/key-log.ts'
import { minutes } from './format.ts'

/** The time that the last entry of a log says, and what is odd about it by this clock. */
export const datedOf = (
  { last }: KeyLog,
  now = Math.floor(Date.now() / 1000),
): { readonly time: number; readonly odd: OddTime | null } => {
  const { time } = last.entry
  return { time, odd: oddityOf(time, now) }
}

const ODD: Readonly<Record<OddTime, string>> = {
  ahead: 'ahead of this computer: its clock is wrong, or that of the owner was',
  early: 'long ago: the clock of the owner was wrong',
}

/** What is odd about a time that stands beside it; nothing when nothing is. */
export const describeOddity = (odd: OddTime | null): readonly string[] => (odd === null ? [] : [ODD[odd]])

/** Nothing about a time that is not odd. */
export const describeOdd = ({
  time,
  odd,
}: {
  readonly time: number
  readonly odd: OddTime | null
}): readonly string[] => (odd === null ? [] : [`${minutes(time)}, ${ODD[odd]}`])
