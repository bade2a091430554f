import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { hex } from '../../../src/core/bytes.ts'
import { sha256 } from '../../../src/core/kdf.ts'
import { kemHalves } from '../../../src/core/kem.ts'
import { rotateLog, updateLog } from '../../../src/core/key-log.ts'
import { RECORD_AGE_MAX, RECORD_TOUCH_AGE } from '../../../src/core/limits/record-limits.ts'
import { createStorage } from '../../../src/directory/node/storage.ts'
import { openRecordDatabase } from '../../../src/store/record-database.ts'
import { at, commitmentAfter, lengthen, makeDevice, makeIdentity, NOW, publicOf } from '../../core/identities.ts'
import { makeTemporary } from '../../store/folders.ts'
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
} from '../records.ts'
import { alice, bob, card, content, fill, log, openOn, other, prekeys, root0, tamper, theft } from './disk-node.ts'

/** A storage node whose records are on disk: it serves the same after a restart. */

const root1 = at(alice.roots, 1)
const { id } = log

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

test('a disk that fails is a typed refusal, and changes nothing', () => {
  const store = openRecordDatabase(null)
  const storage = createStorage({ recordStore: store })
  putAll(storage, allPuts(bob))
  store.close()
  assert.equal(put(storage, entryPut(log, 0)), 'ERR_STORE_IO')
  assert.equal(storage.size, 1)
})
