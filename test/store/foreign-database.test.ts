import assert from 'node:assert/strict'
import { chmod, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { openStore } from '../../src/store/store.ts'
import { makeTemporary } from './folders.ts'

test('a database of another program is refused and left alone, also one that does not say whose it is', async (t) => {
  const folder = await makeTemporary(t)
  const path = join(folder, 'handfast.db')
  const theirs = new DatabaseSync(path)
  // As one of ours is written, so that its bytes can be compared.
  theirs.exec('PRAGMA journal_mode = WAL; CREATE TABLE theirs (a)')
  theirs.close()
  await chmod(path, 0o600)
  const before = await readFile(path)
  assert.throws(() => openStore(folder), { code: 'ERR_STORE_CORRUPT' })
  assert.deepEqual(await readFile(path), before)
})

test('a database that lacks a table is damaged, so that its owner can go on without it', async (t) => {
  const folder = await makeTemporary(t)
  openStore(folder).close()
  const raw = new DatabaseSync(join(folder, 'handfast.db'))
  raw.exec('DROP TABLE blocked')
  raw.close()
  const store = openStore(folder)
  t.after(() => store.close())
  assert.throws(() => store.blocked.all(), { code: 'ERR_STORE_CORRUPT' })
})
