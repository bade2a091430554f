import assert from 'node:assert/strict'
import { test } from 'node:test'
import { equal, hex } from '../../../src/core/bytes.ts'
import { blake2b256 } from '../../../src/core/kdf.ts'
import type { Change, Head, RecordStore } from '../../../src/directory/node/record-store.ts'
import { makeBytes } from '../../core/identities.ts'

/** What a storage node may rely on from any store: the one in memory and the database pass the same. */

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
const idsOf = (store: RecordStore): readonly string[] => sorted([...store.heads()].map(({ id }) => id))
const headIn = (store: RecordStore, { id }: Head): Head | undefined =>
  [...store.heads()].map((head) => ({ ...head })).find((head) => equal(head.id, id))

export const checkShelfContract = (open: () => RecordStore): void => {
  test('an empty store has nobody', () => {
    const store = open()
    assert.deepEqual([...store.heads()], [])
    assert.equal(store.read(makeBytes('nobody', 32)), null)
    assert.equal(store.content(makeBytes('nobody', 32)), null)
    assert.equal(store.entry(makeBytes('nobody', 32), blake2b256(one)), null)
    store.remove([makeBytes('nobody', 32)])
    store.touch(headOf('nobody'))
    assert.deepEqual([...store.heads()], [])
    store.close()
  })

  test('what is written is read back, and goes on from there', () => {
    const store = open()
    const head = headOf('Alice')
    store.write(changeOf(head, { added: [one, two] }))
    const content = makeBytes('other content', 5000)
    store.write(changeOf({ ...head, touched: 2000, items: 7 }, { content, added: [three], dropped: [blake2b256(one)] }))
    const kept = store.read(head.id)
    assert.ok(kept !== null)
    assert.deepEqual(kept.content, content)
    assert.deepEqual(sorted(kept.entries), sorted([two, three]))
    assert.deepEqual(store.content(head.id), content)
    assert.deepEqual(store.entry(head.id, blake2b256(two)), two)
    assert.equal(store.entry(head.id, blake2b256(one)), null)
    assert.deepEqual(headIn(store, head), { ...head, touched: 2000, items: 7 })
    store.close()
  })

  test('identities do not mix, also when they have an entry in common', () => {
    const store = open()
    const [alice, bob] = [headOf('Alice'), headOf('Bob')]
    store.write(changeOf(alice, { added: [one, two] }))
    store.write(changeOf(bob, { added: [one], content: makeBytes('of Bob', 30) }))
    store.remove([alice.id])
    assert.equal(store.read(alice.id), null)
    assert.deepEqual(sorted(store.read(bob.id)?.entries ?? []), sorted([one]))
    store.write(changeOf(alice, { added: [three] }))
    assert.deepEqual(sorted(store.read(alice.id)?.entries ?? []), sorted([three]), 'nothing of before is left')
    store.close()
  })

  test('who is evicted goes with the write', () => {
    const store = open()
    for (const name of ['Alice', 'Bob', 'Carol']) store.write(changeOf(headOf(name), { added: [one] }))
    const evicted = ['Alice', 'Bob'].map((name) => makeBytes(name, 32))
    store.write(changeOf(headOf('Dora'), { added: [two], evicted }))
    assert.deepEqual(idsOf(store), sorted(['Carol', 'Dora'].map((name) => makeBytes(name, 32))))
    store.close()
  })

  test('a touch changes when and under whom, and nothing else', () => {
    const store = open()
    const head = headOf('Alice')
    store.write(changeOf(head, { added: [one] }))
    const source = makeBytes('other source', 16)
    store.touch({ ...head, touched: 5000, source })
    assert.deepEqual(headIn(store, head), { ...head, touched: 5000, source })
    assert.deepEqual(store.read(head.id)?.content, makeBytes('content', 40))
    assert.deepEqual(sorted(store.read(head.id)?.entries ?? []), sorted([one]))
    store.close()
  })
}
