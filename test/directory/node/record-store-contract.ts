import assert from 'node:assert/strict'
import { test } from 'node:test'
import { equal, hex } from '../../../src/core/bytes.ts'
import { sha256 } from '../../../src/core/kdf.ts'
import type { Change, Head, RecordStore } from '../../../src/directory/node/record-store.ts'
import { makeBytes } from '../../core/identities.ts'

/** What a storage node may rely on from any shelf: the one in memory and the database pass the same. */

const headOf = (name: string, more: Partial<Head> = {}): Head => ({
  id: makeBytes(name, 32),
  touched: 1000,
  source: makeBytes('source', 16),
  items: 2,
  ...more,
})
const [one, two, three] = ['one', 'two', 'three'].map((name) => makeBytes(name, 90)) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
]
const changeOf = (head: Head, more: Partial<Change> = {}): Change => ({
  head,
  content: makeBytes('content', 40),
  added: [],
  dropped: [],
  evicted: [],
  ...more,
})
const sorted = (all: Iterable<Uint8Array>): readonly string[] => [...all].map(hex).sort()
const idsOf = (shelf: RecordStore): readonly string[] => sorted([...shelf.heads()].map(({ id }) => id))
const headIn = (shelf: RecordStore, { id }: Head): Head | undefined =>
  [...shelf.heads()].map((head) => ({ ...head })).find((head) => equal(head.id, id))

export const checkShelfContract = (open: () => RecordStore): void => {
  test('an empty shelf has nobody', () => {
    const shelf = open()
    assert.deepEqual([...shelf.heads()], [])
    assert.equal(shelf.read(makeBytes('nobody', 32)), null)
    assert.equal(shelf.content(makeBytes('nobody', 32)), null)
    assert.equal(shelf.entry(makeBytes('nobody', 32), sha256(one)), null)
    shelf.remove([makeBytes('nobody', 32)])
    shelf.touch(headOf('nobody'))
    assert.deepEqual([...shelf.heads()], [])
    shelf.close()
  })

  test('what is written is read back, and goes on from there', () => {
    const shelf = open()
    const head = headOf('Alice')
    shelf.write(changeOf(head, { added: [one, two] }))
    const content = makeBytes('other content', 5000)
    shelf.write(changeOf({ ...head, touched: 2000, items: 7 }, { content, added: [three], dropped: [sha256(one)] }))
    const kept = shelf.read(head.id)
    assert.ok(kept !== null)
    assert.deepEqual(kept.content, content)
    assert.deepEqual(sorted(kept.entries), sorted([two, three]))
    assert.deepEqual(shelf.content(head.id), content)
    assert.deepEqual(shelf.entry(head.id, sha256(two)), two)
    assert.equal(shelf.entry(head.id, sha256(one)), null)
    assert.deepEqual(headIn(shelf, head), { ...head, touched: 2000, items: 7 })
    shelf.close()
  })

  test('identities do not mix, also when they have an entry in common', () => {
    const shelf = open()
    const [alice, bob] = [headOf('Alice'), headOf('Bob')]
    shelf.write(changeOf(alice, { added: [one, two] }))
    shelf.write(changeOf(bob, { added: [one], content: makeBytes('of Bob', 30) }))
    shelf.remove([alice.id])
    assert.equal(shelf.read(alice.id), null)
    assert.deepEqual(sorted(shelf.read(bob.id)?.entries ?? []), sorted([one]))
    shelf.write(changeOf(alice, { added: [three] }))
    assert.deepEqual(sorted(shelf.read(alice.id)?.entries ?? []), sorted([three]), 'nothing of before is left')
    shelf.close()
  })

  test('who makes room goes with the write', () => {
    const shelf = open()
    for (const name of ['Alice', 'Bob', 'Carol']) shelf.write(changeOf(headOf(name), { added: [one] }))
    const evicted = ['Alice', 'Bob'].map((name) => makeBytes(name, 32))
    shelf.write(changeOf(headOf('Dora'), { added: [two], evicted }))
    assert.deepEqual(idsOf(shelf), sorted(['Carol', 'Dora'].map((name) => makeBytes(name, 32))))
    shelf.close()
  })

  test('a touch changes when and under whom, and nothing else', () => {
    const shelf = open()
    const head = headOf('Alice')
    shelf.write(changeOf(head, { added: [one] }))
    const source = makeBytes('other source', 16)
    shelf.touch({ ...head, touched: 5000, source })
    assert.deepEqual(headIn(shelf, head), { ...head, touched: 5000, source })
    assert.deepEqual(shelf.read(head.id)?.content, makeBytes('content', 40))
    assert.deepEqual(sorted(shelf.read(head.id)?.entries ?? []), sorted([one]))
    shelf.close()
  })
}
