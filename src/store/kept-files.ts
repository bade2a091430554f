import type { Database } from './database.ts'

/** Files that this folder has had beside its database: one that is not there any more has vanished. */
export type KeptFiles = {
  has(name: string): boolean
  add(name: string): void
}

/** Both throw StoreError as `Database` does. */
export const createKeptFiles = (database: Database): KeptFiles => ({
  has: (name) => database.get('SELECT 1 FROM kept_files WHERE name = ?', name) !== undefined,
  add: (name) => database.run('INSERT OR IGNORE INTO kept_files (name) VALUES (?)', name),
})
