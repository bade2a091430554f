import type { StoreErrorCode } from '../core/errors/codes.ts'
import { HandfastError, StoreError } from '../core/errors.ts'

/** What the operating system and SQLite call their failures, in our codes. */

const SYSTEM: Readonly<Record<string, StoreErrorCode>> = {
  EACCES: 'ERR_STORE_PERMISSION',
  EPERM: 'ERR_STORE_PERMISSION',
  EROFS: 'ERR_STORE_PERMISSION',
  // Where links are not followed: there is one.
  ELOOP: 'ERR_STORE_LINK',
  ENOSPC: 'ERR_STORE_FULL',
  EDQUOT: 'ERR_STORE_FULL',
}

/** Primary result codes (sqlite.org/rescode.html); an extended code carries its primary one in the low byte. */
const SQLITE: Readonly<Record<number, StoreErrorCode>> = {
  3: 'ERR_STORE_PERMISSION', // SQLITE_PERM
  5: 'ERR_STORE_IN_USE', // SQLITE_BUSY
  6: 'ERR_STORE_IN_USE', // SQLITE_LOCKED
  8: 'ERR_STORE_PERMISSION', // SQLITE_READONLY
  11: 'ERR_STORE_CORRUPT', // SQLITE_CORRUPT
  13: 'ERR_STORE_FULL', // SQLITE_FULL
  14: 'ERR_STORE_PERMISSION', // SQLITE_CANTOPEN
  23: 'ERR_STORE_PERMISSION', // SQLITE_AUTH
  26: 'ERR_STORE_CORRUPT', // SQLITE_NOTADB
}

/** `code` of an error of the operating system, such as ENOENT; '' for any other. */
export const systemCode = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : ''

/** An extended code that says more than its primary one: SQLITE_IOERR_SHMSIZE, no room for the index of the journal. */
const NO_ROOM = 4874

/** SQLITE_ERROR is whatever a statement cannot mean; that something it names is not there tells of a database that was changed. */
const MISSING = /^no such (?:table|column)\b/

const codeOf = (error: unknown): StoreErrorCode => {
  if (error instanceof Error && 'errcode' in error && typeof error.errcode === 'number') {
    if (error.errcode === NO_ROOM) return 'ERR_STORE_FULL'
    if (error.errcode === 1 && MISSING.test(error.message)) return 'ERR_STORE_CORRUPT'
    return SQLITE[error.errcode & 0xff] ?? 'ERR_STORE_IO'
  }
  return SYSTEM[systemCode(error)] ?? 'ERR_STORE_IO'
}

/** @param path what was being read or written; errors that are ours already are passed through */
export const asStoreError = (cause: unknown, path: string): HandfastError =>
  cause instanceof HandfastError ? cause : new StoreError(codeOf(cause), { hint: path, cause })
