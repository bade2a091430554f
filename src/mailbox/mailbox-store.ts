import { MailboxError } from '../core/errors.ts'
import { bytes, record, uint } from '../core/fields.ts'
import { type Floor, raiseFloor } from '../core/floor.ts'
import { containsEntry, type KeyLog } from '../core/key-log.ts'
import {
  MAILBOX_AGE,
  MAILBOX_BYTES,
  MAILBOX_PARCELS,
  MAILBOX_RECIPIENT_BYTES,
  MAILBOX_RECIPIENT_PARCELS,
  MAILBOX_SOURCE_BYTES,
  MAILBOX_SOURCE_PARCELS,
} from '../core/limits/mailbox-limits.ts'
import { PARCEL_SIZES } from '../core/parcel.ts'
import type { Times } from '../core/steady-clock.ts'
import { type Database, openDatabase, type Schema } from '../store/database.ts'
import { HASH_BYTES, readRow } from '../store/rows.ts'

/** The parcels of a mailbox on disk (`mailbox.db`, docs/spec/mailbox.md §6): within their quotas, for 14 days, each once. */
export type MailboxStore = {
  /** Whether there would be room: for one that is stored already there is. @throws MailboxError ERR_MAILBOX_SOURCE, ERR_MAILBOX_FULL */
  checkRoom(slip: Slip, past: number): void
  /**
   * Stores a parcel; on disk when it returns. One that is stored already changes nothing.
   * @param log the recipient's, which is a floor from now on
   * @throws as `checkRoom`; StoreError
   */
  put(slip: Slip, parcel: Uint8Array, log: KeyLog, times: Times): void
  /** The oldest parcel of a recipient after number `after`; null when there is none. */
  next(recipient: Uint8Array, after: number, past: number): StoredParcel | null
  /** Deletes a recipient's parcels; gone from disk when it returns. What is not its own, or not there, is passed over. */
  remove(recipient: Uint8Array, ids: readonly Uint8Array[]): void
  /** The furthest log seen of an identity that has parcels here, or had when it was swept last: nothing older may fetch them. */
  floor(recipient: Uint8Array): Floor | null
  /** Raises the floor of an identity that has parcels here. */
  raise(log: KeyLog): void
  /** Deletes what is older than 14 days, and what the disk still remembers of what was deleted. */
  sweep(past: number): void
  /** parcels stored */
  readonly size: number
  /** The same, with the bytes of them: what is expired counts until it is swept. Costs a pass over an index, as each deposit does. */
  load(): Load
  close(): void
}

export type Load = { readonly parcels: number; readonly bytes: number }

/** What is known of a parcel before it is there. */
export type Slip = {
  /** identity hash of the recipient, 32 bytes */
  readonly to: Uint8Array
  /** SHA-256 of the parcel */
  readonly id: Uint8Array
  readonly size: number
  /** stands for the network it comes from, 32 bytes */
  readonly source: Uint8Array
}

export type StoredParcel = { readonly number: number; readonly id: Uint8Array; readonly parcel: Uint8Array }

/** Its file in the data folder. */
export const MAILBOX_FILE = 'mailbox.db'

/** "hfmb". A step that was ever released never changes. */
const SCHEMA: Schema = {
  name: MAILBOX_FILE,
  applicationId: 0x68666d62,
  migrations: [
    [
      // Numbers order the parcels of a recipient by arrival, and are never used again.
      `CREATE TABLE parcels (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        recipient BLOB NOT NULL CHECK (length(recipient) = 32), id BLOB NOT NULL CHECK (length(id) = 32),
        size INTEGER NOT NULL, source BLOB NOT NULL CHECK (length(source) = 32), arrived INTEGER NOT NULL,
        parcel BLOB NOT NULL CHECK (length(parcel) = size),
        UNIQUE (recipient, id)
      ) STRICT`,
      // With the size beside them, quotas are counted without reading a parcel.
      'CREATE INDEX parcels_next ON parcels (recipient, number, size)',
      'CREATE INDEX parcels_source ON parcels (source, size)',
      'CREATE INDEX parcels_age ON parcels (arrived, size)',
      // As long as there are parcels for it, nothing older than this may fetch them.
      `CREATE TABLE recipients (
        id BLOB PRIMARY KEY CHECK (length(id) = 32),
        epoch INTEGER NOT NULL, seq INTEGER NOT NULL, head BLOB NOT NULL CHECK (length(head) = 32)
      ) STRICT`,
    ],
  ],
}

const readLoad = record<Load>({ parcels: uint(), bytes: uint() })
const readParcel = record<StoredParcel>({
  number: uint(),
  id: bytes(HASH_BYTES),
  parcel: bytes(Math.min(...PARCEL_SIZES), Math.max(...PARCEL_SIZES)),
})
const readFloor = record<Omit<Floor, 'devices'>>({ epoch: uint(), seq: uint(), head: bytes(HASH_BYTES) })

