import { InvalidArgumentError } from 'commander'

/** An option that is a number of seconds. */
export const readSeconds = (text: string): number => {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('It is a number of seconds.')
  return Number(text)
}
