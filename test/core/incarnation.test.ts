import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Finding, type OwnStore, weighOwnCard } from '../../src/core/incarnation.ts'
import { makeBytes } from './identities.ts'

/** What a store reads in the latest card of its device: the table of docs/spec/store.md §6. */

const [own, first, second, strange] = ['own', 'first', 'second', 'strange'].map((name) => makeBytes(name, 16)) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
]
const store: OwnStore = { inc: own, former: [second, first], issued: 100, moved: false }

const ROWS: readonly (readonly [string, Uint8Array, number, Finding])[] = [
  ['T1 our own latest card', own, 100, 'well'],
  ['T1 an earlier one of ours, of a node that lags behind', own, 99, 'well'],
  ['T2 one of ours that we do not remember', own, 101, 'went-back'],
  ['T3 of an incarnation before this one', first, 100, 'well'],
  ['T3 of a store that this one never was', strange, 100, 'copied'],
  ['T4 of another store, later than all of ours', strange, 101, 'overtaken'],
  ['T4 of an incarnation before this one that went on', second, 101, 'overtaken'],
]

for (const [name, inc, serial, finding] of ROWS)
  test(`§6 ${name}`, () => {
    assert.equal(weighOwnCard(store, { inc, serial }), finding)
  })

test('§6 T1 no card says nothing, also of a folder that is elsewhere', () => {
  for (const moved of [false, true]) assert.equal(weighOwnCard({ ...store, moved }, null), 'well')
})

test('§6 a copy that is as old as the card looks for who it was copied from', () => {
  for (const [inc, serial] of [
    [second, 100],
    [second, 3],
    [strange, 100],
  ] as const)
    assert.equal(weighOwnCard({ ...store, moved: true }, { inc, serial }), 'overtaken')
})
