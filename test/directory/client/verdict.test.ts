import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rotateLog, updateLog } from '../../../src/core/key-log.ts'
import type { Evidence } from '../../../src/directory/client/evidence.ts'
import { type Judged, judge, type VerdictKind } from '../../../src/directory/client/verdict.ts'
import { DENSITY_SUSPECT, WITNESS_NETWORKS } from '../../../src/directory/limits.ts'
import { at, commitmentAfter, cut, lengthen, makeIdentity, NOW, publicOf } from '../../core/identities.ts'

const alice = makeIdentity('Alice')
const log = lengthen(alice.log, at(alice.roots, 0), 3)
const content = { devices: publicOf(alice.devices), time: NOW }

const place = { what: 'copy' as const, closest: 20, agreeing: 18, older: 2, paths: 4, pathsAgreeing: 4, density: 1.2 }
const sound: Evidence = {
  policy: 'fresh',
  ...{ asked: 70, answered: 41, agreeing: 38, older: 3, empty: 0, unread: 0, invalid: 0, passed: 20, failed: 9 },
  ...{ paths: 12, pathsAgreeing: 12, networks: 40, local: false, density: 1.2, age: 60, complete: true },
  places: [place, place, place],
  flaws: [],
}
const crowded = (density: number): Partial<Evidence> => ({ density, places: [place, { ...place, density }, place] })

const verdictOf = (evidence: Partial<Evidence>, change: Partial<Judged> = {}) =>
  judge({ log, fork: null, freshness: 'current', evidence: { ...sound, ...evidence }, ...change })

test('sentences say what people need to know', () => {
  assert.equal(verdictOf({}).reason, 'current, 38 of 41 nodes agree, 3 older')
  assert.equal(
    verdictOf(crowded(9.8)).reason,
    'possible eclipse: neighbours are 9 times denser than expected, 38 of 41 nodes agree, 3 older',
  )
  assert.match(
    verdictOf({ agreeing: 1, answered: 1, older: 0, paths: 1, pathsAgreeing: 1 }).reason,
    /, 1 of 1 node agrees/,
  )
  for (const [name, words] of [
    ['empty', '2 with nothing'],
    ['unread', '2 not shown in full'],
    ['invalid', '2 invalid'],
  ] as const)
    assert.ok(verdictOf({ [name]: 2 }).reason.endsWith(words))
})

const doubts: readonly (readonly [string, Partial<Evidence>, VerdictKind])[] = [
  ['a place as dense as no accident makes it', crowded(DENSITY_SUSPECT), 'eclipse'],
  ['a place nearly as dense', crowded(DENSITY_SUSPECT - 0.01), 'current'],
  ['a dense place beside one that could not be measured', { ...crowded(5), density: null }, 'eclipse'],
  ['too few nodes to measure', { density: null, places: [{ ...place, density: null }] }, 'few'],
  ['too few nodes, all of one network', { density: null, places: [], networks: 1 }, 'few'],
  ['the policy first', { policy: 'first', complete: false }, 'unconfirmed'],
  ['a deadline that came first', { complete: false }, 'unconfirmed'],
  ['a deadline in a small network', { complete: false, density: null, places: [] }, 'unconfirmed'],
  ['most of the closest having nothing', { places: [{ ...place, agreeing: 7, older: 2 }] }, 'unconfirmed'],
  ['half of them having nothing', { places: [{ ...place, agreeing: 8, older: 2 }] }, 'current'],
  ['liars on the way only', { invalid: 60, answered: 101 }, 'current'],
  ['fewer than a third of the paths leading there', { pathsAgreeing: 3 }, 'unconfirmed'],
  ['a third leading there', { pathsAgreeing: 4 }, 'current'],
  ['too few networks', { networks: WITNESS_NETWORKS - 1 }, 'unconfirmed'],
  ['as few networks as may be', { networks: WITNESS_NETWORKS }, 'current'],
  ['few networks where addresses are private', { networks: 1, local: true }, 'current'],
  ['a thorough lookup', { policy: 'thorough' }, 'current'],
]
for (const [what, evidence, kind] of doubts)
  test(`with ${what} the verdict is ${kind}`, () => {
    assert.equal(verdictOf(evidence).kind, kind)
  })

test('a fork comes before all, a possible eclipse before what it may have faked', () => {
  const fork = updateLog(cut(log, 1), at(alice.roots, 0), { ...content, time: NOW + 1 })
  const ended = rotateLog(log, at(alice.roots, 1), commitmentAfter(alice, 1), { ...content, status: 'retired' })
  assert.equal(verdictOf(crowded(9), { fork }).kind, 'forked')
  assert.equal(verdictOf(crowded(9), { freshness: 'stale' }).kind, 'eclipse')
  assert.equal(verdictOf(crowded(9), { log: ended }).kind, 'eclipse')
  assert.equal(verdictOf({}, { log: ended, freshness: 'stale' }).kind, 'retired')
  assert.equal(verdictOf({ policy: 'first' }, { freshness: 'stale' }).kind, 'stale')
})

test('a verdict begins with its kind, so that its sentence alone says enough', () => {
  const begins: Readonly<Record<string, RegExp>> = {
    current: /^current, /,
    few: /^current as far as so few nodes can tell/,
    eclipse: /^possible eclipse: /,
    unconfirmed: /^(unconfirmed: |verified, but may be old)/,
  }
  for (const [, evidence] of doubts) {
    const { kind, reason } = verdictOf(evidence)
    assert.match(reason, begins[kind] ?? /$^/)
  }
})
