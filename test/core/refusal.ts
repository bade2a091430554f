import { type ErrorCode, HandfastError } from '../../src/core/errors.ts'

/** The code with which `action` refuses, null when it does not; any error that is not ours goes on up. */
export const refusalOf = (action: () => unknown): ErrorCode | null => {
  try {
    action()
  } catch (error) {
    if (error instanceof HandfastError) return error.code
    throw error
  }
  return null
}
