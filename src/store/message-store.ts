import type { SecretKey } from '../core/kdf.ts'
import type { Database } from './database.ts'
import { createIncomingMessages, type IncomingMessages } from './incoming-messages.ts'
import { countOf, createMessageRows, peerOf, type StoredMessage, selectMessages } from './message-rows.ts'
import { createOutgoingMessages, type OutgoingMessages } from './outgoing-messages.ts'

/**
 * Messages that are kept until they have arrived (docs/spec/messages.md). Ours to one peer, for one application, are numbered in a
 * *sequence*, from 1 on, and so are theirs to us; a sequence is named by 16 random bytes, so that a store that was lost and begun anew
 * is noticed.
 */

/** All of these are meant for a transaction of the caller's; they throw StoreError as `Database` does. */
export type MessageStore = OutgoingMessages &
  IncomingMessages & {
    /** The highest id there is; 0 for none. */
    latest(): number
    /** The latest `limit` messages with an id below `before`, oldest first. */
    history(peer: Uint8Array, app: string, before: number, limit: number): readonly StoredMessage[]
    /** Peers that were connected, and were not said goodbye to: after a crash they wait without knowing it. */
    interrupted(): readonly Uint8Array[]
    lineOpened(peer: Uint8Array): void
    lineClosed(peer: Uint8Array): void
  }

/** @param storeKey seals what messages say; without the passphrase of the folder nobody reads them */
export const createMessageStore = (database: Database, storeKey: SecretKey): MessageStore => {
  const table = { database, rows: createMessageRows(storeKey) }
  return {
    ...createOutgoingMessages(table),
    ...createIncomingMessages(table),
    latest: () => countOf(database.get('SELECT coalesce(max(id), 0) AS n FROM messages')),
    history: (peer, app, before, limit) =>
      selectMessages(
        table,
        'peer = ? AND app = ? AND id < ? ORDER BY id DESC LIMIT ?',
        ...[peer, app, before, limit],
      ).toReversed(),
    interrupted: () => database.all('SELECT peer FROM lines').map(peerOf),
    lineOpened: (peer) => database.run('INSERT OR IGNORE INTO lines (peer) VALUES (?)', peer),
    lineClosed: (peer) => database.run('DELETE FROM lines WHERE peer = ?', peer),
  }
}
