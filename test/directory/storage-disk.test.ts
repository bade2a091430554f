import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { hex } from '../../src/core/bytes.ts'
import { decodeCbor, encodeCbor } from '../../src/core/cbor.ts'
import { sha256 } from '../../src/core/kdf.ts'
import { kemHalves } from '../../src/core/kem.ts'
import { rotateLog, updateLog } from '../../src/core/key-log.ts'
import { RECORD_AGE_MAX, RECORD_TOUCH_AGE } from '../../src/core/limits.ts'
import { createStorage, type StorageNode, type StorageOptions } from '../../src/directory/storage.ts'
import { openRecords } from '../../src/store/records.ts'
import {
  at,
  commitmentAfter,
  flip,
  lengthen,
  makeDevice,
  makeIdentity,
  makePrekeys,
  NOW,
  publicOf,
} from '../core/identities.ts'
import { makeTemporary } from '../store/folders.ts'
import {
  allPuts,
  cardFor,
  cardPut,
  entryPut,
  get,
  getKemHalf,
  kemPut,
  put,
  putAll,
  readAll,
  snapshot,
} from './records.ts'

/** A storage node whose records are on disk: it serves the same after a restart, and nothing that was changed there. */

const alice = makeIdentity('Alice', { devices: 2 })
const [root0, root1] = [at(alice.roots, 0), at(alice.roots, 1)]
const { id } = alice.log
const content = { devices: publicOf(alice.devices), time: NOW }
const log = lengthen(alice.log, root0, 3)
const theft = lengthen(
  updateLog(alice.log, root0, { ...content, devices: publicOf([makeDevice('Mallory')]) }),
  root0,
  4,
)
const prekeys = makePrekeys('Alice')
const card = cardFor(log, alice, prekeys)
const other = cardFor(log, alice, prekeys, { device: 1 })
const bob = makeIdentity('Bob').log

const openOn = (folder: string, options: StorageOptions = {}): StorageNode =>
  createStorage({ shelf: openRecords(folder), ...options })

/** Does something to the file while nobody has it open. */
const tamper = (folder: string, work: (raw: DatabaseSync) => void): void => {
  const raw = new DatabaseSync(join(folder, 'records.db'))
  raw.exec('PRAGMA foreign_keys = OFF')
  work(raw)
  raw.close()
}

const fill = async (t: TestContext): Promise<string> => {
  const folder = await makeTemporary(t)
  const storage = openOn(folder)
  putAll(storage, [...allPuts(log, card, prekeys), ...allPuts(theft), cardPut(other), kemPut(other, prekeys, 1)])
  putAll(storage, allPuts(bob))
  storage.close()
  return folder
}

test('§4 after a restart a node serves the same: branches, proofs of forks, cards and keys', async (t) => {
  const folder = await makeTemporary(t)
  const before = openOn(folder)
  putAll(before, [...allPuts(log, card, prekeys), ...allPuts(theft), cardPut(other), kemPut(other, prekeys, 1)])
  const [shown, held] = [snapshot(before, id, [card, other]), readAll(before, id)]
  before.close()
  assert.deepEqual(held.entries.length, 4)
  const after = openOn(folder)
  assert.deepEqual(snapshot(after, id, [card, other]), shown)
  assert.deepEqual(after.counts.damaged, 0)
  assert.equal(after.counts.items, 3 + 3 + 2)
  after.close()
})

test('§4 after a restart a node goes on from what it had', async (t) => {
  const after = openOn(await fill(t))
  assert.equal(put(after, cardPut(cardFor(log, alice, prekeys, { serial: NOW * 1000 - 1 }))), 'ERR_CARD_SERIAL')
  assert.equal(put(after, kemPut(other, prekeys, 0)), null)
  assert.deepEqual(
    [0, 1].map((half) => getKemHalf(after, other, half)),
    kemHalves(prekeys.kem.publicKey),
  )
  assert.equal(put(after, entryPut(lengthen(theft, root0, 5))), null, 'the rival goes on too')
  const rotated = rotateLog(log, root1, commitmentAfter(alice, 1), content)
  assert.equal(put(after, entryPut(rotated)), null)
  assert.deepEqual([get(after, id).tip, readAll(after, id).cards], [rotated.last.hash, []])
  after.close()
})

