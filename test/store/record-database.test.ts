import assert from 'node:assert/strict'
import { readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { encodeCbor } from '../../src/core/cbor.ts'
import { KEM_HALF_BYTES } from '../../src/core/kem.ts'
import { DEVICES_MAX, ITEM_BYTES_MAX } from '../../src/core/limits/protocol-limits.ts'
import { BRANCHES_MAX } from '../../src/core/limits/record-limits.ts'
import { readContent as readRecordContent } from '../../src/directory/node/record-content.ts'
import { ENTRIES_SERVED_MAX } from '../../src/directory/request-format.ts'
import { openRecordDatabase } from '../../src/store/record-database.ts'
import { openStore } from '../../src/store/store.ts'
import { makeBytes } from '../core/identities.ts'
import { checkShelfContract } from '../directory/node/record-store-contract.ts'
import { codeOf, makeTemporary } from './folders.ts'

/** The records of a storage node on disk (docs/spec/directory.md §4). */

checkShelfContract(() => openRecordDatabase(null))

const head = { id: makeBytes('Alice', 32), touched: 1000, source: makeBytes('source', 16), items: 2 }
const change = { head, content: makeBytes('content', 40), added: [makeBytes('entry', 90)], dropped: [], evicted: [] }

test('what was written is there when the database is opened again', async (t) => {
  const folder = await makeTemporary(t)
  const first = openRecordDatabase(folder)
  first.write(change)
  first.close()
  const again = openRecordDatabase(folder)
  assert.deepEqual([...again.heads()], [head])
  assert.deepEqual(again.read(head.id), { content: change.content, entries: change.added })
  again.close()
})

test('the most that may be kept of one identity beside its entries is read back', () => {
  const many = <T>(count: number, one: T): readonly T[] => Array.from({ length: count }, () => one)
  const [hash, half] = [new Uint8Array(32), new Uint8Array(KEM_HALF_BYTES)]
  const content = encodeCbor({
    tips: many(BRANCHES_MAX, hash),
    served: many(ENTRIES_SERVED_MAX, hash),
    cards: many(DEVICES_MAX, new Uint8Array(ITEM_BYTES_MAX)),
    kem: many(DEVICES_MAX, [hash, half, half]),
  })
  assert.doesNotThrow(() => readRecordContent(content))
  const records = openRecordDatabase(null)
  records.write({ ...change, content })
  assert.deepEqual(records.content(head.id), content)
  records.close()
})

test('the file is private, and takes the place of no other database', async (t) => {
  const folder = await makeTemporary(t)
  openRecordDatabase(folder).close()
  for (const name of await readdir(folder)) assert.equal((await stat(join(folder, name))).mode & 0o077, 0, name)
  openStore(folder).close()
  const other = await makeTemporary(t)
  const path = join(other, 'records.db')
  await writeFile(path, '', { mode: 0o600 })
  const raw = new DatabaseSync(path)
  raw.exec('PRAGMA application_id = 7; PRAGMA user_version = 1')
  raw.close()
  assert.equal(await codeOf((async () => openRecordDatabase(other))()), 'ERR_STORE_CORRUPT')
})

test('one node at a time has the records of a folder', async (t) => {
  const folder = await makeTemporary(t)
  const first = openRecordDatabase(folder)
  assert.equal(await codeOf((async () => openRecordDatabase(folder))()), 'ERR_STORE_IN_USE')
  first.write(change)
  first.close()
  const second = openRecordDatabase(folder)
  assert.deepEqual([...second.heads()], [head])
  second.close()
})

test('a row that cannot be one is ERR_STORE_CORRUPT', async (t) => {
  const folder = await makeTemporary(t)
  const first = openRecordDatabase(folder)
  first.write(change)
  first.close()
  for (const [sql, ...values] of [
    ['UPDATE records SET content = ?', new Uint8Array(30_000)],
    ['UPDATE records SET content = ?', new Uint8Array(0)],
    ['UPDATE entries SET envelope = ?', new Uint8Array(901)],
    ['UPDATE records SET content = ?', change.content],
  ] as const) {
    const raw = new DatabaseSync(join(folder, 'records.db'))
    raw.prepare(sql).run(...values)
    assert.throws(() => raw.exec('UPDATE records SET touched = -1'))
    assert.throws(() => raw.exec('UPDATE records SET items = 0'))
    raw.close()
    const records = openRecordDatabase(folder)
    assert.equal(await codeOf((async () => records.read(head.id))()), 'ERR_STORE_CORRUPT')
    records.close()
  }
})
