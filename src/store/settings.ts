import { record, text } from '../core/fields.ts'
import type { Database } from './database.ts'
import { readRow } from './rows.ts'

/** What the owner of a folder chose once. */
export const SETTING_NAMES = ['network', 'mailboxes', 'relay'] as const
export type SettingName = (typeof SETTING_NAMES)[number]

/** `clock` is the latest time that was seen, and waits to be sure (`core/steady-clock.ts`), and is in no backup. */
export type SettingStore = {
  get(name: SettingName | 'clock'): string | null
  set(name: SettingName | 'clock', value: string): void
}

/** Longest value: a list of some hundred nodes. */
export const SETTING_LENGTH_MAX = 8_192

const readValue = record<{ readonly value: string }>({ value: text(SETTING_LENGTH_MAX) })

export const createSettingStore = (database: Database): SettingStore => ({
  get: (name) => {
    const row = database.get('SELECT value FROM settings WHERE name = ?', name)
    return row === undefined ? null : readRow('settings', readValue, row).value
  },
  set: (name, value) =>
    database.run(
      'INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
      name,
      value,
    ),
})
