import { InvalidArgumentError } from 'commander'

/** Reads a day, or a time, in UTC: milliseconds since 1970. @throws InvalidArgumentError, which the parser words */
export const readDate = (text: string): number => {
  const time = /^\d{4}-\d\d-\d\d$/.test(text)
    ? Date.parse(`${text}T00:00Z`)
    : /^\d{4}-\d\d-\d\dT\d\d:\d\dZ?$/.test(text)
      ? Date.parse(`${text.replace(/Z$/, '')}Z`)
      : Number.NaN
  if (!(time >= 0))
    throw new InvalidArgumentError('It is a day such as 2026-01-31, or a time such as 2026-01-31T18:00Z.')
  return time
}
