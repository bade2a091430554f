import { bytes, record } from '../core/fields.ts'
import type { KeyLog } from '../core/key-log.ts'
import type { Database } from './database.ts'
import { HASH_BYTES, logColumn, readLog, readRow } from './rows.ts'

/** Contradictions that nobody has decided yet: two logs of one identity, kept as evidence and as what blocks sending. */
export type Forks = {
  get(id: Uint8Array): Fork | null
  /** Keeps the evidence against an identity. @param found seconds since 1970, when the first of it came */
  keep(fork: Fork, found: number): void
  /** The contradiction is over. */
  forget(id: Uint8Array): void
  all(): readonly Fork[]
}

export type Fork = { readonly a: KeyLog; readonly b: KeyLog }

const readFork = (row: unknown): Fork => {
  const { id, ...logs } = readRow('forks', record<Ids>({ id: bytes(HASH_BYTES), a: blob, b: blob }), row)
  return readRow('forks', record<Fork>({ a: readLog(id), b: readLog(id) }), logs)
}

type Ids = { readonly id: Uint8Array; readonly a: unknown; readonly b: unknown }
const blob = (value: unknown): unknown => value

export const createForks = (database: Database): Forks => ({
  get: (id) => {
    const row = database.get('SELECT id, a, b FROM forks WHERE id = ?', id)
    return row === undefined ? null : readFork(row)
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
  all: () => database.all('SELECT id, a, b FROM forks').map(readFork),
})
