import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { openDatabase } from '../../src/store/database.ts'
import { FIRST_SCHEMA, MIGRATIONS } from '../../src/store/migrations.ts'
import { openStore } from '../../src/store/store.ts'
import { makeBytes } from '../core/identities.ts'
import { codeOf, makeTemporary } from './folders.ts'

const LATEST = FIRST_SCHEMA + MIGRATIONS.length - 1

const codeOfOpening = (folder: string): Promise<unknown> => codeOf((async () => openStore(folder).close())())

test('the schema is numbered, and made once', async (t) => {
  const folder = await makeTemporary(t)
  for (let round = 0; round < 2; round++) {
    const database = openDatabase(folder)
    assert.deepEqual({ ...(database.get('PRAGMA user_version') as object) }, { user_version: LATEST })
    assert.deepEqual({ ...(database.get('PRAGMA journal_mode') as object) }, { journal_mode: 'wal' })
    assert.deepEqual({ ...(database.get('PRAGMA synchronous') as object) }, { synchronous: 2 })
    database.close()
  }
})

test('a database of what others bring again does not wait for the disk', async (t) => {
  const folder = await makeTemporary(t)
  const database = openDatabase(folder, { name: 'other.db', applicationId: 1, migrations: [], survives: 'process' })
  assert.deepEqual({ ...(database.get('PRAGMA synchronous') as object) }, { synchronous: 1 })
  assert.deepEqual({ ...(database.get('PRAGMA journal_mode') as object) }, { journal_mode: 'wal' })
  database.close()
})

test('a schema of a later version is refused and left as it is', async (t) => {
  const folder = await makeTemporary(t)
  openStore(folder).close()
  const path = join(folder, 'handfast.db')
  const raw = new DatabaseSync(path)
  raw.exec(`PRAGMA user_version = ${LATEST + 1}`)
  raw.close()
  const before = await readFile(path)
  assert.equal(await codeOfOpening(folder), 'ERR_STORE_VERSION')
  assert.deepEqual(await readFile(path), before)
})

test('a file that is no database of ours is refused and left as it is', async (t) => {
  const folder = await makeTemporary(t)
  const path = join(folder, 'handfast.db')
  const text = 'something that was here before, and is no database at all'.repeat(100)
  await writeFile(path, text, { mode: 0o600 })
  assert.equal(await codeOfOpening(folder), 'ERR_STORE_CORRUPT')
  assert.equal(await readFile(path, 'utf8'), text)

  const other = await makeTemporary(t)
  await writeFile(join(other, 'handfast.db'), '', { mode: 0o600 })
  const raw = new DatabaseSync(join(other, 'handfast.db'))
  raw.exec('PRAGMA application_id = 7; CREATE TABLE theirs (a)')
  raw.close()
  assert.equal(await codeOfOpening(other), 'ERR_STORE_CORRUPT')
})

test('a page that was overwritten is noticed, not read as truth', async (t) => {
  const folder = await makeTemporary(t)
  const store = openStore(folder)
  const floor = { epoch: 0, seq: 0, head: makeBytes('head', 32), devices: [] }
  store.transaction(() => {
    for (let index = 0; index < 200; index++) store.floors.update(makeBytes(`${index}`, 32), () => floor, true)
  })
  store.close()
  const path = join(folder, 'handfast.db')
  const whole = await readFile(path)
  // All but the first page, which says what the file is.
  await writeFile(path, Buffer.concat([whole.subarray(0, 4096), Buffer.alloc(whole.length - 4096, 0xff)]))
  const read = async (): Promise<void> => {
    const damaged = openStore(folder)
    try {
      for (let index = 0; index < 200; index++) damaged.floors.get(makeBytes(`${index}`, 32))
    } finally {
      damaged.close()
    }
  }
  assert.equal(await codeOf(read()), 'ERR_STORE_CORRUPT')
})

test('a transaction is all or nothing, and one inside another is part of it', async (t) => {
  const database = openDatabase(await makeTemporary(t))
  t.after(() => database.close())
  const put = (name: string): void => database.run('INSERT INTO settings (name, value) VALUES (?, ?)', name, 'x')
  const fail = (): never => {
    throw new Error('no')
  }
  assert.throws(() =>
    database.transaction(() => {
      put('outer')
      database.transaction(() => put('inner'))
      fail()
    }),
  )
  assert.deepEqual(database.all('SELECT name FROM settings'), [])
  assert.equal(
    database.transaction(() => {
      put('a')
      return 5
    }),
    5,
  )
  assert.equal(database.all('SELECT name FROM settings').length, 1)
})
