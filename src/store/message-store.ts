import { equal } from '../core/bytes.ts'
import { decodeCbor, encodeCbor } from '../core/cbor.ts'
import type { MessageErrorCode, PeerErrorCode } from '../core/errors/codes.ts'
import { MessageError, StoreError } from '../core/errors.ts'
import { bytes, codeOf, literal, nullable, record, text, uint } from '../core/fields.ts'
import type { SecretKey } from '../core/kdf.ts'
import { LABEL_STORE_MESSAGE } from '../core/labels.ts'
import { MESSAGE_BYTES_MAX, MESSAGE_STREAMS_MAX, STRANGERS_MESSAGES_MAX } from '../core/limits.ts'
import type { Database } from './database.ts'
import { HASH_BYTES, readRow } from './rows.ts'
import { checkOf, openBytes, sealBytes } from './sealing.ts'

/**
 * Messages: messages that are kept until they have arrived (docs/spec/conversation.md). Ours to one peer are numbered in a *stream*, from
 * 1 on, and so are theirs to us; a stream is named by 16 random bytes, so that a store that was lost and begun anew is noticed.
 */

export const STREAM_BYTES = 16

/** What a message says. */
export type MessageBody = { readonly text: string } | { readonly data: Uint8Array }

export type MessageState =
  /** on this disk only */
  | 'queued'
  /** on its way, or with a mailbox */
  | 'sent'
  /** on the other side's disk */
  | 'delivered'
  /** it will not arrive: `reason` says why */
  | 'failed'
  /** from the other side, and not yet taken by the application */
  | 'arrived'
  | 'taken'

/** Why a message was not delivered: what happened to it, or to whom it was for. */
export type MessageReason = MessageErrorCode | PeerErrorCode

export type StoredMessage = {
  /** rises with every message of this store, in either direction */
  readonly id: number
  readonly peer: Uint8Array
  readonly out: boolean
  readonly stream: Uint8Array
  readonly number: number
  /** when its sender wrote it, by its sender's clock, milliseconds since 1970 */
  readonly at: number
  readonly state: MessageState
  readonly reason: MessageReason | null
  readonly body: MessageBody
}

/** The place up to which messages of a stream are here: all of 1…`have`. */
export type StreamPlace = { readonly stream: Uint8Array; readonly have: number }

/** A message's number in its stream, and that of the last one before it that will come, or came: some are given up. */
export type MessagePlace = { readonly stream: Uint8Array; readonly number: number; readonly before: number }

/** All of these are meant for a transaction of the caller's; they throw StoreError as `Database` does. */
export type MessageStore = {
  /** Writes a message to `peer`. @param newStream 16 fresh bytes, for the first one */
  queue(peer: Uint8Array, body: MessageBody, at: number, newStream: Uint8Array): StoredMessage
  /** Our messages that the other side has not got, after number `after`, in order. */
  pending(peer: Uint8Array, after: number, limit: number): readonly StoredMessage[]
  /** Our stream to `peer`; null before the first message. */
  stream(peer: Uint8Array): Uint8Array | null
  /** Peers that messages are waiting for. */
  waiting(): readonly Uint8Array[]
  /** Peers that were connected, and were not said goodbye to: after a crash they wait without knowing it. */
  interrupted(): readonly Uint8Array[]
  lineOpened(peer: Uint8Array): void
  lineClosed(peer: Uint8Array): void
  markSent(peer: Uint8Array, upTo: number): readonly StoredMessage[]
  markDelivered(peer: Uint8Array, upTo: number): readonly StoredMessage[]
  markFailed(peer: Uint8Array, reason: MessageReason, writtenBefore: number): readonly StoredMessage[]
  /** How far their streams are here, the latest first. */
  places(peer: Uint8Array): readonly StreamPlace[]
  /** The number of our last message before that one that was not given up; 0 for none. */
  before(peer: Uint8Array, number: number): number
  /**
   * Takes in the next message of a stream; null when it is here already.
   * @param place `before`: the number that it follows, as its sender says
   * @throws MessageError ERR_MESSAGE_GAP
   */
  receive(peer: Uint8Array, place: MessagePlace, at: number, body: MessageBody): StoredMessage | null
  /** The first message that arrived after `after` and was not taken, from `peer` or, null, from anybody. */
  arrived(peer: Uint8Array | null, after: number): StoredMessage | null
  countWaiting(peer: Uint8Array): number
  countArrived(peer: Uint8Array): number
  /** The same of everybody who is no contact. */
  countStrangers(): number
  /** Forgets what strangers said, and their streams, but for the latest. */
  trimStrangers(): void
  markTaken(id: number): void
  /** The latest `limit` messages with an id below `before`, oldest first. */
  history(peer: Uint8Array, before: number, limit: number): readonly StoredMessage[]
  /** Forgets a whole conversation. */
  forget(peer: Uint8Array): void
}

