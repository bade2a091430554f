import { bytes, record, uint } from '../core/fields.ts'
import { MESSAGE_ID_BYTES, SEQUENCE_ID_BYTES } from '../core/limits/message-limits.ts'
import { programName } from '../core/names.ts'
import type { Place } from '../core/places.ts'
import { type MessageTable, type StoredMessage, selectMessages } from './message-rows.ts'
import { readRow } from './rows.ts'

/** A sequence of ours belongs to one pair of devices: ours and one of the other side, 16 bytes each. */
export type DevicePair = { readonly own: Uint8Array; readonly device: Uint8Array }

/** The sequence that is written in to one device for one application. */
export type OutSequence = {
  readonly sequence: Uint8Array
  readonly app: string
  /** all up to this place was covered by what the other side said last */
  readonly got: number
}

/** A place of ours, as it is remembered. */
export type OutPlace = Place & {
  /** rises with every place that is given */
  readonly place: number
  /** when it was given, seconds since 1970 */
  readonly at: number
}

/** A message at a place. */
export type PlacedMessage = StoredMessage & Place

/** Up to where a sequence is proven to be on the other disk. */
export type Proven = { readonly sequence: Uint8Array; readonly n: number }

/** Where our messages stand in sequences (docs/spec/messages.md §2). All of these are meant for a transaction of the caller's. */
export type OutgoingPlaces = {
  /** The sequences that are written in, for those two devices. */
  sequences(peer: Uint8Array, pair: DevicePair): readonly OutSequence[]
  /** Begins one, in the place of the one that was written in before. */
  beginSequence(peer: Uint8Array, pair: DevicePair, begun: Pick<OutSequence, 'sequence' | 'app'>): void
  /** Notes up to where it is covered. */
  markGot(peer: Uint8Array, sequence: Uint8Array, got: number): void
  /** Nothing more is written in it. What has a place in it keeps that. */
  closeSequence(peer: Uint8Array, sequence: Uint8Array): void
  closeAllSequences(): void
  /** Gives a message the next place of a sequence. @param at seconds since 1970 */
  setPlace(
    peer: Uint8Array,
    device: Uint8Array,
    at: number,
    placed: Proven & { readonly c: Uint8Array; id: number },
  ): void
  /** The last place given in a sequence; null for none. */
  lastPlace(peer: Uint8Array, sequence: Uint8Array): Place | null
  /** Place `n` of a sequence; null when it is none of ours, or forgotten. */
  placeAt(peer: Uint8Array, sequence: Uint8Array, n: number): OutPlace | null
  /** What is in a sequence behind place `after`, in order, at most `limit`. */
  behind(peer: Uint8Array, sequence: Uint8Array, after: number, limit: number): readonly PlacedMessage[]
  /** Ids of those, all of them. */
  idsBehind(peer: Uint8Array, sequence: Uint8Array, after: number): readonly number[]
  /** Ids of what waits for an application and has no place in a sequence, in the order of writing, at most `limit`. */
  unplaced(peer: Uint8Array, app: string, sequence: Uint8Array | null, limit: number): readonly number[]
  /** Ids of what waits for an application, in the order of writing, at most `limit`. */
  waitingIds(peer: Uint8Array, app: string, limit: number): readonly number[]
  /** Applications of which something waits. */
  waitingApps(peer: Uint8Array): readonly string[]
}

export const WAITING = "out = 1 AND state IN ('queued', 'sent')"
/** Where those are read: left to choose, SQLite goes through all that was ever said to a peer to find the few that wait. */
export const WAITING_ROWS = 'messages INDEXED BY messages_waiting'

const readSequence = record<OutSequence>({ sequence: bytes(SEQUENCE_ID_BYTES), app: programName, got: uint() })
const readPlace = record<OutPlace>({ place: uint(), n: uint(), c: bytes(MESSAGE_ID_BYTES), at: uint() })
const readLast = record<Place>({ n: uint(), c: bytes(MESSAGE_ID_BYTES) })
const readAt = record<Place & { readonly message: number }>({ n: uint(), c: bytes(MESSAGE_ID_BYTES), message: uint() })
const readId = record<{ readonly id: number }>({ id: uint() })
const readApp = record<{ readonly app: string }>({ app: programName })

