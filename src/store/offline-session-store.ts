import { equal } from '../core/bytes.ts'
import { decodeCbor, encodeSecretCbor } from '../core/cbor.ts'
import { StoreError } from '../core/errors.ts'
import { bytes, nullable, record, uint } from '../core/fields.ts'
import type { SecretKey } from '../core/kdf.ts'
import { type KeyLog, verifyLog } from '../core/key-log.ts'
import type { Device } from '../core/key-log-entry.ts'
import { LABEL_STORE_SESSION } from '../core/labels.ts'
import {
  OFFLINE_SESSION_AGE,
  OFFLINE_SESSIONS_MAX,
  STRANGERS_OFFLINE_SESSIONS_MAX,
} from '../core/limits/message-limits.ts'
import {
  HELLO_BYTES_MAX,
  INCARNATION_BYTES,
  ITEM_BYTES_MAX,
  LOG_ENTRIES_MAX,
  SESSION_BYTES_MAX,
  SKIPPED_KEY_AGE_MAX,
} from '../core/limits/protocol-limits.ts'
import { POINT_BYTES } from '../core/p256.ts'
import { SESSION_ID_BYTES } from '../core/session/header.ts'
import type { Session } from '../core/session/session.ts'
import { withoutOldKeys } from '../core/session/skipped-keys.ts'
import { decodeSession, encodeSession } from '../core/session/snapshot.ts'
import type { Database } from './database.ts'
import { envelopesOf, HASH_BYTES, readEnvelopes, readRow } from './rows.ts'
import { checkOf, openBytes, sealBytes } from './sealing.ts'

/** Sessions that outlive the process: with those who are reached through mailboxes. Sealed, since a snapshot is all secrets. */

export type OfflineSession = {
  /** 32 bytes, the same on both sides: chooses between two sessions */
  readonly h1: Uint8Array
  /** whether this side began it */
  readonly ours: boolean
  /** whether it may be sent in; one that may not can still receive */
  readonly live: boolean
  /** seconds since 1970: when it began, and when a message was last received in it */
  readonly begun: number
  readonly heard: number | null
  readonly session: Session
  /** what has to go with every message until one is received; null of theirs, and afterwards */
  readonly hello: Uint8Array | null
  /** the other side's log as it was at the beginning, and its device */
  readonly log: KeyLog
  readonly device: Device
  /** our device's `dh` key: a session of keys that were replaced is over */
  readonly own: Uint8Array
  /** the incarnation of the other store when it began, 16 bytes: another one has not the session */
  readonly inc: Uint8Array
}

/** All of these throw StoreError as `Database` does. */
export type OfflineSessionStore = {
  get(id: Uint8Array): OfflineSession | null
  /** Those with a peer, the latest first. */
  all(peer: Uint8Array): readonly OfflineSession[]
  /** None of them is sent in any more; all can still receive. @param peer default: those with everybody */
  closeAll(peer?: Uint8Array): void
  /** Puts its present state in the place of the one before. @param now seconds since 1970 */
  keep(session: OfflineSession, now: number): void
  /** Forgets sessions that nothing can come in any more, and in all others the message keys that were kept too long. */
  forget(now: number): void
  /** Forgets those of other devices of ours than these, by their `dh` keys: nobody reads in them any more. */
  forgetOthers(own: readonly Uint8Array[]): void
  /** Forgets those with other devices of that peer than these, by their `dh` keys. */
  forgetDevices(peer: Uint8Array, present: readonly Uint8Array[]): void
}

type Sealed = {
  readonly id: Uint8Array
  readonly session: Uint8Array
  readonly hello: Uint8Array | null
  readonly log: readonly Uint8Array[]
  readonly sign: Uint8Array
  readonly dh: Uint8Array
  readonly own: Uint8Array
}

type Columns = {
  readonly id: Uint8Array
  readonly peer: Uint8Array
  readonly h1: Uint8Array
  readonly ours: number
  readonly live: number
  readonly begun: number
  readonly heard: number | null
  readonly touched: number
  readonly inc: Uint8Array
  readonly sealed: Uint8Array
}

/** Snapshot, hello and log, with what CBOR and Fernet add. */
const SEALED_MAX = SESSION_BYTES_MAX + HELLO_BYTES_MAX + LOG_ENTRIES_MAX * (ITEM_BYTES_MAX + 3) + 1024

const readColumns = record<Columns>({
  id: bytes(SESSION_ID_BYTES),
  peer: bytes(HASH_BYTES),
  h1: bytes(HASH_BYTES),
  ours: uint(1),
  live: uint(1),
  begun: uint(),
  heard: nullable(uint()),
  touched: uint(),
  inc: bytes(INCARNATION_BYTES),
  sealed: bytes(1, SEALED_MAX),
})
const readSealed = record<Sealed>({
  id: bytes(SESSION_ID_BYTES),
  session: bytes(1, SESSION_BYTES_MAX),
  hello: nullable(bytes(1, HELLO_BYTES_MAX)),
  log: readEnvelopes,
  sign: bytes(POINT_BYTES),
  dh: bytes(POINT_BYTES),
  own: bytes(POINT_BYTES),
})

