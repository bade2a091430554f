import { bytes, record, uint } from '../core/fields.ts'
import { SEQUENCE_ID_BYTES } from '../core/limits/message-limits.ts'
import { programName } from '../core/names.ts'
import { CAME_TO_NOBODY } from './exposure-store.ts'
import {
  countOf,
  insertMessage,
  type MessageReason,
  type MessageState,
  type MessageTable,
  peerOf,
  type StoredMessage,
  selectMessages,
} from './message-rows.ts'
import { readRow } from './rows.ts'

/** One of our sequences to a peer. */
export type OutSequence = { readonly sequence: Uint8Array; readonly app: string }

/** Ours, on their way out. */
export type OutgoingMessages = {
  /** Writes a message to `peer`. @param newSequence 16 fresh bytes, for the first one to that peer and application */
  queue(peer: Uint8Array, app: string, body: Uint8Array, at: number, newSequence: Uint8Array): StoredMessage
  /** Our sequences to `peer`. */
  sequences(peer: Uint8Array): readonly OutSequence[]
  /** Our messages of a sequence that the other side has not got, after number `after`, in order, at most `limit`. */
  pending(peer: Uint8Array, sequence: Uint8Array, after: number, limit: number): readonly StoredMessage[]
  /** Peers that messages are waiting for. */
  waiting(): readonly Uint8Array[]
  isWaiting(peer: Uint8Array): boolean
  countWaiting(peer: Uint8Array, app: string): number
  /** The number of our last message before that one that was not given up, nor lost to a thief; 0 for none. */
  before(peer: Uint8Array, sequence: Uint8Array, number: number): number
  markSent(peer: Uint8Array, sequence: Uint8Array, upTo: number): readonly StoredMessage[]
  markDelivered(peer: Uint8Array, sequence: Uint8Array, upTo: number): readonly StoredMessage[]
  markFailed(peer: Uint8Array, reason: MessageReason, writtenBefore: number): readonly StoredMessage[]
  /** Messages that were delivered wait again, with the numbers that they had. */
  requeue(ids: readonly number[]): readonly StoredMessage[]
}

const readOut = record<OutSequence & { readonly next: number }>({
  sequence: bytes(SEQUENCE_ID_BYTES),
  app: programName,
  next: uint(),
})

const WAITING = "out = 1 AND state IN ('queued', 'sent')"

export const createOutgoingMessages = (table: MessageTable): OutgoingMessages => {
  const { database } = table
  const outSequence = (peer: Uint8Array, app: string) => {
    const row = database.get('SELECT sequence, app, next FROM sequences_out WHERE peer = ? AND app = ?', peer, app)
    return row === undefined ? null : readRow('sequences_out', readOut, row)
  }
  const change = (
    state: MessageState,
    reason: MessageReason | null,
    where: string,
    ...values: readonly (Uint8Array | number)[]
  ): readonly StoredMessage[] => {
    const changed = selectMessages(table, `${WAITING} AND ${where} ORDER BY id`, ...values)
    for (const { id } of changed)
      database.run('UPDATE messages SET state = ?, reason = ? WHERE id = ?', state, reason, id)
    return changed.map((message) => ({ ...message, state, reason }))
  }
  return {
    queue: (peer, app, body, at, newSequence) => {
      const { sequence, next: number } = outSequence(peer, app) ?? { sequence: newSequence, next: 1 }
      database.run(
        `INSERT INTO sequences_out (peer, app, sequence, next) VALUES (?, ?, ?, ?)
         ON CONFLICT (peer, app) DO UPDATE SET next = excluded.next`,
        ...[peer, app, sequence, number + 1],
      )
      return insertMessage(table, { peer, app, out: true, sequence, number, at, state: 'queued', body })
    },
    sequences: (peer) =>
      database
        .all('SELECT sequence, app, next FROM sequences_out WHERE peer = ? ORDER BY app', peer)
        .map((row) => readRow('sequences_out', readOut, row)),
    pending: (peer, sequence, after, limit) =>
      selectMessages(
        table,
        `peer = ? AND sequence = ? AND ${WAITING} AND number > ? ORDER BY number LIMIT ?`,
        ...[peer, sequence, after, Math.max(0, limit)],
      ),
    waiting: () => database.all(`SELECT DISTINCT peer FROM messages WHERE ${WAITING}`).map(peerOf),
    isWaiting: (peer) =>
      database.get(`SELECT 1 FROM messages WHERE peer = ? AND ${WAITING} LIMIT 1`, peer) !== undefined,
    countWaiting: (peer, app) =>
      countOf(database.get(`SELECT count(*) AS n FROM messages WHERE peer = ? AND app = ? AND ${WAITING}`, peer, app)),
    before: (peer, sequence, number) =>
      countOf(
        database.get(
          `SELECT coalesce(max(number), 0) AS n FROM messages
           WHERE peer = ? AND out = 1 AND sequence = ? AND number < ? AND state <> 'failed' AND NOT ${CAME_TO_NOBODY}`,
          ...[peer, sequence, number],
        ),
      ),
    markSent: (peer, sequence, upTo) =>
      change('sent', null, "peer = ? AND sequence = ? AND state = 'queued' AND number <= ?", peer, sequence, upTo),
    markDelivered: (peer, sequence, upTo) =>
      change('delivered', null, 'peer = ? AND sequence = ? AND number <= ?', peer, sequence, upTo),
    requeue: (ids) =>
      ids
        .toSorted((a, b) => a - b)
        .flatMap((id) => {
          database.run("UPDATE messages SET state = 'queued' WHERE id = ? AND out = 1 AND state = 'delivered'", id)
          return selectMessages(table, "id = ? AND state = 'queued'", id)
        }),
    markFailed: (peer, reason, writtenBefore) => change('failed', reason, 'peer = ? AND at < ?', peer, writtenBefore),
  }
}
