import type { ErrorCode } from '../src/core/errors.ts'

/** What may be wrong with an entry, wherever it stands. */
export const ENTRY_CODES: readonly ErrorCode[] = [
  'ERR_LOG_SIZE',
  'ERR_LOG_DECODE',
  'ERR_LOG_SEQ',
  'ERR_LOG_PREV',
  'ERR_LOG_RETIRED',
  'ERR_LOG_SIGNATURE',
  'ERR_LOG_ROOT',
  'ERR_LOG_NEXT',
  'ERR_LOG_SLOT',
  'ERR_LOG_TIME_BACK',
]
