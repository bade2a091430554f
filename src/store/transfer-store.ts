import { bytes, record, uint } from '../core/fields.ts'
import type { SecretKey } from '../core/kdf.ts'
import { FILES_REMEMBERED, STRANGERS_FILES_REMEMBERED } from '../core/limits/file-limits.ts'
import type { Database } from './database.ts'
import { createDeliveredTransfers, type DeliveredTransfers, type Loss } from './delivered-transfers.ts'
import { HASH_BYTES, readRow } from './rows.ts'
import {
  createTransferRows,
  type StoredState,
  type StoredTransfer,
  TRANSFER_COLUMNS,
  type TransferReason,
} from './transfer-rows.ts'

/** Transfers of files that outlive their connection and this process (docs/spec/files.md). */

export type NewTransfer = Omit<StoredTransfer, 'number' | 'chunks' | 'again' | 'exposed'>

/** All of these throw StoreError as `Database` does; what changes something is meant for a transaction of the caller's. */
export type TransferStore = DeliveredTransfers<StoredTransfer> & {
  add(transfer: NewTransfer): StoredTransfer
  get(number: number): StoredTransfer | null
  find(peer: Uint8Array, out: boolean, id: Uint8Array): StoredTransfer | null
  /** Those of that peer that are under way, oldest first: `queued` are ours, `receiving` theirs. */
  open(peer: Uint8Array, state: 'queued' | 'receiving'): readonly StoredTransfer[]
  /** Peers that files are waiting for. */
  waiting(): readonly Uint8Array[]
  isWaiting(peer: Uint8Array): boolean
  /** Everything that is received. */
  receiving(): readonly StoredTransfer[]
  countReceiving(peer: Uint8Array): number
  /** How many are received from those who are no contacts. */
  countStrangers(): number
  /** So many chunks of an incoming one are on disk. @param at when the last of them came, milliseconds since 1970 */
  keep(number: number, chunks: number, at: number): void
  /** Begins an incoming one anew, once. */
  restart(number: number): void
  /** Ends one; null when it was over. @param path where an incoming file is */
  finish(number: number, state: StoredState, reason: TransferReason | null, path?: string): StoredTransfer | null
  /** Those with a partial file that may still be there, under way or over. */
  parts(): readonly StoredTransfer[]
  /** The partial file is gone. */
  forgetPart(number: number): void
  /** The latest `limit` with a number below `before`, of one peer or, null, of all, oldest first. */
  list(peer: Uint8Array | null, before: number, limit: number): readonly StoredTransfer[]
}

const OVER = "state NOT IN ('queued', 'receiving')"
const STRANGERS = 'peer NOT IN (SELECT id FROM contacts)'

/** A partial file that is still there has to be removed first: its row says where it is. */
const prune = (database: Database, peer: Uint8Array): void => {
  const latest = (where: string, kept: number): string =>
    `DELETE FROM transfers WHERE part IS NULL AND number IN (SELECT number FROM transfers
     WHERE ${where} AND ${OVER} ORDER BY number DESC LIMIT -1 OFFSET ${kept})`
  database.run(latest('peer = ?', FILES_REMEMBERED), peer)
  database.run(latest(STRANGERS, STRANGERS_FILES_REMEMBERED))
}

const readPeer = record<{ readonly peer: Uint8Array }>({ peer: bytes(HASH_BYTES) })
const readCount = record<{ readonly n: number }>({ n: uint() })

/** @param storeKey seals names, paths, hashes and secrets; without the passphrase of the folder nobody reads them */
export const createTransferStore = (database: Database, storeKey: SecretKey): TransferStore => {
  const { seal, read } = createTransferRows(storeKey)
  const select = (where: string, ...values: readonly (Uint8Array | number | string)[]): readonly StoredTransfer[] =>
    database.all(`SELECT ${TRANSFER_COLUMNS} FROM transfers WHERE ${where}`, ...values).map(read)
  const count = (where: string, ...values: readonly Uint8Array[]): number =>
    readRow('transfers', readCount, database.get(`SELECT count(*) AS n FROM transfers WHERE ${where}`, ...values)).n
  const get = (number: number): StoredTransfer | null => select('number = ?', number)[0] ?? null
  const change = (number: number, loss: Loss, from: readonly StoredState[]): StoredTransfer | null => {
    const row = get(number)
    if (row === null || !from.includes(row.state)) return null
    const now = { ...row, ...loss }
    const write = row.secret === null ? database.run : database.erase
    write(
      'UPDATE transfers SET state = ?, queued = ?, sealed = ? WHERE number = ?',
      ...[now.state, now.queued, seal(now), number],
    )
    return now
  }

  return {
    ...createDeliveredTransfers({ select, change }),
    add: (transfer) => {
      const { peer, out, id, at, queued, size, changed, part, state, reason } = transfer
      const row = database.get(
        `INSERT INTO transfers (peer, out, id, at, queued, size, changed, chunks, again, part, state, reason, sealed)
         VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?, ?, ?) RETURNING ${TRANSFER_COLUMNS}`,
        ...[peer, out ? 1 : 0, id, at, queued, size, changed, part, state, reason, seal(transfer)],
      )
      prune(database, peer)
      return read(row)
    },
    get,
    find: (peer, out, id) => select('peer = ? AND out = ? AND id = ?', peer, out ? 1 : 0, id)[0] ?? null,
    open: (peer, state) => select('peer = ? AND state = ? ORDER BY number', peer, state),
    waiting: () =>
      database
        .all("SELECT DISTINCT peer FROM transfers WHERE state = 'queued'")
        .map((row) => readRow('transfers', readPeer, row).peer),
    isWaiting: (peer) => count("peer = ? AND state = 'queued'", peer) > 0,
    receiving: () => select("state = 'receiving' ORDER BY number"),
    countReceiving: (peer) => count("peer = ? AND state = 'receiving'", peer),
    countStrangers: () => count(`state = 'receiving' AND ${STRANGERS}`),
    keep: (number, chunks, at) =>
      database.run('UPDATE transfers SET chunks = ?, queued = ? WHERE number = ?', chunks, at, number),
    restart: (number) => database.run('UPDATE transfers SET chunks = 0, again = 1 WHERE number = ?', number),
    finish: (number, state, reason, path) => {
      const row = get(number)
      if (row === null || (row.state !== 'queued' && row.state !== 'receiving')) return null
      // With what comes from its secret nobody has anything to do any more, but who recorded its chunks.
      const ended = { ...row, state, reason, path: path ?? row.path, secret: null }
      const write = row.secret === null ? database.run : database.erase
      write(
        'UPDATE transfers SET state = ?, reason = ?, sealed = ? WHERE number = ?',
        ...[state, reason, seal(ended), number],
      )
      prune(database, row.peer)
      return ended
    },
    parts: () => select('part IS NOT NULL ORDER BY number'),
    forgetPart: (number) => database.run('UPDATE transfers SET part = NULL WHERE number = ?', number),
    list: (peer, before, limit) => {
      const whose = peer === null ? 'number < ?' : 'number < ? AND peer = ?'
      const values = peer === null ? [before] : [before, peer]
      return select(`${whose} ORDER BY number DESC LIMIT ?`, ...values, limit).toReversed()
    },
  }
}
