import type { SecretKey } from '../core/kdf.ts'
import type { Database } from './database.ts'
import { createIncomingMessages, type IncomingMessages } from './incoming-messages.ts'
import { countOf, createMessageRows, peerOf, type StoredMessage, selectMessages } from './message-rows.ts'
import { createOutgoingMessages, type OutgoingMessages } from './outgoing-messages.ts'
import { createOutgoingPlaces, type OutgoingPlaces } from './outgoing-places.ts'

/**
 * Messages that are kept until they have arrived (docs/spec/messages.md). Ours to one peer, for one application, have places in a
 * *sequence*, from 1 on, and so have theirs to us. A sequence is named by 16 random bytes and a place commits to all before it, so a store
 * that was lost, or went back, is noticed; a message keeps its id in whatever sequence it goes out.
 */

/** All of these are meant for a transaction of the caller's; they throw StoreError as `Database` does. */
export type MessageStore = OutgoingMessages &
  OutgoingPlaces &
  IncomingMessages & {
    get(id: number): StoredMessage | null
    /** Peers to or from whom something was last queued, or came, at `since` or later, milliseconds since 1970. */
    correspondents(since: number): readonly Uint8Array[]
    /** Forgets places, and ids of what came, from before then, seconds since 1970. */
    forgetPlaces(before: number): void
    /** Whether anything was ever written to `peer`, as far as it is remembered. */
    hasWritten(peer: Uint8Array): boolean
    /** The highest id there is; 0 for none. */
    latest(): number
    /** The latest `limit` messages with an id below `before`, oldest first. */
    history(peer: Uint8Array, app: string, before: number, limit: number): readonly StoredMessage[]
    /** The lowest id of those; null when there are none. */
    historyBegin(peer: Uint8Array, app: string, before: number, limit: number): number | null
    /** The first `limit` messages with an id of `from` or above and below `before`, oldest first. */
    historyFrom(peer: Uint8Array, app: string, from: number, before: number, limit: number): readonly StoredMessage[]
    /**
     * Deletes what was said with a peer before a time, milliseconds since 1970 by this clock: what is over, that is, which neither waits to be
     * delivered nor to be taken. What came is not taken twice all the same. @returns how many messages that were
     */
    forget(peer: Uint8Array, app: string, before: number): number
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
    ...createOutgoingPlaces(table),
    ...createIncomingMessages(table),
    get: (id) => selectMessages(table, 'id = ?', id)[0] ?? null,
    correspondents: (since) => database.all('SELECT DISTINCT peer FROM messages WHERE queued >= ?', since).map(peerOf),
    forgetPlaces: (before) => {
      database.run('DELETE FROM places_out WHERE at < ?', before)
      // What is to come in a sequence commits to the place before it.
      database.run(
        'DELETE FROM sequences_out WHERE NOT EXISTS (SELECT 1 FROM places_out p WHERE p.sequence = sequences_out.sequence)',
      )
      database.run('DELETE FROM arrivals WHERE at < ?', before)
    },
    hasWritten: (peer) => database.get('SELECT 1 FROM messages WHERE peer = ? AND out = 1 LIMIT 1', peer) !== undefined,
    latest: () => countOf(database.get('SELECT coalesce(max(id), 0) AS n FROM messages')),
    history: (peer, app, before, limit) =>
      selectMessages(
        table,
        'peer = ? AND app = ? AND id < ? ORDER BY id DESC LIMIT ?',
        ...[peer, app, before, limit],
      ).toReversed(),
    historyBegin: (peer, app, before, limit) => {
      const latest = 'SELECT id FROM messages WHERE peer = ? AND app = ? AND id < ? ORDER BY id DESC LIMIT ?'
      return (
        countOf(database.get(`SELECT coalesce(min(id), 0) AS n FROM (${latest})`, peer, app, before, limit)) || null
      )
    },
    historyFrom: (peer, app, from, before, limit) =>
      selectMessages(
        table,
        'peer = ? AND app = ? AND id >= ? AND id < ? ORDER BY id LIMIT ?',
        ...[peer, app, from, before, limit],
      ),
    forget: (peer, app, before) => {
      const over = "peer = ? AND app = ? AND queued < ? AND state NOT IN ('queued', 'sent', 'arrived')"
      const values = [peer, app, before] as const
      const count = countOf(database.get(`SELECT count(*) AS n FROM messages WHERE ${over}`, ...values))
      database.erase(`DELETE FROM messages WHERE ${over}`, ...values)
      return count
    },
    interrupted: () => database.all('SELECT peer FROM lines').map(peerOf),
    lineOpened: (peer) => database.run('INSERT OR IGNORE INTO lines (peer) VALUES (?)', peer),
    lineClosed: (peer) => database.run('DELETE FROM lines WHERE peer = ?', peer),
  }
}
