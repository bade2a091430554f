import assert from 'node:assert/strict'
import type { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { decodeCbor, encodeCbor } from '../../../src/core/cbor.ts'
import { createStorage } from '../../../src/directory/node/storage.ts'
import { openRecordDatabase } from '../../../src/store/record-database.ts'
import { at, flip, makeIdentity, NOW } from '../../core/identities.ts'
import { allPuts, cardFor, cardPut, get, put, putAll } from '../records.ts'
import { alice, bob, card, fill, log, openOn, prekeys, tamper } from './disk-node.ts'

/** What was damaged or edited on disk is not served. */

const { id } = log

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
      kem: [[hash, flip(first ?? assert.fail()), second], ...rest],
    })),
  ],
  [
    'a key of no card',
    editContent(({ kem: [[, first, second] = at([], 0), ...rest] }) => ({ kem: [[bob.id, first, second], ...rest] })),
  ],
  [
    'the halves of a key in each other’s place',
    editContent(({ kem: [[hash, first, second] = at([], 0), ...rest] }) => ({ kem: [[hash, second, first], ...rest] })),
  ],
  [
    'no half of a key',
    editContent(({ kem: [[hash] = at([], 0), ...rest] }) => ({ kem: [[hash, null, null], ...rest] })),
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
    let store = openRecordDatabase(folder)
    const storage = createStorage({
      recordStore: {
        ...store,
        read: (one) => store.read(one),
        content: (one) => store.content(one),
        entry: (one, hash) => store.entry(one, hash),
        remove: (ids) => store.remove(ids),
        close: () => store.close(),
      },
    })
    assert.notEqual(get(storage, id).tip, null)
    store.close()
    tamper(folder, damage)
    store = openRecordDatabase(folder)
    const served = get(storage, id)
    // Entries are named by their hashes: one that lies beside them is neither served nor in the way.
    assert.deepEqual(served.tip, what === 'an entry too many' ? log.last.hash : null, what)
    storage.close()
  }
})

test('what is changed between reading it and verifying it is not served: verified is what was read', async (t) => {
  const folder = await fill(t)
  const store = openRecordDatabase(folder)
  const kept = decodeCbor(store.content(id) ?? new Uint8Array(0)) as Kept
  const forged = encodeCbor({ ...kept, cards: [cardFor(log, forger, prekeys).envelope] })
  const storage = createStorage({ recordStore: { ...store, content: () => forged } })
  assert.deepEqual(get(storage, id).cards, [])
  assert.equal(storage.counts.damaged, 1)
  storage.close()
})

test('a card put to what was damaged is refused as if nothing had been there', async (t) => {
  const folder = await fill(t)
  tamper(folder, at(damages, 0)[1])
  const storage = openOn(folder)
  assert.equal(put(storage, cardPut(cardFor(log, alice, prekeys, { serial: NOW * 1000 + 1 }))), 'ERR_PUT_GAP')
  storage.close()
})

test('a wrong count on disk takes no room from others, and is put right when the record is read', async (t) => {
  const folder = await fill(t)
  const before = openOn(folder)
  const { items } = before.counts
  before.close()
  tamper(folder, (raw) => raw.exec('UPDATE records SET items = 1000000000'))
  const storage = openOn(folder)
  assert.ok(storage.counts.items < 1_000)
  for (const one of [id, bob.id]) get(storage, one)
  assert.equal(storage.counts.items, items)
  storage.close()
})
