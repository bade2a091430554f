import { bytes, nullable, record, uint } from '../core/fields.ts'
import { MAILBOX_AGE } from '../core/limits/mailbox-limits.ts'
import { SEQUENCE_ID_BYTES, STRANGERS_RECEIPTS_MAX } from '../core/limits/message-limits.ts'
import { PARCEL_SIZES } from '../core/parcel.ts'
import type { Database } from './database.ts'
import { WAITING, WAITING_ROWS } from './outgoing-places.ts'
import { HASH_BYTES, readRow } from './rows.ts'

/** Parcels on their way (docs/spec/mailbox-messages.md): those that are not in their mailboxes yet, and what has been put into parcels. */

export type StoredParcel = {
  /** the order in which they were made */
  readonly number: number
  /** identity hash of the mailbox */
  readonly mailbox: Uint8Array
  /** of which sequence of ours its messages are, and the number of the last; null and 0 when it has none */
  readonly sequence: Uint8Array | null
  readonly upto: number
  readonly parcel: Uint8Array
}

export type Parcelled = {
  /** our messages of a sequence up to this number are in parcels */
  readonly upto: number
  /** when that began of which nothing is confirmed yet, seconds since 1970 */
  readonly at: number
  /** hash of the mailboxes they are for */
  readonly mailboxes: Uint8Array
}

export type OwedReceipt = {
  /** whether what is not here is to be sent again */
  readonly want: boolean
  /** not before then, seconds since 1970 */
  readonly due: number
}

/** All of these throw StoreError as `Database` does. */
export type MailboxOutbox = {
  /** A parcel of ours to a peer, for one mailbox. @param at seconds since 1970 */
  queue(
    peer: Uint8Array,
    mailbox: Uint8Array,
    at: number,
    parcel: Pick<StoredParcel, 'sequence' | 'upto' | 'parcel'>,
  ): void
  /** Numbers and mailboxes of parcels to that peer, oldest first. */
  queued(peer: Uint8Array): readonly Omit<StoredParcel, 'parcel'>[]
  /** null when it is not waiting any more */
  parcel(number: number): Uint8Array | null
  /** It is in its mailbox, or not wanted there. */
  drop(number: number): void
  dropAll(peer: Uint8Array): void
  /** Forgets parcels that no mailbox would keep any longer. @param now seconds since 1970 */
  trim(now: number): void
  parcelled(peer: Uint8Array, sequence: Uint8Array): Parcelled | null
  setParcelled(peer: Uint8Array, sequence: Uint8Array, parcelled: Parcelled): void
  /** Whether something waits that is in no parcel since then, seconds since 1970, of a sequence that is written in. */
  hasUnparcelled(peer: Uint8Array, since: number): boolean
  /** Everything that is not confirmed is to be put into parcels anew. */
  forgetParcelled(peer: Uint8Array): void
  /** Forgets all parcels to everybody, and that any were made. */
  forgetAll(): void
  /** Messages of that peer came through a mailbox, and it has not heard so; or there is to be said what of its messages is here. */
  oweReceipt(peer: Uint8Array, owed?: Partial<OwedReceipt>): void
  receiptSaid(peer: Uint8Array): void
  /** The receipt that is due at `now`, seconds since 1970; null when none is. */
  owedReceipt(peer: Uint8Array, now: number): OwedReceipt | null
  /** Peers that parcels wait for, or receipts that are due at `now`. */
  waiting(now: number): readonly Uint8Array[]
}

const readParcel = record<Omit<StoredParcel, 'parcel'>>({
  number: uint(),
  mailbox: bytes(HASH_BYTES),
  sequence: nullable(bytes(SEQUENCE_ID_BYTES)),
  upto: uint(),
})
const readBytes = record<{ readonly parcel: Uint8Array }>({ parcel: bytes(1, Math.max(...PARCEL_SIZES)) })
const readParcelled = record<Parcelled>({ upto: uint(), at: uint(), mailboxes: bytes(HASH_BYTES) })
const readOwed = record<{ readonly want: number; readonly due: number }>({ want: uint(1), due: uint() })
const readPeer = record<{ readonly peer: Uint8Array }>({ peer: bytes(HASH_BYTES) })

