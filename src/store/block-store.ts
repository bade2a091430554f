import { bytes, record, uint } from '../core/fields.ts'
import type { Database } from './database.ts'
import { HASH_BYTES, readRow } from './rows.ts'

/** Identities that the owner of this folder does not deal with: by address, so whatever becomes of their keys, and of the contact. */
export type BlockStore = {
  has(id: Uint8Array): boolean
  /** In the order in which they were blocked. */
  all(): readonly StoredBlock[]
  /** Blocks an identity; one that is blocked stays so since the earlier time. @param at seconds since 1970 */
  add(id: Uint8Array, at: number): void
  remove(id: Uint8Array): void
  /** What waits to be sent to an identity, for all applications. */
  waiting(id: Uint8Array): { readonly messages: number; readonly files: number }
}

export type StoredBlock = {
  readonly id: Uint8Array
  /** when it was blocked, seconds since 1970 */
  readonly at: number
}

const readBlock = record<StoredBlock>({ id: bytes(HASH_BYTES), at: uint() })
const readWaiting = record<{ readonly messages: number; readonly files: number }>({ messages: uint(), files: uint() })

const ADD = 'INSERT INTO blocked (id, at) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET at = min(at, excluded.at)'
const COUNT = `SELECT
  (SELECT count(*) FROM messages WHERE peer = ? AND out = 1 AND state IN ('queued', 'sent')) AS messages,
  (SELECT count(*) FROM transfers WHERE peer = ? AND out = 1 AND state = 'queued') AS files`

/** All of these throw StoreError as `Database` does. */
export const createBlockStore = (database: Database): BlockStore => ({
  has: (id) => database.get('SELECT 1 FROM blocked WHERE id = ?', id) !== undefined,
  all: () =>
    database.all('SELECT id, at FROM blocked ORDER BY at, id').map((row) => readRow('blocked', readBlock, row)),
  add: (id, at) => database.run(ADD, id, at),
  remove: (id) => database.run('DELETE FROM blocked WHERE id = ?', id),
  waiting: (id) => readRow('messages', readWaiting, database.get(COUNT, id, id)),
})
