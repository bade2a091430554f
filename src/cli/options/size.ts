import { InvalidArgumentError } from 'commander'

const UNITS = ['', 'K', 'M', 'G', 'T']

/** Reads an amount of bytes: 500, 20M, 1.5GiB; or `default`. @throws InvalidArgumentError, which the parser words */
export const readSize = (text: string): number | 'default' => {
  if (text === 'default') return text
  const [, amount, unit = ''] = /^(\d{1,9}(?:\.\d{1,3})?) ?([KMGT]?)(?:i?B)?$/i.exec(text) ?? []
  if (amount === undefined) throw new InvalidArgumentError('It is a size such as 500M or 2GiB, or default.')
  return Math.round(Number(amount) * 1024 ** UNITS.indexOf(unit.toUpperCase()))
}
