import { equal, hex } from '../core/bytes.ts'
import { decodeCbor, encodeCbor } from '../core/cbor.ts'
import { HandfastError, StoreError } from '../core/errors.ts'
import { bytes, list, type Reader } from '../core/fields.ts'
import { type KeyLog, verifyLog } from '../core/key-log.ts'
import { ITEM_BYTES_MAX, LOG_ENTRIES_MAX } from '../core/limits/protocol-limits.ts'

/** How values lie in the rows of the database. */

export const HASH_BYTES = 32

/** Largest log as a column: 64 envelopes of 900 bytes, with CBOR's heads. */
const LOG_BYTES_MAX = LOG_ENTRIES_MAX * (ITEM_BYTES_MAX + 3) + 3

/** What another program, or a broken disk, may have left in a row is named as that. @throws StoreError ERR_STORE_CORRUPT */
export const readRow = <T>(table: string, read: Reader<T>, row: unknown): T => {
  try {
    return read(row, table)
  } catch (error) {
    if (error instanceof StoreError || !(error instanceof HandfastError)) throw error
    throw new StoreError('ERR_STORE_CORRUPT', { hint: `table ${table}`, cause: error })
  }
}

/** A log as a column: CBOR, the list of its envelopes. */
export const logColumn = (log: KeyLog): Uint8Array => encodeCbor(envelopesOf(log))

export const envelopesOf = ({ entries }: KeyLog): readonly Uint8Array[] => entries.map(({ envelope }) => envelope)

/** A log as it stands inside of a larger value. */
export const readEnvelopes = list(bytes(1, ITEM_BYTES_MAX), 1, LOG_ENTRIES_MAX)

/** Verified again at every reading. */
export const readLog =
  (id: Uint8Array): Reader<KeyLog> =>
  (value, name) =>
    verifyLog(id, readEnvelopes(decodeCbor(bytes(1, LOG_BYTES_MAX)(value, name)), name))

/** Logs whose bytes were verified in this process, and how many are remembered. */
const REMEMBERED = 256

/** `readLog` that verifies the same bytes once: contacts are looked at for every message. */
export const createLogReader = (): ((id: Uint8Array) => Reader<KeyLog>) => {
  const known = new Map<string, { readonly column: Uint8Array; readonly log: KeyLog }>()
  return (id) => (value, name) => {
    const column = bytes(1, LOG_BYTES_MAX)(value, name)
    const before = known.get(hex(id))
    if (before !== undefined && equal(before.column, column)) return before.log
    const log = readLog(id)(column, name)
    if (known.size >= REMEMBERED) known.clear()
    known.set(hex(id), { column, log })
    return log
  }
}
