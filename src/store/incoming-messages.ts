import { bytes, record, uint } from '../core/fields.ts'
import {
  MESSAGE_ID_BYTES,
  PLACES_PER_MESSAGE,
  SEQUENCE_ID_BYTES,
  SEQUENCES_MAX,
  STRANGERS_ARRIVALS_MAX,
  STRANGERS_MESSAGES_MAX,
} from '../core/limits/message-limits.ts'
import { DEVICE_ID_BYTES } from '../core/limits/protocol-limits.ts'
import { programName } from '../core/names.ts'
import type { Place } from '../core/places.ts'
import {
  countOf,
  insertMessage,
  type MessageTable,
  peerOf,
  type StoredMessage,
  selectMessages,
} from './message-rows.ts'
import { readRow } from './rows.ts'

/** The place up to which messages of a sequence of theirs are here: all of 1…`have`, and they are those that `c` commits to. */
export type SequencePlace = {
  readonly sequence: Uint8Array
  readonly app: string
  readonly have: number
  readonly c: Uint8Array
}

/** Where a message comes in: the next place of a sequence of a device of theirs. */
export type Arrival = Place & {
  readonly device: Uint8Array
  readonly sequence: Uint8Array
  readonly app: string
}

/** A message that came, with its id. `at` is as it is shown, `said` as its sender says. */
export type NewArrival = Pick<StoredMessage, 'm' | 'r' | 'at' | 'queued' | 'body'> & { readonly said: number }

/** Theirs, on their way in. */
export type IncomingMessages = {
  /** How far their sequences are here, the latest first; those in which something came at `since` or later, seconds since 1970. */
  places(peer: Uint8Array, since?: number): readonly SequencePlace[]
  placeIn(peer: Uint8Array, sequence: Uint8Array): SequencePlace | null
  /** The place `n` of a sequence of theirs; null when it is forgotten. */
  earlierPlace(peer: Uint8Array, sequence: Uint8Array, n: number): Place | null
  /** Whether a message of that id came before, in any sequence. */
  hasArrived(peer: Uint8Array, m: Uint8Array): boolean
  /** Takes in the next message of a sequence, which the caller has checked to be that; null when it is here already. */
  receive(peer: Uint8Array, arrival: Arrival, message: NewArrival): StoredMessage | null
  /** The first message of an application that arrived after id `after` and was not taken, from `peer` or, null, from anybody. */
  arrived(app: string, peer: Uint8Array | null, after: number): StoredMessage | null
  /** The first message of an application that came with an id above `after`, up to `upTo`, whether or not it was taken. */
  came(app: string, after: number, upTo: number): StoredMessage | null
  /** How many arrived from `peer` for that application and were not taken. */
  countArrived(peer: Uint8Array, app: string): number
  /** The same for all applications that were never opened on this folder. */
  countUnknown(peer: Uint8Array): number
  /** The same of everybody who is no contact. */
  countStrangers(): number
  /** Who is no contact, and of whom something for that application arrived and was not taken; the first that came first, `limit` at most. */
  strangers(app: string, limit: number): readonly Uint8Array[]
  /** Deletes what arrived from `peer` for that application and was not taken; it does not come again. @returns how many messages that were */
  dropArrived(peer: Uint8Array, app: string): number
  /** Forgets what strangers said, and their sequences, but for the latest; as it goes through all rows, each TRIM_EVERY calls. */
  trimStrangers(): void
  markTaken(id: number): void
}

const readPlace = record<SequencePlace>({
  sequence: bytes(SEQUENCE_ID_BYTES),
  app: programName,
  have: uint(),
  c: bytes(MESSAGE_ID_BYTES),
})
const readEarlier = record<Place>({ n: uint(), c: bytes(MESSAGE_ID_BYTES) })

const STRANGE = 'peer NOT IN (SELECT id FROM contacts)'
const NEVER_CONTACT = 'id > coalesce((SELECT upto FROM forgotten WHERE forgotten.peer = messages.peer), 0)'
const STRANGERS = [
  ['messages', `out = 0 AND state = 'taken' AND ${NEVER_CONTACT}`, 'id', STRANGERS_MESSAGES_MAX],
  ['sequences_in', 'true', 'touched', STRANGERS_MESSAGES_MAX],
  ['arrivals', 'true', 'place', STRANGERS_ARRIVALS_MAX],
] as const

/** Of a message that is said again and again the latest places are enough. */
const FORGET_EARLIER = `DELETE FROM arrivals WHERE place IN
  (SELECT place FROM arrivals WHERE peer = ? AND m = ? ORDER BY place DESC LIMIT -1 OFFSET ${PLACES_PER_MESSAGE})`

/** Of so many calls to trim, the first does: strangers have as many messages more at most. */
export const TRIM_EVERY = 64

