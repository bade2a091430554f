import assert from 'node:assert/strict'
import { copyFile, cp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { hex } from '../../src/core/bytes.ts'
import { secretKey } from '../../src/core/kdf.ts'
import { FORMER_INCARNATIONS } from '../../src/core/limits/store-limits.ts'
import { openDatabase } from '../../src/store/database.ts'
import { mergeInto, remember } from '../../src/store/remembered.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { at, grown, makeBytes, makeIdentity, NOW } from '../core/identities.ts'
import { makeTalkingSides } from '../core/sessions.ts'
import { nothing } from './backups.ts'
import { makeTemporary } from './folders.ts'

/** What a store knows of itself, and how it notices that it is elsewhere (docs/spec/store.md §6). */

const storeKey = () => secretKey(makeBytes('store key', 32))

/** What a store that is opened there says, and what is on disk then. */
const look = (folder: string) => {
  const store = openStore(folder, storeKey())
  const { inc, former, issued, moved } = store.self.state()
  store.close()
  return { inc: hex(inc), former: former.map(hex), issued, moved }
}
const onDisk = (folder: string): unknown => {
  const database = openDatabase(folder)
  const row = database.get('SELECT inc, former, drawn, issued, place FROM self')
  database.close()
  return row
}
const stores = async (t: TestContext) => {
  const parent = await makeTemporary(t)
  return { folder: await makeTemporary(t), elsewhere: join(parent, 'elsewhere') }
}

test('it draws an incarnation once, and has it for as long as it stays where it is', async (t) => {
  const { folder } = await stores(t)
  const first = look(folder)
  assert.deepEqual([first.former, first.issued, first.moved], [[], 0, false])
  assert.deepEqual(look(folder), first)
  assert.notEqual(look(await makeTemporary(t)).inc, first.inc)
})

test('a folder that only moved is the same store', async (t) => {
  const { folder, elsewhere } = await stores(t)
  const first = look(folder)
  await rename(folder, elsewhere)
  assert.deepEqual(look(elsewhere), first)
})

test('two folders that are exchanged are what they were', async (t) => {
  const { folder, elsewhere } = await stores(t)
  const other = await makeTemporary(t)
  const [one, two] = [look(folder), look(other)]
  await rename(folder, elsewhere)
  await rename(other, folder)
  await rename(elsewhere, other)
  assert.deepEqual([look(other), look(folder)], [one, two])
})

test('a copy that signs or learns of a twin before it is told to go on is still a copy', async (t) => {
  const { folder, elsewhere } = await stores(t)
  const first = look(folder)
  await cp(folder, elsewhere, { recursive: true })
  const store = openStore(elsewhere, storeKey())
  assert.equal(store.self.state().moved, true)
  store.self.issue(NOW * 1000)
  store.self.know(makeBytes('twin', 16))
  store.close()
  const copy = look(elsewhere)
  assert.deepEqual([copy.moved, copy.former[0]], [true, first.inc])
})

test('a copy is another store, which changes nothing before it is told to go on', async (t) => {
  const { folder, elsewhere } = await stores(t)
  const first = look(folder)
  await cp(folder, elsewhere, { recursive: true })
  const before = onDisk(elsewhere)
  const copy = look(elsewhere)
  assert.deepEqual([copy.moved, copy.former], [true, [first.inc]])
  assert.notEqual(copy.inc, first.inc)
  assert.deepEqual(onDisk(elsewhere), before)

  const store = openStore(elsewhere, storeKey())
  const { inc } = store.self.state()
  store.self.draw()
  assert.deepEqual([store.self.state().inc, store.self.state().moved], [inc, false])
  store.close()
  assert.deepEqual(look(elsewhere), { inc: hex(inc), former: [first.inc], issued: 0, moved: false })
  assert.deepEqual(look(folder), first)
})

test('what was put back over the same file is not noticed here, but by its cards', async (t) => {
  const { folder, elsewhere } = await stores(t)
  const first = look(folder)
  await cp(folder, elsewhere, { recursive: true })
  const store = openStore(folder, storeKey())
  store.self.issue(NOW)
  store.close()
  assert.equal(look(folder).issued, NOW)
  for (const name of ['handfast.db-wal', 'handfast.db-shm']) await rm(join(folder, name), { force: true })
  await copyFile(join(elsewhere, 'handfast.db'), join(folder, 'handfast.db'))
  assert.deepEqual(look(folder), first)
})

test('the serial of a card is on disk before it is told', async (t) => {
  const { folder } = await stores(t)
  const store = openStore(folder, storeKey())
  t.after(() => store.close())
  const given = [NOW, NOW, NOW - 5, NOW + 9].map((clock) => {
    const serial = store.self.issue(clock)
    assert.equal((onDisk(folder) as { issued: number }).issued, serial)
    return serial
  })
  assert.deepEqual(given, [NOW, NOW + 1, NOW + 2, NOW + 9])
})

test('a new incarnation remembers the sixteen before it, and the serial that was the reason', () => {
  const { self } = openStore(null)
  const drawn = [hex(self.state().inc)]
  for (let count = 0; count < FORMER_INCARNATIONS + 3; count++) {
    self.draw({ serial: 1_000 + count, now: NOW })
    drawn.unshift(hex(self.state().inc))
  }
  assert.equal(new Set(drawn).size, drawn.length)
  const { former, issued, drawn: when } = self.state()
  assert.deepEqual(former.map(hex), drawn.slice(1, FORMER_INCARNATIONS + 1))
  assert.deepEqual([issued, when], [1_000 + FORMER_INCARNATIONS + 2, NOW])
  // One that is not ours is told of once.
  self.know(makeBytes('strange', 16))
  assert.deepEqual(self.state().former[0], makeBytes('strange', 16))
  self.draw({ serial: 5, now: NOW })
  assert.equal(self.state().issued, 1_000 + FORMER_INCARNATIONS + 2, 'a serial is never taken back')
})

const bob = grown(makeIdentity('Bob'))

const fill = (store: Store): void => {
  const { alice } = makeTalkingSides('self')
  const { entry } = bob.log.last
  store.offlineSessions.keep(
    {
      ...{
        h1: makeBytes('h1', 32),
        ours: true,
        live: true,
        begun: 6,
        heard: 7,
        hello: null,
        inc: makeBytes('inc', 16),
      },
      ...{ session: alice.session, log: bob.log, device: at(entry.devices, 0), own: makeBytes('own', 33) },
    },
    8,
  )
  const [sequence, mailbox] = [makeBytes('sequence', 16), makeBytes('mailbox', 32)]
  store.mailboxOutbox.queue(bob.log.id, mailbox, 9, { sequence, upto: 1, parcel: makeBytes('parcel', 2048) })
  store.mailboxOutbox.setParcelled(bob.log.id, sequence, { upto: 1, at: 9, mailboxes: makeBytes('mailboxes', 32) })
}
const stateOf = (store: Store) => {
  const { id } = bob.log
  const [session] = store.offlineSessions.all(id)
  const parcelled = store.mailboxOutbox.parcelled(id, makeBytes('sequence', 16))
  return [session?.live, store.mailboxOutbox.queued(id).length, parcelled?.upto ?? null]
}

test('with a new incarnation no key encrypts again: sessions by mailbox only receive, and their parcels are dropped', () => {
  const store = openStore(null)
  store.self.state()
  fill(store)
  assert.deepEqual(stateOf(store), [true, 1, 1])
  store.self.draw()
  assert.deepEqual(stateOf(store), [false, 0, null])
})

test('what has to be done with it is done in one transaction, or nothing is', () => {
  const store = openStore(null)
  const { inc } = store.self.state()
  fill(store)
  assert.throws(() =>
    store.transaction(() => {
      store.self.draw()
      throw new Error('the power went')
    }),
  )
  assert.deepEqual(stateOf(store), [true, 1, 1])
  assert.deepEqual(store.self.state().inc, inc)
})

test('a backup has no incarnation, and a store it was restored into is another one', () => {
  const store = openStore(null)
  const { inc } = store.self.state()
  assert.equal(JSON.stringify(remember(store)), JSON.stringify(nothing))
  mergeInto(store, nothing, NOW)
  assert.notDeepEqual(store.self.state().inc, inc)
})
