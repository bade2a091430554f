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

/** Logs that are remembered to be verified: some KiB each. */
export const LOGS_REMEMBERED = 1024

export type LogReader = (id: Uint8Array) => Reader<KeyLog>

/**
 * `readLog` that verifies the same bytes once: contacts are looked at for every message. Of more than are remembered, those give way that were
 * not looked at for the longest time.
 */
export const createLogReader = (read: LogReader = readLog): LogReader => {
  /** the latest last */
  const known = new Map<string, { readonly column: Uint8Array; readonly log: KeyLog }>()
  const remember = (key: string, column: Uint8Array, log: KeyLog): KeyLog => {
    known.delete(key)
    known.set(key, { column, log })
    const [oldest] = known.keys()
    if (known.size > LOGS_REMEMBERED && oldest !== undefined) known.delete(oldest)
    return log
  }
  return (id) => (value, name) => {
    const column = bytes(1, LOG_BYTES_MAX)(value, name)
    const key = hex(id)
    const before = known.get(key)
    const isKnown = before !== undefined && equal(before.column, column)
    return remember(key, column, isKnown ? before.log : read(id)(column, name))
  }
}