/** A message of 32 KiB in UTF-8 that takes three bytes a UTF-16 unit, with Fernet's and CBOR's additions. */
const SEALED_MAX = 4 * MESSAGE_BYTES_MAX

const STATES = ['queued', 'sent', 'delivered', 'failed', 'arrived', 'taken'] as const

const readColumns = record<Omit<StoredMessage, 'out' | 'body'> & { readonly out: number; readonly sealed: Uint8Array }>(
  {
    id: uint(),
    peer: bytes(HASH_BYTES),
    out: uint(1),
    stream: bytes(STREAM_BYTES),
    number: uint(),
    at: uint(),
    state: literal(...STATES),
    reason: nullable(codeOf('MessageError', 'PeerError')),
    sealed: bytes(1, SEALED_MAX),
  },
)
const readPlace = record<StreamPlace>({ stream: bytes(STREAM_BYTES), have: uint() })
const readPeer = record<{ readonly peer: Uint8Array }>({ peer: bytes(HASH_BYTES) })
const readOut = record<StreamPlace>({ stream: bytes(STREAM_BYTES), have: uint() })

type Sealed = {
  readonly peer: Uint8Array
  readonly out: boolean
  readonly text: string | null
  readonly data: Uint8Array | null
}
const readSealed = record<Sealed>({
  peer: bytes(HASH_BYTES),
  out: (value) => value === true,
  text: nullable(text(MESSAGE_BYTES_MAX)),
  data: nullable(bytes(0, MESSAGE_BYTES_MAX)),
})

const COLUMNS = 'id, peer, out, stream, number, at, state, reason, sealed'
const WAITING = "out = 1 AND state IN ('queued', 'sent')"

const STRANGE = 'peer NOT IN (SELECT id FROM contacts)'
const STRANGERS = [
  ['messages', "out = 0 AND state = 'taken'", 'id'],
  ['streams_in', 'true', 'touched'],
] as const