const LOAD = 'SELECT count(*) AS parcels, coalesce(sum(size), 0) AS bytes FROM parcels'

/** @param folder a data folder that exists; null: in memory. @throws StoreError ERR_STORE_* */
export const openMailboxStore = (folder: string | null): MailboxStore => {
  const database = openDatabase(folder, SCHEMA)
  return {
    checkRoom: (slip, past) => database.transaction(() => checkRoom(database, slip, past)),
    put: (slip, parcel, log, { past, present }) =>
      database.transaction(() => {
        checkRoom(database, slip, past)
        if (has(database, slip)) return
        insertParcel(database, slip, parcel, present)
        raiseStoredFloor(database, log)
      }),
    next: (recipient, after, past) => nextParcel(database, recipient, after, past),
    remove: (recipient, ids) =>
      database.transaction(() => {
        for (const id of ids) database.run('DELETE FROM parcels WHERE recipient = ? AND id = ?', recipient, id)
      }),
    floor: (recipient) => storedFloor(database, recipient),
    raise: (log) =>
      database.transaction(() => {
        if (storedFloor(database, log.id) !== null) raiseStoredFloor(database, log)
      }),
    sweep: (past) => {
      database.transaction(() => {
        expire(database, past)
        database.run('DELETE FROM recipients WHERE id NOT IN (SELECT recipient FROM parcels)')
      })
      // What was deleted is overwritten in the database, but would lie in its journal for longer.
      database.get('PRAGMA wal_checkpoint(TRUNCATE)')
    },
    get size() {
      return loadOf(database).parcels
    },
    load: () => loadOf(database),
    close: database.close,
  }
}

const loadOf = (database: Database, where = '', ...values: readonly Uint8Array[]): Load =>
  readRow('parcels', readLoad, database.get(`${LOAD} ${where}`, ...values))

const has = (database: Database, { to, id }: Slip): boolean =>
  database.get('SELECT 1 FROM parcels WHERE recipient = ? AND id = ?', to, id) !== undefined

const expire = (database: Database, past: number): void =>
  database.run('DELETE FROM parcels WHERE arrived <= ?', past - MAILBOX_AGE)

const checkRoom = (database: Database, slip: Slip, past: number): void => {
  expire(database, past)
  if (has(database, slip)) return
  const { to, size, source } = slip
  const fits = ({ parcels, bytes }: Load, most: number, mostBytes: number): boolean =>
    parcels < most && bytes + size <= mostBytes
  if (!fits(loadOf(database, 'WHERE source = ?', source), MAILBOX_SOURCE_PARCELS, MAILBOX_SOURCE_BYTES))
    throw new MailboxError('ERR_MAILBOX_SOURCE')
  if (!fits(loadOf(database, 'WHERE recipient = ?', to), MAILBOX_RECIPIENT_PARCELS, MAILBOX_RECIPIENT_BYTES))
    throw new MailboxError('ERR_MAILBOX_FULL', { hint: 'for this recipient' })
  if (!fits(loadOf(database), MAILBOX_PARCELS, MAILBOX_BYTES)) throw new MailboxError('ERR_MAILBOX_FULL')
}

const insertParcel = (database: Database, { to, id, size, source }: Slip, parcel: Uint8Array, now: number): void =>
  database.run(
    'INSERT INTO parcels (recipient, id, size, source, arrived, parcel) VALUES (?, ?, ?, ?, ?, ?)',
    to,
    id,
    size,
    source,
    now,
    parcel,
  )

const nextParcel = (database: Database, recipient: Uint8Array, after: number, past: number): StoredParcel | null => {
  const row = database.get(
    'SELECT number, id, parcel FROM parcels WHERE recipient = ? AND number > ? AND arrived > ? ORDER BY number LIMIT 1',
    recipient,
    after,
    past - MAILBOX_AGE,
  )
  return row === undefined ? null : readRow('parcels', readParcel, row)
}

const storedFloor = (database: Database, recipient: Uint8Array): Floor | null => {
  const row = database.get('SELECT epoch, seq, head FROM recipients WHERE id = ?', recipient)
  // Cards are not what this floor is about.
  return row === undefined ? null : { ...readRow('recipients', readFloor, row), devices: [] }
}

/** A log that is older, or contradicts the floor, may have been looked up before the floor was raised: it changes nothing. */
const raiseStoredFloor = (database: Database, log: KeyLog): void => {
  const known = storedFloor(database, log.id)
  if (known !== null && !containsEntry(log, known) && log.epoch <= known.epoch) return
  const { epoch, seq, head } = raiseFloor(known, log, null)
  database.run('INSERT OR REPLACE INTO recipients (id, epoch, seq, head) VALUES (?, ?, ?, ?)', log.id, epoch, seq, head)
}
