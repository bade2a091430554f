import { ContactError } from '../core/errors.ts'
import { bytes, nullable, record, text, uint } from '../core/fields.ts'
import type { Anchor, KeyLog } from '../core/key-log.ts'
import { NAME_LENGTH_MAX } from '../core/limits/store-limits.ts'
import type { Database } from './database.ts'
import { createLogReader, HASH_BYTES, type LogReader, logColumn, readRow } from './rows.ts'

/** Identities whose address the owner of this folder gave: their furthest log, and what a person has confirmed of it. */
export type ContactStore = {
  /** Whether it is one, without reading its log. */
  has(id: Uint8Array): boolean
  get(id: Uint8Array): StoredContact | null
  named(name: string): StoredContact | null
  /** In the order in which they were added. */
  all(): readonly StoredContact[]
  /** Adds a contact, or gives it a later log. @param now seconds since 1970 */
  keep(log: KeyLog, now: number): void
  /** @throws ContactError ERR_CONTACT_NAME when another contact has the name */
  rename(id: Uint8Array, name: string | null): void
  verify(id: Uint8Array, anchor: Anchor, now: number): void
  published(id: Uint8Array, now: number): void
  remove(id: Uint8Array): void
  /** Puts a whole contact in, as a backup has it. */
  restore(contact: StoredContact): void
}

export type StoredContact = {
  readonly id: Uint8Array
  /** what the owner of this folder calls it */
  readonly name: string | null
  /** Verified when it is looked at: whoever lists thousands looks at few. @throws StoreError ERR_STORE_CORRUPT */
  readonly log: KeyLog
  /** the entry that a person has confirmed, and when, seconds since 1970 */
  readonly anchor: Anchor | null
  readonly verified: number | null
  readonly added: number
  /** when its log was last put into the directory from here; 0 for never */
  readonly published: number
}

type Row = {
  readonly id: Uint8Array
  readonly name: string | null
  readonly log: unknown
  readonly anchor_seq: number | null
  readonly anchor_head: Uint8Array | null
  readonly verified: number | null
  readonly added: number
  readonly published: number
}

const readColumns = record<Row>({
  id: bytes(HASH_BYTES),
  name: nullable(text(NAME_LENGTH_MAX)),
  log: (value) => value,
  anchor_seq: nullable(uint()),
  anchor_head: nullable(bytes(HASH_BYTES)),
  verified: nullable(uint()),
  added: uint(),
  published: uint(),
})

const readContact = (row: unknown, readLog: LogReader): StoredContact => {
  const columns = readRow('contacts', readColumns, row)
  const { id, name, log, anchor_seq: seq, anchor_head: head, verified, added, published } = columns
  const anchor = seq === null || head === null ? null : { seq, head }
  return {
    ...{ id, name, anchor, verified, added, published },
    get log() {
      return readRow('contacts', readLog(id), log)
    },
  }
}

const COLUMNS = 'id, name, log, anchor_seq, anchor_head, verified, added, published'

export const createContactStore = (database: Database, readLog: LogReader = createLogReader()): ContactStore => {
  const find = (where: string, value: Uint8Array | string): StoredContact | null => {
    const row = database.get(`SELECT ${COLUMNS} FROM contacts WHERE ${where} = ?`, value)
    return row === undefined ? null : readContact(row, readLog)
  }
  const refuseTaken = (id: Uint8Array, name: string | null): void => {
    if (name === null) return
    const taken = database.get('SELECT 1 FROM contacts WHERE name = ? AND id <> ?', name, id)
    if (taken !== undefined) throw new ContactError('ERR_CONTACT_NAME', { hint: `${name} is another contact` })
  }

  return {
    has: (id) => database.get('SELECT 1 FROM contacts WHERE id = ?', id) !== undefined,
    get: (id) => find('id', id),
    named: (name) => find('name', name),
    all: () =>
      database.all(`SELECT ${COLUMNS} FROM contacts ORDER BY added, id`).map((row) => readContact(row, readLog)),
    keep: (log, now) =>
      database.run(
        `INSERT INTO contacts (id, log, added, published) VALUES (?, ?, ?, 0)
         ON CONFLICT (id) DO UPDATE SET log = excluded.log`,
        log.id,
        logColumn(log),
        now,
      ),
    rename: (id, name) =>
      database.transaction(() => {
        refuseTaken(id, name)
        database.run('UPDATE contacts SET name = ? WHERE id = ?', name, id)
      }),
    verify: (id, { seq, head }, now) =>
      database.run(
        'UPDATE contacts SET anchor_seq = ?, anchor_head = ?, verified = ? WHERE id = ?',
        seq,
        head,
        now,
        id,
      ),
    published: (id, now) => database.run('UPDATE contacts SET published = ? WHERE id = ?', now, id),
    remove: (id) =>
      database.transaction(() => {
        // What was said with a contact is its owner's to delete, and does not make room for strangers.
        database.run(
          `INSERT OR REPLACE INTO forgotten (peer, upto)
           SELECT id, (SELECT coalesce(max(messages.id), 0) FROM messages WHERE peer = contacts.id) FROM contacts WHERE id = ?`,
          id,
        )
        database.run('DELETE FROM contacts WHERE id = ?', id)
      }),
    restore: ({ id, name, log, anchor, verified, added, published }) =>
      database.transaction(() => {
        refuseTaken(id, name)
        database.run(
          `INSERT OR REPLACE INTO contacts (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
          id,
          name,
          logColumn(log),
          anchor?.seq ?? null,
          anchor?.head ?? null,
          verified,
          added,
          published,
        )
      }),
  }
}
