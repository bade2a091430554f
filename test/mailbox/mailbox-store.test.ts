import assert from 'node:assert/strict'
import { readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { sha256 } from '../../src/core/kdf.ts'
import {
  MAILBOX_AGE,
  MAILBOX_BYTES,
  MAILBOX_RECIPIENT_BYTES,
  MAILBOX_RECIPIENT_PARCELS,
  MAILBOX_SOURCE_BYTES,
  MAILBOX_SOURCE_PARCELS,
} from '../../src/core/limits/mailbox-limits.ts'
import { type MailboxStore, openMailboxStore, type Slip } from '../../src/mailbox/mailbox-store.ts'
import { openStore } from '../../src/store/store.ts'
import { at, failsWith, grown, makeBytes, makeIdentity, NOW } from '../core/identities.ts'
import { refusalOf } from '../core/refusal.ts'
import { codeOf, makeTemporary } from '../store/folders.ts'

/** What a mailbox has on disk (docs/spec/mailbox.md §6). */

const people = ['alice', 'bob', 'carol', 'mallory'].map((name) => makeIdentity(`store/${name}`))
const [alice, bob] = [at(people, 0), at(people, 1)]
const networks = Array.from({ length: 10 }, (_, index) => makeBytes(`network/${index}`, 32))

type Wish = { readonly to?: typeof bob; readonly size?: number; readonly network?: number }

const make = (name: string, { to = bob, size = 2048, network = 0 }: Wish = {}) => {
  const parcel = makeBytes(name, size)
  const slip: Slip = { to: to.log.id, id: sha256(parcel), size, source: at(networks, network) }
  return { slip, parcel, log: to.log }
}

/** Puts a parcel of its own in. */
const put = (store: MailboxStore, name: string, wish: Wish = {}, now: number = NOW): Uint8Array => {
  const { slip, parcel, log } = make(name, wish)
  store.put(slip, parcel, log, { past: now, present: now })
  return slip.id
}

/** Hashes of all parcels of a recipient, oldest first. */
const idsOf = (store: MailboxStore, { log }: typeof bob, now: number = NOW): readonly Uint8Array[] => {
  const ids: Uint8Array[] = []
  for (let kept = store.next(log.id, 0, now); kept !== null; kept = store.next(log.id, kept.number, now))
    ids.push(kept.id)
  return ids
}

/** The code with which one more is refused, by `put` and by the question before it. */
const refusal = (store: MailboxStore, wish: Wish): unknown => {
  const { slip, parcel, log } = make('one more', wish)
  const code = refusalOf(() => store.put(slip, parcel, log, { past: NOW, present: NOW }))
  assert.equal(
    refusalOf(() => store.checkRoom(slip, NOW)),
    code,
  )
  return code
}

test('§6 parcels are kept in the order of their arrival, each recipient’s by itself', () => {
  const store = openMailboxStore(null)
  const ids = ['c', 'a', 'b'].map((name) => put(store, name))
  const other = put(store, 'a', { to: alice })
  assert.deepEqual(idsOf(store, bob), ids)
  assert.deepEqual(idsOf(store, alice), [other])
  assert.deepEqual(store.next(bob.log.id, 0, NOW)?.parcel, makeBytes('c', 2048))
})

test('§6 the same parcel again changes nothing, not even its age, also when there is no room', () => {
  const store = openMailboxStore(null)
  put(store, 'first')
  for (let index = 1; index < MAILBOX_SOURCE_PARCELS; index++) put(store, `${index}`)
  const { slip, parcel, log } = make('first')
  store.checkRoom(slip, NOW + 10)
  store.put(slip, parcel, log, { past: NOW + 10, present: NOW + 10 })
  assert.equal(store.size, MAILBOX_SOURCE_PARCELS)
  store.sweep(NOW + MAILBOX_AGE)
  assert.equal(store.size, 0)
})

test('§6 one network has its share of the room, and another one still has its own', () => {
  const store = openMailboxStore(null)
  for (let index = 0; index < MAILBOX_SOURCE_PARCELS; index++) put(store, `${index}`, { to: index % 2 ? alice : bob })
  assert.equal(refusal(store, {}), 'ERR_MAILBOX_SOURCE')
  assert.equal(refusal(store, { to: at(people, 2) }), 'ERR_MAILBOX_SOURCE')
  assert.equal(refusal(store, { network: 1 }), null)
  // What is fetched no longer counts.
  store.remove(bob.log.id, [at(idsOf(store, bob), 0)])
  put(store, 'again')
  assert.equal(refusal(store, {}), null)
})

test('§6 the share counts bytes as well', () => {
  const store = openMailboxStore(null)
  const large = 131_072
  for (let index = 0; index < MAILBOX_SOURCE_BYTES / large; index++) put(store, `${index}`, { size: large })
  assert.equal(refusal(store, {}), 'ERR_MAILBOX_SOURCE')
  assert.equal(refusal(store, { network: 1, size: large }), null)
})

test('§6 one recipient has so much room, whoever it comes from, and no one else less', () => {
  const store = openMailboxStore(null)
  for (let index = 0; index < MAILBOX_RECIPIENT_PARCELS; index++)
    put(store, `${index}`, { network: Math.floor(index / MAILBOX_SOURCE_PARCELS) })
  assert.equal(refusal(store, { network: 9 }), 'ERR_MAILBOX_FULL')
  assert.equal(refusal(store, { network: 9, to: alice }), null)

  const bytes = openMailboxStore(null)
  const large = 131_072
  for (let index = 0; index < MAILBOX_RECIPIENT_BYTES / large; index++)
    put(bytes, `${index}`, { size: large, network: Math.floor((index * large) / MAILBOX_SOURCE_BYTES) })
  assert.equal(refusal(bytes, { network: 9 }), 'ERR_MAILBOX_FULL')
  assert.equal(refusal(bytes, { network: 9, to: alice, size: large }), null)
})

test('§6 the whole mailbox has an end', async (t) => {
  const folder = await makeTemporary(t)
  const store = openMailboxStore(folder)
  t.after(() => store.close())
  put(store, 'small')
  // Counted from the sizes in the index: a row that claims all the room stands for 8,192 large parcels.
  const raw = new DatabaseSync(join(folder, 'mailbox.db'))
  raw.exec(`PRAGMA ignore_check_constraints = ON; UPDATE parcels SET size = ${MAILBOX_BYTES - 2048}`)
  raw.close()
  assert.equal(refusal(store, { to: alice, network: 1 }), null)
  assert.equal(refusal(store, { to: at(people, 2), network: 2 }), 'ERR_MAILBOX_FULL')
})

test('§6 nobody removes what is not theirs, and removing twice is no failure', () => {
  const store = openMailboxStore(null)
  const id = put(store, 'a')
  store.remove(alice.log.id, [id])
  assert.deepEqual(idsOf(store, bob), [id])
  store.remove(bob.log.id, [makeBytes('unknown', 32), id])
  store.remove(bob.log.id, [id])
  assert.deepEqual(idsOf(store, bob), [])
})

test('§6 after 14 days a parcel is neither handed out nor counted', () => {
  const store = openMailboxStore(null)
  const old = put(store, 'old')
  const young = put(store, 'young', {}, NOW + 1)
  assert.deepEqual(idsOf(store, bob, NOW + MAILBOX_AGE - 1), [old, young])
  assert.deepEqual(idsOf(store, bob, NOW + MAILBOX_AGE), [young])
  store.checkRoom(make('any').slip, NOW + MAILBOX_AGE)
  assert.equal(store.size, 1)
})

test('§6 what was seen of a recipient is a floor while there are parcels for it', () => {
  const store = openMailboxStore(null)
  assert.equal(store.floor(bob.log.id), null)
  store.raise(bob.log)
  assert.equal(store.floor(bob.log.id), null)
  put(store, 'a')
  assert.deepEqual(store.floor(bob.log.id)?.head, bob.log.last.hash)
  const later = grown(bob)
  store.raise(later.log)
  assert.deepEqual(store.floor(bob.log.id), { epoch: 0, seq: 1, head: later.log.last.hash, devices: [] })
  put(store, 'b', { to: later })
  // Looked up before the floor was raised, put in after it.
  put(store, 'c', { to: bob })
  store.raise(bob.log)
  assert.deepEqual(store.floor(bob.log.id)?.head, later.log.last.hash)
  store.sweep(NOW)
  assert.notEqual(store.floor(bob.log.id), null)
  store.sweep(NOW + MAILBOX_AGE)
  assert.equal(store.floor(bob.log.id), null)
})

test('§6 it is a file of its own, private, and what was put in is there after the process is gone', async (t) => {
  const folder = await makeTemporary(t)
  const first = openMailboxStore(folder)
  const id = put(first, 'kept')
  assert.equal((await stat(join(folder, 'mailbox.db'))).mode & 0o777, 0o600)
  // Not closed: as if the process had been killed.
  const second = openMailboxStore(folder)
  t.after(() => second.close())
  assert.deepEqual(idsOf(second, bob), [id])
  second.remove(bob.log.id, [id])
  first.close()
  const third = openMailboxStore(folder)
  t.after(() => third.close())
  assert.equal(third.size, 0)
})

test('§6 another database is not taken for a mailbox', async (t) => {
  const folder = await makeTemporary(t)
  await writeFile(join(folder, 'mailbox.db'), '', { mode: 0o600 })
  const raw = new DatabaseSync(join(folder, 'mailbox.db'))
  raw.exec('PRAGMA application_id = 7; CREATE TABLE theirs (a)')
  raw.close()
  assert.equal(await codeOf((async () => openMailboxStore(folder))()), 'ERR_STORE_CORRUPT')

  // Nor another one of ours.
  const own = await makeTemporary(t)
  openStore(own).close()
  await rename(join(own, 'handfast.db'), join(own, 'mailbox.db'))
  assert.equal(await codeOf((async () => openMailboxStore(own))()), 'ERR_STORE_CORRUPT')
})

test('§6 a row that cannot be is named as that', async (t) => {
  const folder = await makeTemporary(t)
  const store = openMailboxStore(folder)
  t.after(() => store.close())
  put(store, 'a')
  const raw = new DatabaseSync(join(folder, 'mailbox.db'))
  raw.exec('PRAGMA ignore_check_constraints = ON; UPDATE parcels SET parcel = zeroblob(3)')
  raw.close()
  assert.throws(() => store.next(bob.log.id, 0, NOW), failsWith('ERR_STORE_CORRUPT'))
})

test('§6 deleted parcels leave nothing in the files after a sweep', async (t) => {
  const folder = await makeTemporary(t)
  const store = openMailboxStore(folder)
  t.after(() => store.close())
  const found = async (): Promise<boolean> => {
    const needle = Buffer.from(makeBytes('secret', 2048)).subarray(100, 150)
    const files = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name))))
    return files.some((file) => file.includes(needle))
  }
  const id = put(store, 'secret')
  assert.equal(await found(), true)
  store.remove(bob.log.id, [id])
  store.sweep(NOW)
  assert.equal(await found(), false)
})
