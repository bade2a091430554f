import { EncodingError } from './errors.ts'
import type { Reader } from './fields.ts'

/**
 * Names that programs give: of an application, which keeps what two programs of one identity say apart, and of a protocol that a byte
 * stream speaks. 1 to 64 of `a`–`z`, `0`–`9`, `.`, `_`, `-` and `/`, of which the first is a letter or a digit: `chess/1`.
 */
const NAME = /^[a-z0-9][a-z0-9._/-]{0,63}$/

/** The application of who names none: the command line's. */
export const DEFAULT_APPLICATION = 'handfast'

export const isProgramName = (name: string): boolean => NAME.test(name)

export const programName: Reader<string> = (value, name) => {
  if (typeof value !== 'string' || !isProgramName(value))
    throw new EncodingError('ERR_FIELD', { hint: `${name}: 1 to 64 of a-z 0-9 . _ - /` })
  return value
}