test('§4 an identity that was dropped leaves nothing on disk', async (t) => {
  const folder = await fill(t)
  const after = openOn(folder)
  after.sweep(NOW + RECORD_AGE_MAX + 1)
  assert.deepEqual([after.size, after.counts.expired], [0, 2])
  after.close()
  tamper(folder, (raw) => {
    for (const table of ['records', 'entries'])
      assert.deepEqual({ ...raw.prepare(`SELECT count(*) AS count FROM ${table}`).get() }, { count: 0 })
  })
})

test('§4 entries of branches that were dropped leave the disk', async (t) => {
  const folder = await makeTemporary(t)
  const storage = openOn(folder)
  putAll(storage, allPuts(log))
  for (let index = 0; index < 6; index++)
    putAll(storage, [
      entryPut(updateLog(alice.log, root0, { ...content, devices: publicOf([makeDevice(`Mallory ${index}`)]) })),
    ])
  assert.equal(storage.counts.items, 6)
  storage.close()
  tamper(folder, (raw) =>
    assert.deepEqual({ ...raw.prepare('SELECT count(*) AS count FROM entries').get() }, { count: 6 }),
  )
})

test('§4 who makes room is gone after a restart too', async (t) => {
  const folder = await makeTemporary(t)
  const storage = openOn(folder, { capacity: 2 })
  const people = ['Carol', 'Dora', 'Erin', 'Frank', 'Grace'].map((name) => makeIdentity(name).log)
  for (const one of people) put(storage, entryPut(one), { from: '203.0.113.9' })
  const kept = people.filter((one) => get(storage, one.id).tip !== null)
  assert.deepEqual([kept.length, storage.size], [2, 2])
  storage.close()
  const after = openOn(folder, { capacity: 2 })
  assert.deepEqual(
    people.filter((one) => get(after, one.id).tip !== null),
    kept,
  )
  after.close()
})

test('§4 the age of a record survives, and repeating it too, but for ten minutes', async (t) => {
  const folder = await fill(t)
  const end = NOW + RECORD_AGE_MAX
  const second = openOn(folder)
  assert.notEqual(get(second, id, { now: end }).tip, null)
  putAll(second, [entryPut(log)], { now: NOW + RECORD_TOUCH_AGE - 1 })
  assert.notEqual(get(second, id, { now: end + RECORD_TOUCH_AGE - 1 }).tip, null)
  second.close()
  const third = openOn(folder)
  putAll(third, [entryPut(log)], { now: NOW + RECORD_TOUCH_AGE })
  third.close()
  const fourth = openOn(folder)
  assert.equal(get(fourth, bob.id, { now: end + 1 }).tip, null)
  assert.notEqual(get(fourth, id, { now: end + RECORD_TOUCH_AGE }).tip, null)
  assert.equal(get(fourth, id, { now: end + RECORD_TOUCH_AGE + 1 }).tip, null)
  fourth.close()
})

test('§4 the disk does not tell where records came from', async (t) => {
  const folder = await makeTemporary(t)
  const sourcesOf = (): readonly string[] => {
    const sources: string[] = []
    tamper(folder, (raw) => {
      for (const row of raw.prepare('SELECT hex(source) AS source FROM records ORDER BY touched').all())
        sources.push(`${row.source}`)
    })
    return sources
  }
  for (const [index, name] of ['Carol', 'Dora'].entries()) {
    const storage = openOn(folder)
    const puts = allPuts(makeIdentity(name).log)
    putAll(storage, puts, { from: '203.0.113.9', now: NOW + index })
    storage.close()
  }
  assert.equal(new Set(sourcesOf()).size, 2, 'one network, two processes')
  const file = await readFile(join(folder, 'records.db'))
  for (const text of ['203.0.113', hex(sha256(Buffer.from('203.0.113')))]) assert.ok(!file.includes(text))
})

type Kept = {
  tips: Uint8Array[]
  served: Uint8Array[]
  cards: Uint8Array[]
  kem: [Uint8Array, Uint8Array, Uint8Array][]
}

