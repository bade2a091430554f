import assert from 'node:assert/strict'
import { chmod, copyFile, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { encodeSession } from '../../src/core/session/snapshot.ts'
import { decodeBody, encodeBody } from '../../src/messages/body.ts'
import { FIRST_SCHEMA, MIGRATIONS } from '../../src/store/migrations.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { at, makeBytes, NOW } from '../core/identities.ts'
import { written } from '../messages/written.ts'
import { storeKey } from './fixtures/make.ts'
import { makeTemporary } from './folders.ts'

/** Databases that were written by each schema there was are opened by this one, with all that is in them, or refused and left alone. */

const FIXTURES = join(import.meta.dirname, 'fixtures')

const versionOf = (raw: DatabaseSync): number =>
  Number(Object.values(raw.prepare('PRAGMA user_version').get() ?? {})[0])

/** A folder with a database of that schema in it. */
const unpacked = async (t: TestContext, version: number): Promise<string> => {
  const folder = await makeTemporary(t)
  const path = join(folder, 'handfast.db')
  await copyFile(join(FIXTURES, `handfast-${version}.db`), path)
  await chmod(path, 0o600)
  const raw = new DatabaseSync(path)
  assert.equal(versionOf(raw), version)
  raw.close()
  return folder
}

/** What the schema numbered `FIRST_SCHEMA` has, and what each step after it brought. */
const STEPS: readonly ((store: Store) => void)[] = [
  ({ self, contacts, floors, forks, settings, applications, messages, transfers, offlineSessions, mailboxOutbox }) => {
    const bob = contacts.named('Bob')
    assert.ok(bob)
    const { id, log, anchor, added, verified, published } = bob
    const { epoch, last } = log
    assert.deepEqual([log.entries.length, added, verified, published], [last.entry.seq + 1, NOW, NOW + 1, 0])
    assert.deepEqual(anchor, { seq: last.entry.seq, head: last.hash })
    const devices = [{ device: makeBytes('device', 16), serial: 17, inc: makeBytes('inc', 16) }]
    assert.deepEqual(floors.get(id), { epoch, seq: last.entry.seq, head: last.hash, devices })
    assert.deepEqual(forks.get(id)?.a.last.hash, last.hash)
    // It lies elsewhere than where it was made.
    assert.deepEqual([self.state().issued, self.state().former.length, self.state().moved], [42, 1, true])
    assert.equal(settings.get('network'), '192.0.2.1:49737')

    assert.deepEqual(applications.all(), ['chess', 'handfast'])
    const said = ['handfast', 'chess'].flatMap((app) => messages.history(id, app, 1e9, 10))
    const own = makeBytes('own sequence', 16)
    const theirs = makeBytes('their sequence', 16)
    assert.deepEqual(
      said.map(({ app, out, m, at, queued, state, body }) => [app, out, m, at, queued, state, decodeBody(body)]),
      [
        ['handfast', true, makeBytes('to Bob', 32), 1, 1, 'queued', { text: 'to Bob' }],
        ['chess', false, makeBytes('from Bob', 32), 2, 4000, 'arrived', { data: makeBytes('from Bob', 20) }],
      ],
    )
    const pair = { own: makeBytes('own device', 16), device: makeBytes('his device', 16) }
    assert.deepEqual(messages.sequences(id, pair), [{ sequence: own, app: 'handfast', got: 0 }])
    assert.deepEqual(messages.lastPlace(id, own), { n: 1, c: makeBytes('our place', 32) })
    const c = makeBytes('his place', 32)
    assert.deepEqual(messages.places(id), [{ sequence: theirs, app: 'chess', have: 1, c }])
    assert.deepEqual(messages.earlierPlace(id, theirs, 1), { n: 1, c })
    assert.deepEqual(messages.interrupted(), [id])

    const transfer = transfers.find(id, true, makeBytes('transfer', 16))
    assert.deepEqual([transfer?.name, transfer?.path, transfer?.size], ['photo.jpg', '/photo.jpg', 4])
    assert.deepEqual(Uint8Array.from(transfer?.secret?.export() ?? []), makeBytes('secret', 32))

    const session = at(offlineSessions.all(id), 0)
    assert.deepEqual([session.begun, session.heard, session.own], [6, 7, makeBytes('own', 33)])
    assert.deepEqual(session.inc, makeBytes('inc', 16))
    assert.ok(encodeSession(session.session).length > 100)
    const parcel = at(mailboxOutbox.queued(id), 0)
    assert.deepEqual([parcel.sequence, parcel.upto], [own, 1])
    assert.deepEqual(mailboxOutbox.parcel(parcel.number), makeBytes('parcel', 2048))
    assert.deepEqual(mailboxOutbox.parcelled(id, own), { upto: 1, at: 9, mailboxes: makeBytes('mailboxes', 32) })
    assert.deepEqual(
      [9, 10].map((now) => mailboxOutbox.waiting(now).length),
      [1, 2],
    )
  },
]

test('there is a database of every schema that is read, and a check of every step', () => {
  assert.equal(STEPS.length, MIGRATIONS.length)
})

for (const index of MIGRATIONS.keys())
  test(`a database of schema ${FIRST_SCHEMA + index} opens, with everything in it`, async (t) => {
    const store = openStore(await unpacked(t, FIRST_SCHEMA + index), storeKey)
    t.after(() => store.close())
    for (const step of STEPS.slice(0, index + 1)) step(store)
    // What came later is there to be used.
    store.mailboxOutbox.oweReceipt(makeBytes('somebody', 32))
    assert.ok(store.mailboxOutbox.owedReceipt(makeBytes('somebody', 32), 0))
    store.messages.queue(
      written({ from: makeBytes('own', 32), to: makeBytes('somebody', 32), app: 'handfast' }, encodeBody('now')),
    )
  })

for (let version = 1; version < FIRST_SCHEMA; version++)
  test(`a database of schema ${version} is refused, and stays as it is`, async (t) => {
    const folder = await unpacked(t, 1)
    const path = join(folder, 'handfast.db')
    const raw = new DatabaseSync(path)
    // As a peer left it, in that schema.
    raw.exec(`PRAGMA journal_mode = WAL; PRAGMA user_version = ${version}`)
    raw.close()
    const before = await readFile(path)
    assert.throws(() => openStore(folder, storeKey), { code: 'ERR_STORE_VERSION' })
    assert.deepEqual(await readFile(path), before)
    assert.deepEqual(await readdir(folder), ['handfast.db'])
  })
