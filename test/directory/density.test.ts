import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sha256 } from '../../src/core/kdf.ts'
import { REPLICA_NODES } from '../../src/core/limits/record-limits.ts'
import { densityRatio, sizeFrom } from '../../src/directory/density.ts'
import { compareDistances } from '../../src/directory/distance.ts'
import { DENSITY_SUSPECT } from '../../src/directory/limits.ts'
import { makeBytes } from '../core/identities.ts'
import { allRuns, runs } from '../runs.ts'

/** Distances of `size` nodes to a place, as hashes are spread, nearest first. */
const around = (place: string, size: number): readonly Uint8Array[] =>
  Array.from({ length: size }, (_, index) => sha256(makeBytes(`${place}/${index}`, 8))).sort(compareDistances)

test('the closest 20 tell how many nodes there are', () => {
  for (const size of allRuns ? [40, 300, 1000] : [40, 400]) {
    const estimates = Array.from(
      { length: runs(30) },
      (_, place) => sizeFrom(around(`${place}`, size).slice(0, 20)) ?? 0,
    )
    const mean = estimates.reduce((sum, estimate) => sum + estimate, 0) / estimates.length
    assert.ok(Math.abs(mean / size - 1) < 0.15, `${mean} of ${size}`)
  }
  for (const size of [0, 1]) assert.equal(sizeFrom(around('few', size)), null)
  assert.ok(Number.isFinite(sizeFrom([new Uint8Array(32), new Uint8Array(32)])))
})

test('an honest place is never suspect, and one whose honest nodes are all outnumbered is', () => {
  for (let place = 0; place < runs(100); place++) {
    const [here, elsewhere] = [around(`here ${place}`, 300), around(`elsewhere ${place}`, 300)]
    const ratio = densityRatio(here, elsewhere, REPLICA_NODES) ?? Infinity
    assert.ok(ratio < DENSITY_SUSPECT, `${ratio}`)
    // 20 nodes of an attacker, all nearer than the second honest one, as far apart as can be.
    const [, second] = here
    const sybils = Array.from({ length: 20 }, () => second ?? new Uint8Array(32))
    const surrounded = densityRatio([...here.slice(0, 1), ...sybils], elsewhere, REPLICA_NODES) ?? 0
    assert.ok(surrounded > 2 * ratio)
  }
})

test('too few nodes tell nothing', () => {
  const [many, few] = [around('many', 20), around('few', 19)]
  assert.equal(densityRatio(many, few, 20), null)
  assert.equal(densityRatio(few, many, 20), null)
  assert.equal(densityRatio(few, few, 19), 1)
})
