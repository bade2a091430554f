/** Amounts as people read them. */

export const count = (amount: number, singular: string, plural: string): string =>
  `${amount} ${amount === 1 ? singular : plural}`

/** In the largest unit of which there is a whole one. */
export const duration = (seconds: number): string => {
  if (seconds < 60) return 'less than a minute'
  if (seconds < 3600) return count(Math.floor(seconds / 60), 'minute', 'minutes')
  if (seconds < 24 * 3600) return count(Math.floor(seconds / 3600), 'hour', 'hours')
  return count(Math.floor(seconds / (24 * 3600)), 'day', 'days')
}