/** All who are no contacts, and what came of them. */
const createStrangers = ({
  database,
}: MessageTable): Pick<IncomingMessages, 'strangers' | 'countStrangers' | 'trimStrangers'> => {
  let trims = 0
  return {
    strangers: (app, limit) =>
      database
        .all(
          `SELECT peer FROM messages WHERE state = 'arrived' AND app = ? AND ${STRANGE} GROUP BY peer ORDER BY min(id) LIMIT ?`,
          ...[app, limit],
        )
        .map(peerOf),
    countStrangers: () =>
      countOf(database.get(`SELECT count(*) AS n FROM messages WHERE state = 'arrived' AND ${STRANGE}`)),
    trimStrangers: () => {
      if (trims++ % TRIM_EVERY !== 0) return
      for (const [table, condition, order, kept] of STRANGERS)
        database.run(
          `DELETE FROM ${table} WHERE rowid IN (SELECT rowid FROM ${table} WHERE ${condition} AND ${STRANGE}
         ORDER BY ${order} DESC LIMIT -1 OFFSET ${kept})`,
        )
    },
  }
}

export const createIncomingMessages = (table: MessageTable): IncomingMessages => {
  const { database } = table
  const placeIn = (peer: Uint8Array, sequence: Uint8Array): SequencePlace | null => {
    const row = database.get(
      'SELECT sequence, app, have, c FROM sequences_in WHERE peer = ? AND sequence = ?',
      ...[peer, sequence],
    )
    return row === undefined ? null : readRow('sequences_in', readPlace, row)
  }
  const hasArrived = (peer: Uint8Array, m: Uint8Array): boolean =>
    database.get('SELECT 1 FROM arrivals WHERE peer = ? AND m = ? LIMIT 1', peer, m) !== undefined ||
    database.get('SELECT 1 FROM messages WHERE peer = ? AND out = 0 AND m = ?', peer, m) !== undefined
  /** Moves the place of a sequence on; of a new one, the oldest of that peer are forgotten beyond what is remembered. */
  const advance = (peer: Uint8Array, { device, sequence, app, n, c }: Arrival, m: Uint8Array, at: number): void => {
    database.run(
      `INSERT INTO sequences_in (peer, sequence, device, app, have, c, touched, at)
       VALUES (?, ?, ?, ?, ?, ?, (SELECT coalesce(max(touched), 0) + 1 FROM sequences_in), ?)
       ON CONFLICT (peer, sequence) DO UPDATE
       SET device = excluded.device, have = excluded.have, c = excluded.c, touched = excluded.touched, at = excluded.at`,
      ...[peer, sequence, bytes(DEVICE_ID_BYTES)(device, 'device'), app, n, c, at],
    )
    database.run(
      'INSERT OR REPLACE INTO arrivals (peer, m, sequence, n, c, at) VALUES (?, ?, ?, ?, ?, ?)',
      ...[peer, m, sequence, n, c, at],
    )
    if (n === 1)
      database.run(
        `DELETE FROM sequences_in WHERE peer = ? AND sequence IN
         (SELECT sequence FROM sequences_in WHERE peer = ? ORDER BY touched DESC LIMIT -1 OFFSET ${SEQUENCES_MAX})`,
        ...[peer, peer],
      )
  }
  const countArrived = (peer: Uint8Array, app: string): number =>
    countOf(
      database.get(
        "SELECT count(*) AS n FROM messages WHERE peer = ? AND app = ? AND state = 'arrived'",
        ...[peer, app],
      ),
    )
  return {
    places: (peer, since = 0) =>
      database
        .all(
          'SELECT sequence, app, have, c FROM sequences_in WHERE peer = ? AND at >= ? ORDER BY touched DESC',
          ...[peer, since],
        )
        .map((row) => readRow('sequences_in', readPlace, row)),
    placeIn,
    earlierPlace: (peer, sequence, n) => {
      const row = database.get(
        'SELECT n, c FROM arrivals WHERE peer = ? AND sequence = ? AND n = ?',
        ...[peer, sequence, n],
      )
      return row === undefined ? null : readRow('arrivals', readEarlier, row)
    },
    hasArrived,
    receive: (peer, arrival, { m, r, at, said, queued, body }) => {
      const isNew = !hasArrived(peer, m)
      advance(peer, arrival, m, Math.floor(queued / 1000))
      if (!isNew) {
        database.run(FORGET_EARLIER, peer, m)
        return null
      }
      const { app } = arrival
      return insertMessage(table, { peer, app, out: false, m, r, at, queued, state: 'arrived', body }, said)
    },
    arrived: (app, peer, after) => {
      const from = peer === null ? 'app = ? AND id > ?' : 'app = ? AND id > ? AND peer = ?'
      const values = peer === null ? [app, after] : [app, after, peer]
      return selectMessages(table, `state = 'arrived' AND ${from} ORDER BY id LIMIT 1`, ...values)[0] ?? null
    },
    came: (app, after, upTo) =>
      selectMessages(table, 'out = 0 AND app = ? AND id > ? AND id <= ? ORDER BY id LIMIT 1', app, after, upTo)[0] ??
      null,
    ...createStrangers(table),
    countArrived,
    countUnknown: (peer) =>
      countOf(
        database.get(
          `SELECT count(*) AS n FROM messages
           WHERE peer = ? AND state = 'arrived' AND app NOT IN (SELECT name FROM applications)`,
          peer,
        ),
      ),
    dropArrived: (peer, app) => {
      const count = countArrived(peer, app)
      database.erase("DELETE FROM messages WHERE peer = ? AND app = ? AND state = 'arrived'", peer, app)
      return count
    },
    markTaken: (id) => database.run("UPDATE messages SET state = 'taken' WHERE id = ? AND state = 'arrived'", id),
  }
}
