import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Finding, nextSerial, type OwnStore, weighOwnCard } from '../../src/core/incarnation.ts'
import { CLOCK_TOLERANCE } from '../../src/core/limits/protocol-limits.ts'
import { makeBytes, NOW } from './identities.ts'

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

test('§4 serials rise above all that were signed, and follow the clock', () => {
  const clock = NOW * 1000
  assert.equal(nextSerial(0, clock), clock)
  assert.equal(nextSerial(clock - 1, clock), clock)
  assert.equal(nextSerial(clock, clock), clock + 1)
  assert.equal(nextSerial(clock + CLOCK_TOLERANCE * 1000, clock), clock + CLOCK_TOLERANCE * 1000 + 1)
  // Signed under a wrong clock: nobody has accepted it, and going on from there nobody would accept anything.
  assert.equal(nextSerial(clock + CLOCK_TOLERANCE * 1000 + 1, clock), clock)
})
