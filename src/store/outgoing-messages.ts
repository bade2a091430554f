import { literal, record, uint } from '../core/fields.ts'
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
import { type Proven, WAITING, WAITING_ROWS } from './outgoing-places.ts'
import { readRow } from './rows.ts'

/** What is written to somebody. */
export type NewMessage = Pick<StoredMessage, 'peer' | 'app' | 'm' | 'r' | 'at' | 'body'>

/** One that the other side had confirmed, and does not have by what it says now. */
export type Uncovered = {
  readonly id: number
  readonly state: 'delivered' | 'gone'
  /** the first place it was given */
  readonly placed: number
}

/** Ours, on their way out. All of these are meant for a transaction of the caller's. */
export type OutgoingMessages = {
  /** Writes a message. @param queued by which it is too old one day, milliseconds since 1970; default: what it says of its time */
  queue(message: NewMessage, queued?: number): StoredMessage
  /** Peers that messages are waiting for. */
  waiting(): readonly Uint8Array[]
  isWaiting(peer: Uint8Array): boolean
  countWaiting(peer: Uint8Array, app: string): number
  /** How many are gone. */
  countGone(peer: Uint8Array, app: string): number
  /** What has a place in a sequence behind `after`, up to that one, is on its way. */
  markSent(peer: Uint8Array, upTo: Proven, after: number): readonly StoredMessage[]
  /** What has a place in a sequence behind `after`, up to the proven one, is on the other disk, whatever was thought of it. */
  markCovered(peer: Uint8Array, proven: Proven, after: number): readonly StoredMessage[]
  /** What was confirmed, was last queued at `since` or later, and has no place that is proven. */
  uncovered(peer: Uint8Array, since: number, proven: readonly Proven[]): readonly Uncovered[]
  /** The other side has lost it: it is `sent` again, or `gone`. @param now milliseconds since 1970 */
  markLost(id: number, state: 'sent' | 'gone', now: number): readonly StoredMessage[]
  /** Queues what is gone. @param now milliseconds since 1970 */
  requeueGone(peer: Uint8Array, app: string, now: number): readonly StoredMessage[]
  /** Queues ones that came to a thief. @param now milliseconds since 1970 */
  requeue(ids: readonly number[], now: number): readonly StoredMessage[]
  /** What waits and was last queued before then has failed; its sequences are closed. */
  markFailed(peer: Uint8Array, reason: MessageReason, queuedBefore: number): readonly StoredMessage[]
  /** How many more may be sent again to that peer on a day. @param count as many of them are @returns how many were granted */
  grantRepairs(peer: Uint8Array, day: number, count: number, most: number): number
}

const readUncovered = record<Uncovered>({ id: uint(), state: literal('delivered', 'gone'), placed: uint() })
const readRepairs = record<{ readonly day: number; readonly count: number }>({ day: uint(), count: uint() })

const GONE = "out = 1 AND state = 'gone'"
const GONE_ROWS = 'messages INDEXED BY messages_gone'

export const createOutgoingMessages = (table: MessageTable): OutgoingMessages => {
  const { database } = table
  const change = (
    state: MessageState,
    reason: MessageReason | null,
    where: string,
    ...values: readonly (Uint8Array | number | string)[]
  ): readonly StoredMessage[] => {
    const changed = selectMessages(table, `out = 1 AND ${where} ORDER BY id`, ...values)
    for (const { id } of changed)
      database.run('UPDATE messages SET state = ?, reason = ? WHERE id = ?', state, reason, id)
    return changed.map((message) => ({ ...message, state, reason }))
  }
  const requeue = (changed: readonly StoredMessage[], now: number): readonly StoredMessage[] => {
    for (const { id } of changed) database.run('UPDATE messages SET queued = ? WHERE id = ?', now, id)
    return changed.map((message) => ({ ...message, queued: now }))
  }
  const PLACED = 'id IN (SELECT message FROM places_out WHERE peer = ? AND sequence = ? AND n > ? AND n <= ?)'
  return {
    queue: (message, queued = message.at) => insertMessage(table, { ...message, out: true, queued, state: 'queued' }),
    waiting: () => database.all(`SELECT DISTINCT peer FROM ${WAITING_ROWS} WHERE ${WAITING}`).map(peerOf),
    isWaiting: (peer) =>
      database.get(`SELECT 1 FROM ${WAITING_ROWS} WHERE peer = ? AND ${WAITING} LIMIT 1`, peer) !== undefined,
    countWaiting: (peer, app) =>
      countOf(
        database.get(`SELECT count(*) AS n FROM ${WAITING_ROWS} WHERE peer = ? AND app = ? AND ${WAITING}`, peer, app),
      ),
    countGone: (peer, app) =>
      countOf(
        database.get(`SELECT count(*) AS n FROM ${GONE_ROWS} WHERE peer = ? AND app = ? AND ${GONE}`, ...[peer, app]),
      ),
    markSent: (peer, { sequence, n }, after) =>
      change('sent', null, `state = 'queued' AND ${PLACED}`, peer, sequence, after, n),
    markCovered: (peer, { sequence, n }, after) =>
      change('delivered', null, `state <> 'delivered' AND ${PLACED}`, peer, sequence, after, n),
    uncovered: (peer, since, proven) => {
      const covered = proven.map(() => '(p.sequence = ? AND p.n <= ?)').join(' OR ')
      return database
        .all(
          `SELECT id, state, placed FROM messages WHERE peer = ? AND out = 1 AND state IN ('delivered', 'gone') AND queued >= ?
           AND NOT EXISTS (SELECT 1 FROM places_out p WHERE p.message = messages.id AND (${covered || 'FALSE'}))
           ORDER BY id`,
          ...[peer, since, ...proven.flatMap(({ sequence, n }) => [sequence, n])],
        )
        .map((row) => readRow('messages', readUncovered, row))
    },
    markLost: (id, state, now) => {
      const changed = change(state, null, 'id = ?', id)
      return state === 'sent' ? requeue(changed, now) : changed
    },
    requeueGone: (peer, app, now) =>
      requeue(
        change('queued', null, `id IN (SELECT id FROM ${GONE_ROWS} WHERE peer = ? AND app = ? AND ${GONE})`, peer, app),
        now,
      ),
    requeue: (ids, now) =>
      ids.flatMap((id) => requeue(change('queued', null, "id = ? AND state IN ('delivered', 'gone')", id), now)),
    markFailed: (peer, reason, queuedBefore) => {
      const late = `SELECT id FROM ${WAITING_ROWS} WHERE peer = ? AND ${WAITING} AND queued < ?`
      const changed = change('failed', reason, `id IN (${late})`, peer, queuedBefore)
      // What follows it cannot be sent without it.
      for (const app of new Set(changed.map((message) => message.app)))
        database.run('DELETE FROM sequences_out WHERE peer = ? AND app = ?', peer, app)
      return changed
    },
    grantRepairs: (peer, day, count, most) => {
      const row = database.get('SELECT day, count FROM repairs WHERE peer = ?', peer)
      const before = row === undefined ? null : readRow('repairs', readRepairs, row)
      const used = before !== null && before.day === day ? before.count : 0
      const granted = Math.max(0, Math.min(count, most - used))
      if (granted > 0)
        database.run('INSERT OR REPLACE INTO repairs (peer, day, count) VALUES (?, ?, ?)', peer, day, used + granted)
      return granted
    },
  }
}
