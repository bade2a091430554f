import { utcMinutes } from '../../core/clock.ts'

/** Addresses, amounts, times and reasons as people read them. */

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']

/** Long enough that no one finds another address with the same look (65 bits), short enough to stand before a message. */
export const shortAddress = (address: string): string => `${address.slice(0, 12)}…${address.slice(-4)}`

export const fileSize = (bytes: number): string => {
  const power = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10))
  const amount = bytes / 1024 ** power
  return `${power === 0 ? amount : amount.toFixed(1)} ${UNITS[power]}`
}

export const count = (amount: number, singular: string, plural: string): string =>
  `${amount} ${amount === 1 ? singular : plural}`

/** How often the owner of an identity replaced all its keys, by the recovery phrase. */
export const replaced = (times: number): string =>
  times === 0 ? 'never replaced' : `replaced ${count(times, 'time', 'times')}`

export const minutes = utcMinutes

/** In the largest unit of which there is a whole one. */
export const duration = (seconds: number): string => {
  if (seconds < 60) return 'less than a minute'
  if (seconds < 3600) return count(Math.floor(seconds / 60), 'minute', 'minutes')
  if (seconds < 24 * 3600) return count(Math.floor(seconds / 3600), 'hour', 'hours')
  return count(Math.floor(seconds / (24 * 3600)), 'day', 'days')
}

/** Of what went to keys that their owner took back since. */
export const EXPOSED = 'may have been read by who had stolen keys'
export const DOUBTED = 'may have been made by who had stolen keys'

export const reason = (code: string | null, message: string): string =>
  code === null ? message : `${message} [${code}]`
