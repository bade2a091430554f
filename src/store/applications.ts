import { record } from '../core/fields.ts'
import { APPLICATIONS_MAX } from '../core/limits/message-limits.ts'
import { programName } from '../core/names.ts'
import type { Database } from './database.ts'
import { countOf } from './message-rows.ts'
import { readRow } from './rows.ts'

/** Applications that were opened on this folder: messages for others find little room. */
export type Applications = {
  has(name: string): boolean
  /** Remembers one that is opened. Beyond 32 it is not remembered: its messages have the room of unknown ones. */
  remember(name: string): void
  all(): readonly string[]
}

const readName = record<{ readonly name: string }>({ name: programName })

/** All of these throw StoreError as `Database` does. */
export const createApplications = (database: Database): Applications => ({
  has: (name) => database.get('SELECT 1 FROM applications WHERE name = ?', name) !== undefined,
  remember: (name) =>
    database.transaction(() => {
      if (countOf(database.get('SELECT count(*) AS n FROM applications')) >= APPLICATIONS_MAX) return
      database.run('INSERT OR IGNORE INTO applications (name) VALUES (?)', name)
    }),
  all: () =>
    database
      .all('SELECT name FROM applications ORDER BY name')
      .map((row) => readRow('applications', readName, row).name),
})
