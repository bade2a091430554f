import type { CardErrorCode, FileErrorCode } from '../../src/core/errors/codes.ts'
import { CardError, FileError, HandfastError, PeerError } from '../../src/core/errors.ts'

/**
 * What must not compile: tsc refuses a `@ts-expect-error` under which there is no error, so that `npm run check` fails when a class takes
 * a code of another one.
 */

// @ts-expect-error: a card has no code of a file
export const otherClass = (): CardError => new CardError('ERR_FILE_FULL')

// @ts-expect-error: nor a code that nobody knows
export const noCode = (): CardError => new CardError('ERR_CARD')

// @ts-expect-error: the base is of no class, and takes no code at all
export const base = (): HandfastError => new HandfastError('ERR_CARD_ID')

// @ts-expect-error: a code that may be of any class fits none
export const anyCode = (error: HandfastError): PeerError => new PeerError(error.code)

// @ts-expect-error: classes do not stand for each other
export const otherError = (): FileError => new PeerError('ERR_PEER_CLOSED')

// @ts-expect-error: nor do their codes
export const codeOfOther = (code: CardErrorCode): FileErrorCode => code

export const never = (error: CardError): boolean =>
  // @ts-expect-error: it never has that code
  error.code === 'ERR_FILE_FULL'

/** And what must: the code of a class is known, whether it was made or caught. */
export const own = (): CardErrorCode => new CardError('ERR_CARD_ID').code
export const caught = (error: unknown): FileErrorCode | null => (error instanceof FileError ? error.code : null)
