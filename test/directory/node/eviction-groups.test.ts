import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RECORD_SOURCES_MAX } from '../../../src/core/limits/record-limits.ts'
import { NOW } from '../../core/identities.ts'
import { allRuns } from '../../runs.ts'
import { claimOf, enter, keyOf, makeEviction, names, OWN } from './evictions.ts'

/** Where a publication that is repeated from other networks is counted. */

test('a repeated publication counts under the network that has less, so that repeating what is not one’s own harms nobody', () => {
  const eviction = makeEviction(100)
  for (const name of names('crowd', 20)) enter(eviction, claimOf(name, 'crowd'))
  enter(eviction, claimOf('alice', 'home'))
  const sourceOf = (name: string): string | undefined => eviction.get(keyOf(name))?.group.source
  const repeat = (name: string, source: string): string | undefined => {
    const resident = eviction.get(keyOf(name))
    if (resident !== undefined) eviction.touch(resident, source, NOW + 5)
    return sourceOf(name)
  }
  assert.equal(repeat('alice', 'crowd'), 'home')
  assert.equal(repeat('alice', 'empty'), 'home', 'no better')
  assert.equal(repeat('crowd 3', 'empty'), 'empty')
  assert.equal(repeat('crowd 4', OWN), OWN)
  assert.equal(repeat('crowd 4', 'empty'), OWN)
  assert.equal(eviction.get(keyOf('alice'))?.touched, NOW + 5)
})

test('who repeats what is another’s, and then floods from there, pushes it out no more than before', () => {
  const eviction = makeEviction(200)
  const honest = names('neighbour', 5)
  for (const name of honest) enter(eviction, claimOf(name, 'home'))
  const repeat = (source: string): void => {
    for (const name of honest) {
      const resident = eviction.get(keyOf(name))
      if (resident !== undefined) eviction.touch(resident, source, NOW)
    }
  }
  const flood = (source: string): void => {
    for (const name of names(`throw-away from ${source}`, allRuns ? 400 : 100)) enter(eviction, claimOf(name, source))
  }
  const there = (): number => honest.filter((name) => eviction.get(keyOf(name)) !== undefined).length
  const flooders = names('flooder', 10)
  flooders.forEach(repeat)
  flooders.forEach(flood)
  assert.equal(there(), 5)
  // Nor does he who publishes it first, as long as its owner does too.
  for (const name of honest) eviction.remove(keyOf(name))
  for (const name of honest) enter(eviction, claimOf(name, 'flooder 0'))
  repeat('home')
  flooders.forEach(repeat)
  flooders.forEach(flood)
  assert.equal(there(), 5)
})

test('one identity does not make a node remember more and more networks, and the first of equals stay', () => {
  const eviction = makeEviction(10)
  enter(eviction, claimOf('alice', 'home'))
  enter(eviction, claimOf('bob', 'home'))
  const alice = eviction.get(keyOf('alice'))
  assert.ok(alice !== undefined)
  for (const source of names('network', 100)) eviction.touch(alice, source, NOW)
  assert.equal(alice.others.length, RECORD_SOURCES_MAX)
  assert.ok(alice.others.includes('network 1') && !alice.others.includes('network 99'))
  eviction.touch(alice, 'network 7', NOW)
  assert.equal(new Set([alice.group.source, ...alice.others]).size, alice.others.length + 1)
})
