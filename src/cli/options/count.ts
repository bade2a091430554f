import { InvalidArgumentError } from 'commander'

/** Reads a number of things, or the number of one. @throws InvalidArgumentError, which the parser words */
export const readCount = (text: string): number => {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It is a whole number.')
  return Number(text)
}
