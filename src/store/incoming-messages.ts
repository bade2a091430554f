import { MessageError } from '../core/errors.ts'
import { bytes, record, uint } from '../core/fields.ts'
import { SEQUENCE_ID_BYTES, SEQUENCES_MAX, STRANGERS_MESSAGES_MAX } from '../core/limits/message-limits.ts'
import { programName } from '../core/names.ts'
import { countOf, insertMessage, type MessageTable, type StoredMessage, selectMessages } from './message-rows.ts'
import { readRow } from './rows.ts'

/** The place up to which messages of a sequence of theirs are here: all of 1…`have`. */
export type SequencePlace = { readonly sequence: Uint8Array; readonly app: string; readonly have: number }

/** A message's number in its sequence, and that of the last one before it that will come, or came: some are given up. */
export type MessagePlace = {
  readonly sequence: Uint8Array
  readonly app: string
  readonly number: number
  readonly before: number
}

/** Theirs, on their way in. */
export type IncomingMessages = {
  /** How far their sequences are here, the latest first. */
  places(peer: Uint8Array): readonly SequencePlace[]
  /**
   * Takes in the next message of a sequence; null when it is here already.
   * @param place `before`: the number that it follows, as its sender says
   * @throws MessageError ERR_MESSAGE_GAP, also when the sequence is of another application
   */
  receive(peer: Uint8Array, place: MessagePlace, at: number, body: Uint8Array): StoredMessage | null
  /** The first message of an application that arrived after id `after` and was not taken, from `peer` or, null, from anybody. */
  arrived(app: string, peer: Uint8Array | null, after: number): StoredMessage | null
  /** How many arrived from `peer` for that application and were not taken. */
  countArrived(peer: Uint8Array, app: string): number
  /** The same for all applications that were never opened on this folder. */
  countUnknown(peer: Uint8Array): number
  /** The same of everybody who is no contact. */
  countStrangers(): number
  /** Forgets what strangers said, and their sequences, but for the latest. */
  trimStrangers(): void
  markTaken(id: number): void
}

const readPlace = record<SequencePlace>({ sequence: bytes(SEQUENCE_ID_BYTES), app: programName, have: uint() })

const STRANGE = 'peer NOT IN (SELECT id FROM contacts)'
const STRANGERS = [
  ['messages', "out = 0 AND state = 'taken'", 'id'],
  ['sequences_in', 'true', 'touched'],
] as const

export const createIncomingMessages = (table: MessageTable): IncomingMessages => {
  const { database } = table
  const place = (peer: Uint8Array, sequence: Uint8Array): SequencePlace | null => {
    const row = database.get(
      'SELECT sequence, app, have FROM sequences_in WHERE peer = ? AND sequence = ?',
      ...[peer, sequence],
    )
    return row === undefined ? null : readRow('sequences_in', readPlace, row)
  }
  /** Moves the place of a sequence on; of a new one, the oldest of that peer are forgotten beyond what is remembered. */
  const advance = (peer: Uint8Array, { sequence, app, number }: MessagePlace, isNew: boolean): void => {
    database.run(
      `INSERT INTO sequences_in (peer, sequence, app, have, touched)
       VALUES (?, ?, ?, ?, (SELECT coalesce(max(touched), 0) + 1 FROM sequences_in))
       ON CONFLICT (peer, sequence) DO UPDATE SET have = excluded.have, touched = excluded.touched`,
      ...[peer, sequence, app, number],
    )
    if (isNew)
      database.run(
        `DELETE FROM sequences_in WHERE peer = ? AND sequence IN
         (SELECT sequence FROM sequences_in WHERE peer = ? ORDER BY touched DESC LIMIT -1 OFFSET ${SEQUENCES_MAX})`,
        ...[peer, peer],
      )
  }
  return {
    places: (peer) =>
      database
        .all('SELECT sequence, app, have FROM sequences_in WHERE peer = ? ORDER BY touched DESC', peer)
        .map((row) => readRow('sequences_in', readPlace, row)),
    receive: (peer, at, time, body) => {
      const { sequence, app, number, before } = at
      const known = place(peer, sequence)
      if (known !== null && known.app !== app) throw new MessageError('ERR_MESSAGE_GAP', { hint: `of ${known.app}` })
      if (known !== null && number <= known.have) return null
      // A sequence that begins later than at 1 goes on: this store was lost, and what came before is gone.
      if (known !== null && before > known.have)
        throw new MessageError('ERR_MESSAGE_GAP', { hint: `${number} after ${known.have}` })
      advance(peer, at, known === null)
      return insertMessage(table, { peer, app, out: false, sequence, number, at: time, state: 'arrived', body })
    },
    arrived: (app, peer, after) => {
      const from = peer === null ? 'app = ? AND id > ?' : 'app = ? AND id > ? AND peer = ?'
      const values = peer === null ? [app, after] : [app, after, peer]
      return selectMessages(table, `state = 'arrived' AND ${from} ORDER BY id LIMIT 1`, ...values)[0] ?? null
    },
    countArrived: (peer, app) =>
      countOf(
        database.get(
          "SELECT count(*) AS n FROM messages WHERE peer = ? AND app = ? AND state = 'arrived'",
          ...[peer, app],
        ),
      ),
    countUnknown: (peer) =>
      countOf(
        database.get(
          `SELECT count(*) AS n FROM messages
           WHERE peer = ? AND state = 'arrived' AND app NOT IN (SELECT name FROM applications)`,
          peer,
        ),
      ),
    countStrangers: () =>
      countOf(database.get(`SELECT count(*) AS n FROM messages WHERE state = 'arrived' AND ${STRANGE}`)),
    trimStrangers: () => {
      for (const [table, condition, order] of STRANGERS)
        database.run(
          `DELETE FROM ${table} WHERE rowid IN (SELECT rowid FROM ${table} WHERE ${condition} AND ${STRANGE}
           ORDER BY ${order} DESC LIMIT -1 OFFSET ${STRANGERS_MESSAGES_MAX})`,
        )
    },
    markTaken: (id) => database.run("UPDATE messages SET state = 'taken' WHERE id = ? AND state = 'arrived'", id),
  }
}