const editContent = (edit: (content: Kept) => object) => (raw: DatabaseSync) => {
  const row = raw.prepare('SELECT content FROM records WHERE id = ?').get(id)
  const kept = decodeCbor(Uint8Array.from(row?.content as Uint8Array)) as Kept
  raw.prepare('UPDATE records SET content = ? WHERE id = ?').run(encodeCbor({ ...kept, ...edit(kept) }), id)
}
const forger = makeIdentity('Mallory', { devices: 2 })
const damages: readonly (readonly [string, (raw: DatabaseSync) => void])[] = [
  [
    'a bit of an entry',
    (raw) =>
      raw
        .prepare('UPDATE entries SET envelope = ? WHERE id = ? AND hash = ?')
        .run(flip(at(log.entries, 1).envelope, 40), id, at(log.entries, 1).hash),
  ],
  [
    'an entry is gone',
    (raw) => raw.prepare('DELETE FROM entries WHERE id = ? AND hash = ?').run(id, at(log.entries, 1).hash),
  ],
  [
    'an entry too many',
    (raw) => raw.prepare('INSERT INTO entries VALUES (?, ?, ?)').run(id, bob.last.hash, bob.last.envelope),
  ],
  [
    'noise in place of the rest',
    (raw) => raw.prepare('UPDATE records SET content = ? WHERE id = ?').run(flip(card.envelope), id),
  ],
  [
    "another identity's content",
    (raw) =>
      raw
        .prepare('UPDATE records SET content = (SELECT content FROM records WHERE id = ?) WHERE id = ?')
        .run(bob.id, id),
  ],
  ['the branch of the thief stands', editContent(({ tips }) => ({ tips: tips.toReversed() }))],
  ['one branch is gone', editContent(({ tips }) => ({ tips: tips.slice(0, 1) }))],
  ['an older tip', editContent(({ tips }) => ({ tips: [at(log.entries, 1).hash, ...tips.slice(1)] }))],
  ['the proof of the fork is not served', editContent(({ served }) => ({ served: served.slice(0, 3) }))],
  ['entries are served in another order', editContent(({ served }) => ({ served: served.toReversed() }))],
  ['a card with a bit changed', editContent(({ cards }) => ({ cards: [flip(at(cards, 0)), at(cards, 1)] }))],
  [
    'a forged card',
    editContent(({ cards }) => ({ cards: [at(cards, 0), cardFor(log, forger, prekeys, { device: 1 }).envelope] })),
  ],
  ['the same card twice', editContent(({ cards }) => ({ cards: [at(cards, 0), at(cards, 0)] }))],
  [
    'a key with a bit changed',
    editContent(({ kem: [[hash, first, second] = at([], 0), ...rest] }) => ({
      kem: [[hash, flip(first), second], ...rest],
    })),
  ],
  [
    'a key of no card',
    editContent(({ kem: [[, first, second] = at([], 0), ...rest] }) => ({ kem: [[bob.id, first, second], ...rest] })),
  ],
  [
    'no half of a key',
    editContent(({ kem: [[hash, first, second] = at([], 0), ...rest] }) => ({
      kem: [[hash, sha256(first), sha256(second)], ...rest],
    })),
  ],
]
for (const [what, damage] of damages)
  test(`§4 on disk: ${what}. It is not served, but dropped, and may be published again`, async (t) => {
    const folder = await fill(t)
    tamper(folder, damage)
    const storage = openOn(folder)
    assert.equal(get(storage, id).tip, null)
    assert.deepEqual([storage.counts.damaged, storage.size], [1, 1])
    assert.notEqual(get(storage, bob.id).tip, null)
    putAll(storage, allPuts(log, card, prekeys))
    assert.deepEqual(get(storage, id).tip, log.last.hash)
    storage.close()
  })

test('§4 what is changed on disk while the node runs is not served either', async (t) => {
  for (const [what, damage] of damages) {
    const folder = await fill(t)
    let shelf = openRecords(folder)
    const storage = createStorage({
      shelf: {
        ...shelf,
        read: (one) => shelf.read(one),
        remove: (ids) => shelf.remove(ids),
        close: () => shelf.close(),
      },
    })
    assert.notEqual(get(storage, id).tip, null)
    shelf.close()
    tamper(folder, damage)
    shelf = openRecords(folder)
    const served = get(storage, id)
    // Entries are named by their hashes: one that lies beside them is neither served nor in the way.
    assert.deepEqual(served.tip, what === 'an entry too many' ? log.last.hash : null, what)
    storage.close()
  }
})

test('a card put to what was damaged is refused as if nothing had been there', async (t) => {
  const folder = await fill(t)
  tamper(folder, at(damages, 0)[1])
  const storage = openOn(folder)
  assert.equal(put(storage, cardPut(cardFor(log, alice, prekeys, { serial: NOW * 1000 + 1 }))), 'ERR_PUT_GAP')
  storage.close()
})

test('a disk that fails is a typed refusal, and changes nothing', () => {
  const shelf = openRecords(null)
  const storage = createStorage({ shelf })
  putAll(storage, allPuts(bob))
  shelf.close()
  assert.equal(put(storage, entryPut(log, 0)), 'ERR_STORE_IO')
  assert.equal(storage.size, 1)
})