/** Who is no contact and hears nothing drops nothing: it leaves its messages again in a week. */
const FORGET_STRANGERS = `DELETE FROM receipts WHERE rowid IN (SELECT rowid FROM receipts
  WHERE peer NOT IN (SELECT id FROM contacts) ORDER BY rowid DESC LIMIT -1 OFFSET ${STRANGERS_RECEIPTS_MAX})`

export const createMailboxOutbox = (database: Database): MailboxOutbox => ({
  queue: (peer, mailbox, at, { sequence, upto, parcel }) =>
    database.run(
      'INSERT INTO parcels (peer, mailbox, at, sequence, upto, parcel) VALUES (?, ?, ?, ?, ?, ?)',
      ...[peer, mailbox, at, sequence, upto, parcel],
    ),
  queued: (peer) =>
    database
      .all('SELECT number, mailbox, sequence, upto FROM parcels WHERE peer = ? ORDER BY number', peer)
      .map((row) => readRow('parcels', readParcel, row)),
  parcel: (number) => {
    const row = database.get('SELECT parcel FROM parcels WHERE number = ?', number)
    return row === undefined ? null : readRow('parcels', readBytes, row).parcel
  },
  drop: (number) => database.run('DELETE FROM parcels WHERE number = ?', number),
  dropAll: (peer) => database.run('DELETE FROM parcels WHERE peer = ?', peer),
  trim: (now) => database.run('DELETE FROM parcels WHERE at < ?', now - MAILBOX_AGE),
  parcelled: (peer, sequence) => {
    const row = database.get(
      'SELECT upto, at, mailboxes FROM parcelled WHERE peer = ? AND sequence = ?',
      ...[peer, sequence],
    )
    return row === undefined ? null : readRow('parcelled', readParcelled, row)
  },
  setParcelled: (peer, sequence, { upto, at, mailboxes }) =>
    database.run(
      `INSERT INTO parcelled (peer, sequence, upto, at, mailboxes) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (peer, sequence) DO UPDATE
       SET upto = excluded.upto, at = excluded.at, mailboxes = excluded.mailboxes`,
      ...[peer, sequence, upto, at, mailboxes],
    ),
  hasUnparcelled: (peer, since) =>
    database.get(
      `SELECT 1 FROM ${WAITING_ROWS} WHERE peer = ? AND ${WAITING} AND NOT EXISTS (
         SELECT 1 FROM places_out p
         JOIN sequences_out s ON s.peer = p.peer AND s.sequence = p.sequence
         JOIN parcelled c ON c.peer = p.peer AND c.sequence = p.sequence
         WHERE p.message = messages.id AND p.n <= c.upto AND c.at >= ?) LIMIT 1`,
      ...[peer, since],
    ) !== undefined,
  forgetParcelled: (peer) => database.run('DELETE FROM parcelled WHERE peer = ?', peer),
  forgetAll: () => {
    database.run('DELETE FROM parcels')
    database.run('DELETE FROM parcelled')
  },
  oweReceipt: (peer, { want = false, due = 0 } = {}) => {
    database.run(
      `INSERT INTO receipts (peer, want, due) VALUES (?, ?, ?)
       ON CONFLICT (peer) DO UPDATE SET want = max(want, excluded.want), due = min(due, excluded.due)`,
      ...[peer, want ? 1 : 0, due],
    )
    database.run(FORGET_STRANGERS)
  },
  receiptSaid: (peer) => database.run('DELETE FROM receipts WHERE peer = ?', peer),
  owedReceipt: (peer, now) => {
    const row = database.get('SELECT want, due FROM receipts WHERE peer = ? AND due <= ?', peer, now)
    if (row === undefined) return null
    const { want, due } = readRow('receipts', readOwed, row)
    return { want: want === 1, due }
  },
  waiting: (now) =>
    database
      .all('SELECT peer FROM parcels UNION SELECT peer FROM receipts WHERE due <= ?', now)
      .map((row) => readRow('parcels', readPeer, row).peer),
})
