import { bytes, nullable, record, uint } from '../core/fields.ts'
import { MAILBOX_AGE } from '../core/limits/mailbox-limits.ts'
import { SEQUENCE_ID_BYTES } from '../core/limits/message-limits.ts'
import { PARCEL_SIZES } from '../core/parcel.ts'
import type { Database } from './database.ts'
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
  /** Everything that is not confirmed is to be put into parcels anew. */
  forgetParcelled(peer: Uint8Array): void
  /** Drops all parcels that are on their way: everything that is not confirmed is to be put into others. */
  beginAnew(): void
  /** Messages of that peer came through a mailbox, and it has not heard so. */
  oweReceipt(peer: Uint8Array): void
  receiptSaid(peer: Uint8Array): void
  owesReceipt(peer: Uint8Array): boolean
  /** Peers that parcels or receipts are waiting for. */
  waiting(): readonly Uint8Array[]
}

const readParcel = record<Omit<StoredParcel, 'parcel'>>({
  number: uint(),
  mailbox: bytes(HASH_BYTES),
  sequence: nullable(bytes(SEQUENCE_ID_BYTES)),
  upto: uint(),
})
const readBytes = record<{ readonly parcel: Uint8Array }>({ parcel: bytes(1, Math.max(...PARCEL_SIZES)) })
const readParcelled = record<Parcelled>({ upto: uint(), at: uint(), mailboxes: bytes(HASH_BYTES) })
const readPeer = record<{ readonly peer: Uint8Array }>({ peer: bytes(HASH_BYTES) })

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
  forgetParcelled: (peer) => database.run('DELETE FROM parcelled WHERE peer = ?', peer),
  beginAnew: () =>
    database.transaction(() => {
      database.run('DELETE FROM parcels')
      database.run('DELETE FROM parcelled')
    }),
  oweReceipt: (peer) => database.run('INSERT OR IGNORE INTO receipts (peer) VALUES (?)', peer),
  receiptSaid: (peer) => database.run('DELETE FROM receipts WHERE peer = ?', peer),
  owesReceipt: (peer) => database.get('SELECT 1 FROM receipts WHERE peer = ?', peer) !== undefined,
  waiting: () =>
    database
      .all('SELECT peer FROM parcels UNION SELECT peer FROM receipts')
      .map((row) => readRow('parcels', readPeer, row).peer),
})