export const createOutgoingPlaces = (table: MessageTable): OutgoingPlaces => {
  const { database } = table
  const ids = (sql: string, ...values: readonly (Uint8Array | number | string)[]): readonly number[] =>
    database.all(sql, ...values).map((row) => readRow('places_out', readId, row).id)
  return {
    sequences: (peer, { own, device }) =>
      database
        .all(
          'SELECT sequence, app, got FROM sequences_out WHERE peer = ? AND device = ? AND own = ? ORDER BY app',
          ...[peer, device, own],
        )
        .map((row) => readRow('sequences_out', readSequence, row)),
    beginSequence: (peer, { own, device }, { sequence, app }) =>
      database.run(
        'INSERT OR REPLACE INTO sequences_out (peer, device, app, own, sequence, got) VALUES (?, ?, ?, ?, ?, 0)',
        ...[peer, device, app, own, sequence],
      ),
    markGot: (peer, sequence, got) =>
      database.run('UPDATE sequences_out SET got = ? WHERE peer = ? AND sequence = ?', got, peer, sequence),
    closeSequence: (peer, sequence) =>
      database.run('DELETE FROM sequences_out WHERE peer = ? AND sequence = ?', peer, sequence),
    closeAllSequences: () => database.run('DELETE FROM sequences_out'),
    setPlace: (peer, device, at, { id, sequence, n, c }) => {
      const row = database.get(
        `INSERT INTO places_out (message, peer, device, sequence, n, c, at) VALUES (?, ?, ?, ?, ?, ?, ?)
         RETURNING place, n, c, at`,
        ...[id, peer, device, sequence, n, c, at],
      )
      const { place } = readRow('places_out', readPlace, row)
      database.run('UPDATE messages SET placed = ? WHERE id = ? AND placed IS NULL', place, id)
    },
    lastPlace: (peer, sequence) => {
      const row = database.get(
        'SELECT n, c FROM places_out WHERE peer = ? AND sequence = ? ORDER BY n DESC LIMIT 1',
        ...[peer, sequence],
      )
      return row === undefined ? null : readRow('places_out', readLast, row)
    },
    placeAt: (peer, sequence, n) => {
      const row = database.get(
        'SELECT place, n, c, at FROM places_out WHERE peer = ? AND sequence = ? AND n = ?',
        ...[peer, sequence, n],
      )
      return row === undefined ? null : readRow('places_out', readPlace, row)
    },
    behind: (peer, sequence, after, limit) => {
      const places = database
        .all(
          'SELECT n, c, message FROM places_out WHERE peer = ? AND sequence = ? AND n > ? ORDER BY n LIMIT ?',
          ...[peer, sequence, after, Math.max(0, limit)],
        )
        .map((row) => readRow('places_out', readAt, row))
      return places.flatMap(({ n, c, message }) =>
        selectMessages(table, 'id = ?', message).map((stored) => ({ ...stored, n, c })),
      )
    },
    idsBehind: (peer, sequence, after) =>
      ids(
        'SELECT message AS id FROM places_out WHERE peer = ? AND sequence = ? AND n > ? ORDER BY n',
        ...[peer, sequence, after],
      ),
    unplaced: (peer, app, sequence, limit) =>
      ids(
        `SELECT id FROM ${WAITING_ROWS} WHERE peer = ? AND app = ? AND ${WAITING}
         AND NOT EXISTS (SELECT 1 FROM places_out WHERE message = id AND sequence = ?) ORDER BY id LIMIT ?`,
        ...[peer, app, sequence ?? new Uint8Array(0), limit],
      ),
    waitingIds: (peer, app, limit) =>
      ids(
        `SELECT id FROM ${WAITING_ROWS} WHERE peer = ? AND app = ? AND ${WAITING} ORDER BY id LIMIT ?`,
        peer,
        app,
        limit,
      ),
    waitingApps: (peer) =>
      database
        .all(`SELECT DISTINCT app FROM ${WAITING_ROWS} WHERE peer = ? AND ${WAITING} ORDER BY app`, peer)
        .map((row) => readRow('messages', readApp, row).app),
  }
}