const TABLE = 'offline_sessions'
const COLUMNS = 'id, peer, h1, ours, live, begun, heard, inc, touched, sealed'
const STRANGE = 'peer NOT IN (SELECT id FROM contacts)'
const corrupt = (): StoreError => new StoreError('ERR_STORE_CORRUPT', { hint: `table ${TABLE}` })

const places = (values: readonly unknown[]): string => values.map(() => '?').join(', ')

const columnsOf = (row: unknown): Columns => readRow(TABLE, readColumns, row)

/** When the first of its keys has to be forgotten: with the session, or a skipped one before that. */
const dueOf = ({ session }: OfflineSession, touched: number): number =>
  Math.min(
    touched + OFFLINE_SESSION_AGE,
    ...[...session.skipped.values()].map(({ time }) => time + SKIPPED_KEY_AGE_MAX),
  )

const withoutOld = (one: OfflineSession, now: number): OfflineSession => ({
  ...one,
  session: { ...one.session, skipped: withoutOldKeys(one.session.skipped, now) },
})

/** @param storeKey seals them */
export const createOfflineSessionStore = (database: Database, storeKey: SecretKey): OfflineSessionStore => {
  const check = checkOf(storeKey, LABEL_STORE_SESSION)

  const seal = ({ session, hello, log, device, own }: OfflineSession): Uint8Array => {
    const snapshot = encodeSession(session)
    const { sign, dh } = device
    const plaintext = encodeSecretCbor({
      id: session.id,
      session: snapshot,
      hello,
      log: envelopesOf(log),
      sign,
      dh,
      own,
    })
    const sealed = sealBytes(storeKey, LABEL_STORE_SESSION, plaintext)
    for (const secret of [snapshot, plaintext]) secret.fill(0)
    return sealed
  }
  const read = (row: unknown): OfflineSession => {
    const { id, peer, h1, ours, live, begun, heard, inc, sealed } = columnsOf(row)
    const plaintext = openBytes(storeKey, LABEL_STORE_SESSION, { sealed, check })
    if (plaintext === null) throw corrupt()
    return readRow(
      TABLE,
      (value, name) => {
        const inside = readSealed(decodeCbor(value as Uint8Array), name)
        // A row cannot be put in the place of another.
        if (!equal(inside.id, id)) throw corrupt()
        const session = decodeSession(inside.session)
        inside.session.fill(0)
        plaintext.fill(0)
        const { hello, sign, dh, own } = inside
        const log = verifyLog(peer, inside.log)
        const when = { begun, heard, inc }
        return { h1, ours: ours === 1, live: live === 1, ...when, session, hello, log, device: { sign, dh }, own }
      },
      plaintext,
    )
  }

  const write = (one: OfflineSession, touched: number): void => {
    const { session, log, h1, ours, live, begun, heard, inc, own, device } = one
    // The state before may be all that opens what was recorded.
    database.erase(
      `INSERT OR REPLACE INTO ${TABLE} (${COLUMNS}, due, own, device) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[session.id, log.id, h1, ours ? 1 : 0, live ? 1 : 0, begun, heard, inc, touched, seal(one)],
      ...[dueOf(one, touched), own, device.dh],
    )
  }

  return {
    get: (id) => {
      const row = database.get(`SELECT ${COLUMNS} FROM ${TABLE} WHERE id = ?`, id)
      return row === undefined ? null : read(row)
    },
    all: (peer) =>
      database.all(`SELECT ${COLUMNS} FROM ${TABLE} WHERE peer = ? ORDER BY touched DESC, begun DESC`, peer).map(read),
    closeAll: (peer) =>
      peer === undefined
        ? database.run(`UPDATE ${TABLE} SET live = 0`)
        : database.run(`UPDATE ${TABLE} SET live = 0 WHERE peer = ?`, peer),
    keep: (one, now) =>
      database.transaction(() => {
        const { id } = one.log
        write(one, now)
        database.erase(
          `DELETE FROM ${TABLE} WHERE rowid IN
           (SELECT rowid FROM ${TABLE} WHERE peer = ? ORDER BY live DESC, touched DESC, rowid DESC LIMIT -1 OFFSET ${OFFLINE_SESSIONS_MAX})`,
          id,
        )
        database.erase(
          `DELETE FROM ${TABLE} WHERE rowid IN
           (SELECT rowid FROM ${TABLE} WHERE ${STRANGE} ORDER BY touched DESC LIMIT -1 OFFSET ${STRANGERS_OFFLINE_SESSIONS_MAX})`,
        )
      }),
    forget: (now) =>
      database.transaction(() => {
        for (const row of database.all(`SELECT ${COLUMNS} FROM ${TABLE} WHERE due < ?`, now)) {
          const { id, touched } = columnsOf(row)
          if (touched + OFFLINE_SESSION_AGE < now) database.erase(`DELETE FROM ${TABLE} WHERE id = ?`, id)
          else write(withoutOld(read(row), now), touched)
        }
      }),
    forgetOthers: (own) => database.erase(`DELETE FROM ${TABLE} WHERE own NOT IN (${places(own)})`, ...own),
    forgetDevices: (peer, present) =>
      database.erase(`DELETE FROM ${TABLE} WHERE peer = ? AND device NOT IN (${places(present)})`, peer, ...present),
  }
}
