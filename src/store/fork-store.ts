import { bytes, record, uint } from '../core/fields.ts'
import type { KeyLog } from '../core/key-log.ts'
import type { Database } from './database.ts'
import { HASH_BYTES, logColumn, readLog, readRow } from './rows.ts'

/** Contradictions that nobody has decided yet: two logs of one identity, kept as evidence and as what blocks sending. */
export type ForkStore = {
  get(id: Uint8Array): Fork | null
  /** Keeps the evidence against an identity. @param found seconds since 1970, when the first of it came */
  keep(fork: Fork, found: number): void
  /** The contradiction is over. */
  forget(id: Uint8Array): void
  /** All of them, for a backup. */
  all(): readonly StoredFork[]
}

export type Fork = { readonly a: KeyLog; readonly b: KeyLog }
export type StoredFork = Fork & { readonly found: number }

type Row = { readonly id: Uint8Array; readonly a: unknown; readonly b: unknown; readonly found: number }
const blob = (value: unknown): unknown => value
const readColumns = record<Row>({ id: bytes(HASH_BYTES), a: blob, b: blob, found: uint() })

const readFork = (row: unknown): StoredFork => {
  const { id, found, ...logs } = readRow('forks', readColumns, row)
  return { ...readRow('forks', record<Fork>({ a: readLog(id), b: readLog(id) }), logs), found }
}

export const createForkStore = (database: Database): ForkStore => ({
  get: (id) => {
    const row = database.get('SELECT id, a, b, found FROM forks WHERE id = ?', id)
    if (row === undefined) return null
    const { a, b } = readFork(row)
    return { a, b }
  },
  keep: ({ a, b }, found) =>
    database.run(
      'INSERT INTO forks (id, a, b, found) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET a = excluded.a, b = excluded.b',
      a.id,
      logColumn(a),
      logColumn(b),
      found,
    ),
  forget: (id) => database.run('DELETE FROM forks WHERE id = ?', id),
  all: () => database.all('SELECT id, a, b, found FROM forks ORDER BY found, id').map(readFork),
})
