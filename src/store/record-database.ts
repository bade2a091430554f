import { bytes, record, uint } from '../core/fields.ts'
import { blake2b256 } from '../core/kdf.ts'
import { ITEM_BYTES_MAX } from '../core/limits/protocol-limits.ts'
import { openDatabase, type Schema } from './database.ts'
import { HASH_BYTES, readRow } from './rows.ts'

/**
 * The records that a storage node stores for others (`records.db`, docs/spec/directory.md §4): the record store of
 * `directory/node/record-store.ts` on disk. It knows nothing of what they mean; the directory verifies them again when it reads them. A commit waits for no disk, since a stranger's
 * PUT must not make this node wait: a killed process loses nothing, a power cut the last moments, which their owners publish again.
 */
export type RecordDatabase = {
  /** Everybody who is there. @throws StoreError, as all that follow */
  heads(): Iterable<Head>
  read(id: Uint8Array): { readonly content: Uint8Array; readonly entries: readonly Uint8Array[] } | null
  content(id: Uint8Array): Uint8Array | null
  entry(id: Uint8Array, hash: Uint8Array): Uint8Array | null
  /** All of it or nothing. */
  write(change: Change): void
  touch(head: Head): void
  remove(ids: readonly Uint8Array[]): void
  close(): void
}

type Head = {
  readonly id: Uint8Array
  readonly touched: number
  readonly source: Uint8Array
  readonly items: number
}

type Change = {
  readonly head: Head
  readonly content: Uint8Array
  readonly added: readonly Uint8Array[]
  readonly dropped: readonly Uint8Array[]
  readonly evicted: readonly Uint8Array[]
}

/** "hfrc". A step that was ever released never changes. */
const SCHEMA: Schema = {
  name: 'records.db',
  applicationId: 0x68667263,
  // Databases of schema 1 have entries under other hashes.
  first: 2,
  survives: 'process',
  // What is known of them is in the memory of one node, and would be wrong if another wrote.
  exclusive: true,
  migrations: [
    [
      // `source` stands for the network a record came from, under a key that the process which wrote it took with it.
      `CREATE TABLE records (
        id BLOB PRIMARY KEY CHECK (length(id) = 32), touched INTEGER NOT NULL CHECK (touched >= 0),
        source BLOB NOT NULL CHECK (length(source) = 16), items INTEGER NOT NULL CHECK (items > 0),
        content BLOB NOT NULL
      ) STRICT`,
      `CREATE TABLE entries (
        id BLOB NOT NULL REFERENCES records ON DELETE CASCADE, hash BLOB NOT NULL CHECK (length(hash) = 32),
        envelope BLOB NOT NULL, PRIMARY KEY (id, hash)
      ) STRICT, WITHOUT ROWID`,
    ],
  ],
}

const SOURCE_BYTES = 16

/** Seven cards of 900 bytes, seven keys of 1,184, hashes of 253 entries that are served and of 4 last ones, and CBOR's heads. */
const CONTENT_BYTES_MAX = 26_000

const readHead = record<Head>({ id: bytes(HASH_BYTES), touched: uint(), source: bytes(SOURCE_BYTES), items: uint() })
const readContent = record<{ content: Uint8Array }>({ content: bytes(1, CONTENT_BYTES_MAX) })
const readEntry = record<{ envelope: Uint8Array }>({ envelope: bytes(1, ITEM_BYTES_MAX) })

/**
 * @param folder a data folder that exists; null: in memory
 * @throws StoreError ERR_STORE_IN_USE when another node has it; ERR_STORE_*
 */
export const openRecordDatabase = (folder: string | null): RecordDatabase => {
  const database = openDatabase(folder, SCHEMA)

  const remove = (ids: readonly Uint8Array[]): void => {
    for (const id of ids) database.run('DELETE FROM records WHERE id = ?', id)
  }

  const content = (id: Uint8Array): Uint8Array | null => {
    const row = database.get('SELECT content FROM records WHERE id = ?', id)
    return row === undefined ? null : readRow('records', readContent, row).content
  }

  return {
    heads: () =>
      database.all('SELECT id, touched, source, items FROM records').map((row) => readRow('records', readHead, row)),
    read: (id) => {
      const stored = content(id)
      if (stored === null) return null
      const entries = database.all('SELECT envelope FROM entries WHERE id = ?', id)
      return { content: stored, entries: entries.map((row) => readRow('entries', readEntry, row).envelope) }
    },
    content,
    entry: (id, hash) => {
      const row = database.get('SELECT envelope FROM entries WHERE id = ? AND hash = ?', id, hash)
      return row === undefined ? null : readRow('entries', readEntry, row).envelope
    },
    write: ({ head: { id, touched, source, items }, content, added, dropped, evicted }) =>
      database.transaction(() => {
        remove(evicted)
        database.run(
          `INSERT INTO records (id, touched, source, items, content) VALUES (?, ?, ?, ?, ?)
          ON CONFLICT (id) DO UPDATE SET touched = excluded.touched, source = excluded.source, items = excluded.items,
          content = excluded.content`,
          ...[id, touched, source, items, content],
        )
        for (const hash of dropped) database.run('DELETE FROM entries WHERE id = ? AND hash = ?', id, hash)
        for (const envelope of added)
          database.run('INSERT INTO entries (id, hash, envelope) VALUES (?, ?, ?)', id, blake2b256(envelope), envelope)
      }),
    touch: ({ id, touched, source }) =>
      database.run('UPDATE records SET touched = ?, source = ? WHERE id = ?', touched, source, id),
    remove: (ids) => database.transaction(() => remove(ids)),
    close: database.close,
  }
}