/** @param storeKey seals what messages say; without the passphrase of the folder nobody reads them */
export const createMessageStore = (database: Database, storeKey: SecretKey): MessageStore => {
  const check = checkOf(storeKey, LABEL_STORE_MESSAGE)

  /** Whose message it is stands inside too: a row cannot be moved into another conversation. */
  const seal = (peer: Uint8Array, out: boolean, body: MessageBody): Uint8Array => {
    const content = 'text' in body ? { text: body.text, data: null } : { text: null, data: body.data }
    return sealBytes(storeKey, LABEL_STORE_MESSAGE, encodeCbor({ peer, out, ...content }))
  }
  const read = (row: unknown): StoredMessage => {
    const { sealed, out, ...columns } = readRow('messages', readColumns, row)
    const opened = openBytes(storeKey, LABEL_STORE_MESSAGE, { sealed, check }) ?? new Uint8Array(0)
    const inside = readRow(
      'messages',
      (value, name) => readSealed(decodeCbor(bytes(0, SEALED_MAX)(value, name)), name),
      opened,
    )
    const { text: said, data } = inside
    const body = said !== null ? { text: said } : data !== null ? { data } : null
    if (body === null || inside.out !== (out === 1) || !equal(inside.peer, columns.peer))
      throw new StoreError('ERR_STORE_CORRUPT', { hint: 'table messages' })
    return { ...columns, out: out === 1, body }
  }
  const select = (where: string, ...values: readonly (Uint8Array | number)[]): readonly StoredMessage[] =>
    database.all(`SELECT ${COLUMNS} FROM messages WHERE ${where}`, ...values).map(read)

  const outStream = (peer: Uint8Array): StreamPlace | null => {
    const row = database.get('SELECT stream, next AS have FROM streams_out WHERE peer = ?', peer)
    return row === undefined ? null : readRow('streams_out', readOut, row)
  }
  const insert = (peer: Uint8Array, out: boolean, { stream, have }: StreamPlace, at: number, body: MessageBody) => {
    const state = out ? 'queued' : 'arrived'
    const row = database.get(
      `INSERT INTO messages (peer, out, stream, number, at, state, reason, sealed) VALUES (?, ?, ?, ?, ?, ?, NULL, ?)
       RETURNING ${COLUMNS}`,
      ...[peer, out ? 1 : 0, stream, have, at, state, seal(peer, out, body)],
    )
    return read(row)
  }
  const change = (
    peer: Uint8Array,
    state: MessageState,
    reason: MessageReason | null,
    where: string,
    value: number,
  ) => {
    const changed = select(`peer = ? AND ${WAITING} AND ${where} ORDER BY id`, peer, value)
    for (const { id } of changed)
      database.run('UPDATE messages SET state = ?, reason = ? WHERE id = ?', state, reason, id)
    return changed.map((message) => ({ ...message, state, reason }))
  }
  const peers = (sql: string): readonly Uint8Array[] =>
    database.all(sql).map((row) => readRow('messages', readPeer, row).peer)
  const count = (row: unknown): number => readRow('messages', record<{ readonly n: number }>({ n: uint() }), row).n

  return {
    queue: (peer, body, at, newStream) => {
      const { stream, have: number } = outStream(peer) ?? { stream: newStream, have: 1 }
      database.run(
        `INSERT INTO streams_out (peer, stream, next) VALUES (?, ?, ?) ON CONFLICT (peer) DO UPDATE SET next = excluded.next`,
        ...[peer, stream, number + 1],
      )
      return insert(peer, true, { stream, have: number }, at, body)
    },
    pending: (peer, after, limit) =>
      select(`peer = ? AND ${WAITING} AND number > ? ORDER BY number LIMIT ?`, peer, after, limit),
    stream: (peer) => outStream(peer)?.stream ?? null,
    waiting: () => peers(`SELECT DISTINCT peer FROM messages WHERE ${WAITING}`),
    interrupted: () => peers('SELECT peer FROM lines'),
    lineOpened: (peer) => database.run('INSERT OR IGNORE INTO lines (peer) VALUES (?)', peer),
    lineClosed: (peer) => database.run('DELETE FROM lines WHERE peer = ?', peer),
    markSent: (peer, upTo) => change(peer, 'sent', null, "state = 'queued' AND number <= ?", upTo),
    markDelivered: (peer, upTo) => change(peer, 'delivered', null, 'number <= ?', upTo),
    markFailed: (peer, reason, writtenBefore) => change(peer, 'failed', reason, 'at < ?', writtenBefore),
    before: (peer, number) =>
      count(
        database.get(
          `SELECT coalesce(max(l.number), 0) AS n FROM messages l JOIN streams_out s ON s.peer = l.peer AND s.stream = l.stream
           WHERE l.peer = ? AND l.out = 1 AND l.number < ? AND l.state <> 'failed'`,
          ...[peer, number],
        ),
      ),
    places: (peer) =>
      database
        .all('SELECT stream, have FROM streams_in WHERE peer = ? ORDER BY touched DESC', peer)
        .map((row) => readRow('streams_in', readPlace, row)),
    receive: (peer, { stream, number, before }, at, body) => {
      const row = database.get('SELECT stream, have FROM streams_in WHERE peer = ? AND stream = ?', peer, stream)
      const have = row === undefined ? null : readRow('streams_in', readPlace, row).have
      if (have !== null && number <= have) return null
      // A stream that begins later than at 1 goes on: this store was lost, and what came before is gone.
      if (have !== null && before > have) throw new MessageError('ERR_MESSAGE_GAP', { hint: `${number} after ${have}` })
      database.run(
        `INSERT INTO streams_in (peer, stream, have, touched)
         VALUES (?, ?, ?, (SELECT coalesce(max(touched), 0) + 1 FROM streams_in))
         ON CONFLICT (peer, stream) DO UPDATE SET have = excluded.have, touched = excluded.touched`,
        ...[peer, stream, number],
      )
      if (have === null)
        database.run(
          `DELETE FROM streams_in WHERE peer = ? AND stream IN
           (SELECT stream FROM streams_in WHERE peer = ? ORDER BY touched DESC LIMIT -1 OFFSET ${MESSAGE_STREAMS_MAX})`,
          ...[peer, peer],
        )
      return insert(peer, false, { stream, have: number }, at, body)
    },
    arrived: (peer, after) => {
      const from = peer === null ? 'id > ?' : 'id > ? AND peer = ?'
      const values = peer === null ? [after] : [after, peer]
      return select(`state = 'arrived' AND ${from} ORDER BY id LIMIT 1`, ...values)[0] ?? null
    },
    countWaiting: (peer) =>
      count(database.get(`SELECT count(*) AS n FROM messages WHERE peer = ? AND ${WAITING}`, peer)),
    countArrived: (peer) =>
      count(database.get("SELECT count(*) AS n FROM messages WHERE peer = ? AND state = 'arrived'", peer)),
    countStrangers: () =>
      count(database.get(`SELECT count(*) AS n FROM messages WHERE state = 'arrived' AND ${STRANGE}`)),
    trimStrangers: () => {
      for (const [table, condition, order] of STRANGERS)
        database.run(
          `DELETE FROM ${table} WHERE rowid IN (SELECT rowid FROM ${table} WHERE ${condition} AND ${STRANGE}
           ORDER BY ${order} DESC LIMIT -1 OFFSET ${STRANGERS_MESSAGES_MAX})`,
        )
    },
    markTaken: (id) => database.run("UPDATE messages SET state = 'taken' WHERE id = ? AND state = 'arrived'", id),
    history: (peer, before, limit) =>
      select('peer = ? AND id < ? ORDER BY id DESC LIMIT ?', peer, before, limit).toReversed(),
    forget: (peer) => database.run('DELETE FROM messages WHERE peer = ?', peer),
  }
}
