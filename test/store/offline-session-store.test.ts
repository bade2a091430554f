import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { secretKey } from '../../src/core/kdf.ts'
import { OFFLINE_SESSIONS_MAX, STRANGERS_OFFLINE_SESSIONS_MAX } from '../../src/core/limits/message-limits.ts'
import type { Session } from '../../src/core/session/session.ts'
import { encodeSession } from '../../src/core/session/snapshot.ts'
import type { OfflineSession } from '../../src/store/offline-session-store.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { at, type Identity, makeBytes, makeIdentity } from '../core/identities.ts'
import { makeTalkingSides } from '../core/sessions.ts'
import { makeTemporary } from './folders.ts'

const { alice: side } = makeTalkingSides('stored')
const idOf = (name: string | number): Uint8Array => makeBytes(`session/${name}`, 16)

const sessionOf = (
  name: string | number,
  { log }: Identity,
  changed: Partial<OfflineSession> = {},
): OfflineSession => ({
  h1: makeBytes(`h1/${name}`, 32),
  ours: true,
  live: true,
  begun: 5,
  heard: null,
  session: { ...side.session, id: idOf(name) } satisfies Session,
  hello: makeBytes('hello', 2_000),
  log,
  device: at(log.last.entry.devices, 0),
  own: makeBytes('own', 33),
  inc: makeBytes('inc', 16),
  ...changed,
})

const open = (t: TestContext, folder: string | null, key = 'key'): Store => {
  const store = openStore(folder, secretKey(makeBytes(key, 32)))
  t.after(() => store.close())
  return store
}

/** What can be compared: keys are objects without visible content. */
const visible = ({ session, log, ...rest }: OfflineSession) => ({
  ...rest,
  session: encodeSession(session),
  log: log.entries.map(({ envelope }) => envelope),
})

const bob = makeIdentity('Bob')

test('a session comes back as it was, and nothing of it is in the clear on the disk', async (t) => {
  const folder = await makeTemporary(t)
  const first = open(t, folder)
  const kept = sessionOf('one', bob)
  first.offlineSessions.keep(kept, 10)
  const next = { ...kept, hello: null, heard: 12, session: { ...kept.session, previous: 7 } }
  first.offlineSessions.keep(next, 12)
  first.close()
  const snapshot = Buffer.from(encodeSession(kept.session))
  for (const name of await readdir(folder)) {
    const bytes = await readFile(join(folder, name))
    for (let from = 0; from + 24 < snapshot.length; from += 8)
      assert.ok(!bytes.includes(snapshot.subarray(from, from + 24)), `${name} ${from}`)
  }
  const store = open(t, folder)
  const again = store.offlineSessions.get(idOf('one'))
  assert.ok(again)
  assert.deepEqual(visible(again), visible(next))
  assert.deepEqual(store.offlineSessions.all(bob.log.id).map(visible), [visible(next)])
  assert.equal(store.offlineSessions.get(idOf('two')), null)
})

test('under another key, in the place of another, or given to another peer, it is damaged', async (t) => {
  const folder = await makeTemporary(t)
  const store = open(t, folder)
  store.offlineSessions.keep(sessionOf('one', bob), 10)
  assert.throws(() => open(t, folder, 'another').offlineSessions.get(idOf('one')), { code: 'ERR_STORE_CORRUPT' })
  const raw = new DatabaseSync(join(folder, 'handfast.db'))
  t.after(() => raw.close())
  raw.prepare('UPDATE offline_sessions SET peer = ?').run(makeIdentity('Carol').log.id)
  assert.throws(() => store.offlineSessions.get(idOf('one')), { code: 'ERR_STORE_CORRUPT' })
  raw.prepare('UPDATE offline_sessions SET peer = ?, id = ?').run(bob.log.id, idOf('two'))
  assert.throws(() => store.offlineSessions.get(idOf('two')), { code: 'ERR_STORE_CORRUPT' })
})

test('of a peer the latest are kept, those that are sent in before all others', (t) => {
  const { offlineSessions } = open(t, null)
  offlineSessions.keep(sessionOf('sent in', bob), 1)
  for (let name = 0; name < OFFLINE_SESSIONS_MAX + 3; name++)
    offlineSessions.keep(sessionOf(name, bob, { live: false }), 10 + name)
  const kept = offlineSessions.all(bob.log.id)
  assert.equal(kept.length, OFFLINE_SESSIONS_MAX)
  assert.ok(offlineSessions.get(idOf('sent in')))
  assert.ok(offlineSessions.get(idOf(OFFLINE_SESSIONS_MAX + 2)))
  assert.equal(offlineSessions.get(idOf(3)), null)
})

test('strangers share what there is, contacts do not', (t) => {
  const store = open(t, null)
  store.contacts.keep(bob.log, 1)
  store.offlineSessions.keep(sessionOf('contact', bob), 1)
  const count = Math.ceil((STRANGERS_OFFLINE_SESSIONS_MAX + 10) / OFFLINE_SESSIONS_MAX)
  const people = Array.from({ length: count }, (_, index) => makeIdentity(`stranger ${index}`))
  store.transaction(() => {
    for (const [index, person] of people.entries())
      for (let name = 0; name < OFFLINE_SESSIONS_MAX; name++)
        store.offlineSessions.keep(sessionOf(`${index}/${name}`, person), 10 + index)
  })
  assert.ok(store.offlineSessions.get(idOf('contact')))
  const kept = people.map(({ log }) => store.offlineSessions.all(log.id).length)
  assert.equal(
    kept.reduce((sum, one) => sum + one),
    STRANGERS_OFFLINE_SESSIONS_MAX,
  )
  assert.deepEqual([kept[0], kept.at(-1)], [0, OFFLINE_SESSIONS_MAX])
})
