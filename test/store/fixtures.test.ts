import assert from 'node:assert/strict'
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { encodeSession } from '../../src/core/session/snapshot.ts'
import { MIGRATIONS } from '../../src/store/migrations.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { at, makeBytes, NOW } from '../core/identities.ts'
import { storeKey } from './fixtures/make.ts'
import { makeTemporary } from './folders.ts'

/** Databases that were written by each earlier schema are opened by this one, and nothing in them is lost. */

const opened = async (t: TestContext, version: number): Promise<Store> => {
  const folder = await makeTemporary(t)
  const path = join(folder, 'handfast.db')
  await copyFile(join(import.meta.dirname, 'fixtures', `handfast-${version}.db`), path)
  const raw = new DatabaseSync(path)
  assert.equal(Number(Object.values(raw.prepare('PRAGMA user_version').get() ?? {})[0]), version)
  raw.close()
  const store = openStore(folder, storeKey)
  t.after(() => store.close())
  return store
}

/** What each step brought, and what is of it in the databases written since. */
const STEPS: readonly ((store: Store) => void)[] = [
  ({ contacts, floors, forks, settings }) => {
    const bob = contacts.named('Bob')
    assert.ok(bob)
    const { id, log, anchor, added, verified, published } = bob
    assert.deepEqual([log.entries.length, added, verified, published], [log.last.entry.seq + 1, NOW, NOW + 1, 0])
    assert.deepEqual(anchor, { seq: log.last.entry.seq, head: log.last.hash })
    const { epoch } = log
    assert.deepEqual(floors.get(id), { epoch, seq: log.last.entry.seq, head: log.last.hash, serial: 17 })
    assert.deepEqual(forks.get(id)?.a.last.hash, log.last.hash)
    assert.equal(settings.get('bootstrap'), '192.0.2.1:49737')
  },
  ({ contacts, messages }) => {
    const { id } = at(contacts.all(), 0)
    const said = messages.history(id, 1e9, 10)
    assert.deepEqual(
      said.map(({ out, number, state, body }) => [out, number, state, body]),
      [
        [true, 1, 'queued', { text: 'to Bob' }],
        [false, 1, 'arrived', { data: makeBytes('from Bob', 20) }],
      ],
    )
    assert.deepEqual(messages.places(id), [{ stream: makeBytes('stream', 16), have: 1 }])
    assert.deepEqual(messages.interrupted(), [id])
  },
  ({ contacts, transfers }) => {
    const { id } = at(contacts.all(), 0)
    const transfer = transfers.find(id, true, makeBytes('transfer', 16))
    assert.deepEqual([transfer?.name, transfer?.path, transfer?.size], ['photo.jpg', '/photo.jpg', 4])
    assert.deepEqual(Uint8Array.from(transfer?.secret?.export() ?? []), makeBytes('secret', 32))
  },
  ({ contacts, mailboxOutbox, offlineSessions }) => {
    const { id } = at(contacts.all(), 0)
    const session = at(offlineSessions.all(id), 0)
    assert.deepEqual([session.begun, session.heard, session.own], [6, 7, makeBytes('own', 33)])
    assert.ok(encodeSession(session.session).length > 100)
    const parcel = at(mailboxOutbox.queued(id), 0)
    assert.deepEqual(mailboxOutbox.parcel(parcel.number), makeBytes('parcel', 2048))
    assert.equal(mailboxOutbox.mailed(id)?.upto, 1)
    assert.equal(mailboxOutbox.waiting().length, 2)
  },
]

test('there is a database of every schema there was, and a check of every step', () => {
  assert.equal(STEPS.length, MIGRATIONS.length)
})

for (let version = 1; version <= MIGRATIONS.length; version++)
  test(`a database of schema ${version} opens, with everything in it`, async (t) => {
    const store = await opened(t, version)
    for (const step of STEPS.slice(0, version)) step(store)
    // What came later is there to be used.
    store.mailboxOutbox.oweReceipt(makeBytes('somebody', 32))
    assert.ok(store.mailboxOutbox.owesReceipt(makeBytes('somebody', 32)))
    store.messages.queue(makeBytes('somebody', 32), { text: 'now' }, 1, makeBytes('new', 16))
  })
