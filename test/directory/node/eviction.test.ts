import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RECORD_AGE_MAX } from '../../../src/core/limits/record-limits.ts'
import { failsWith, makeBytes, NOW } from '../../core/identities.ts'
import { allRuns } from '../../runs.ts'
import { claimOf, distance, enter, farthestOf, keyOf, makeEviction, names, OWN } from './evictions.ts'

test('flooding from a few networks pushes nobody out but those who came from there', () => {
  const scale = allRuns ? 1 : 5
  const eviction = makeEviction(2_000 / scale)
  const honest = names('honest', 1_000 / scale)
  for (const [index, name] of honest.entries()) enter(eviction, claimOf(name, `network ${index % (700 / scale)}`, 3))
  let refused = 0
  for (const [index, name] of names('throw-away', 20_000 / scale).entries())
    if (enter(eviction, claimOf(name, `flooder ${index % 10}`)) === null) refused += 1
  assert.deepEqual(
    honest.filter((name) => eviction.get(keyOf(name)) === undefined),
    [],
  )
  assert.equal(eviction.identities, 2_000 / scale)
  assert.ok(refused > 10_000 / scale)
})

test('of a flood those stay that are nearest to this node', () => {
  const eviction = makeEviction(100)
  const flood = names('throw-away', 2_000)
  for (const name of flood) enter(eviction, claimOf(name, 'flooder'))
  const nearest = flood.map(keyOf).toSorted((a, b) => (distance(a) < distance(b) ? -1 : 1))
  assert.deepEqual(
    flood.map(keyOf).filter((key) => eviction.get(key) !== undefined),
    flood.map(keyOf).filter((key) => nearest.indexOf(key) < 100),
  )
})

test('where every network has the same, the farthest goes whoever it is: this node keeps what it is responsible for', () => {
  const eviction = makeEviction(50)
  const honest = names('honest', 50)
  for (const name of honest) enter(eviction, claimOf(name, `network of ${name}`))
  const kept = new Set(honest.map(keyOf))
  for (const name of names('throw-away', 200)) {
    const key = keyOf(name)
    const farthest = farthestOf([...kept, key])
    assert.deepEqual(enter(eviction, claimOf(name, `network of ${name}`)), farthest === key ? null : [farthest])
    if (farthest === key) continue
    kept.delete(farthest)
    kept.add(key)
  }
})

test('a plan changes nothing', () => {
  const eviction = makeEviction(1)
  enter(eviction, claimOf('a', 'x', 2))
  enter(eviction, claimOf('b', 'y', 1))
  const before = [eviction.identities, eviction.items, eviction.get(keyOf('a')), eviction.get(keyOf('b'))]
  for (const name of names('more', 20)) {
    try {
      eviction.plan(claimOf(name, 'z'), NOW)
    } catch {}
  }
  assert.deepEqual([eviction.identities, eviction.items, eviction.get(keyOf('a')), eviction.get(keyOf('b'))], before)
})

test('what has expired goes first, and all of it', () => {
  const eviction = makeEviction(3)
  for (const name of ['a', 'b']) enter(eviction, claimOf(name, name))
  enter(eviction, claimOf('c', 'c'), NOW + 10)
  const later = NOW + RECORD_AGE_MAX + 1
  assert.deepEqual(enter(eviction, claimOf('d', 'c'), later), [keyOf('a'), keyOf('b')])
  assert.deepEqual(
    eviction.expired(later + 10).map(({ key }) => key),
    [keyOf('c')],
  )
})

test('this node’s own identities stay, and find room as long as there are others', () => {
  const eviction = makeEviction(3)
  for (const name of names('other', 3)) enter(eviction, claimOf(name, `network of ${name}`))
  for (const name of names('own', 3)) assert.equal(enter(eviction, claimOf(name, OWN))?.length, 1)
  for (const name of names('flood', 50)) assert.equal(enter(eviction, claimOf(name, `network of ${name}`)), null)
  assert.equal(enter(eviction, claimOf('one more', OWN)), null)
})

test('an identity of few entries may always grow, one of many only where there is room', () => {
  const eviction = makeEviction(2)
  enter(eviction, claimOf('long', 'a', 12))
  enter(eviction, claimOf('short', 'b', 1))
  assert.deepEqual(enter(eviction, claimOf('short', 'b', 4)), [])
  assert.equal(enter(eviction, claimOf('long', 'a', 13)), null)
  assert.deepEqual(enter(eviction, claimOf('short', 'b', 5)), [keyOf('long')])
  assert.deepEqual([eviction.identities, eviction.items], [1, 5])
})

test('one more entry pushes out one identity at most, and no short one', () => {
  const eviction = makeEviction(100)
  for (const name of names('long', 80)) enter(eviction, claimOf(name, `network of ${name}`, 9))
  for (const name of names('short', 20)) enter(eviction, claimOf(name, `network of ${name}`, 4))
  for (const name of names('short', 20)) {
    const gone = enter(eviction, claimOf(name, `network of ${name}`, 5))
    const long = new Set(names('long', 80).map(keyOf))
    assert.ok(gone === null || (gone.length <= 1 && gone.every((key) => long.has(key))), `${gone?.length}`)
  }
  assert.ok(eviction.identities > 80)
})

test('when others see this node elsewhere, what is far from it is another thing', () => {
  let self = makeBytes('here', 32)
  const eviction = makeEviction(50, () => self)
  const all = names('one', 50)
  for (const name of all) enter(eviction, claimOf(name, 'x'))
  eviction.plan(claimOf('other', 'y'), NOW)
  self = makeBytes('there', 32)
  const gone = eviction.plan(claimOf('other', 'y'), NOW).map(({ key }) => key)
  assert.deepEqual(gone, [farthestOf(all.map(keyOf), self)])
})

test('a node that has no id yet evicts all the same', () => {
  const eviction = makeEviction(1, () => null)
  enter(eviction, claimOf('a', 'x'))
  assert.doesNotThrow(() => eviction.plan(claimOf('b', 'x'), NOW) && eviction.plan(claimOf('c', 'y'), NOW))
})

test('counts are those of who is there, and neither bound is ever passed', () => {
  const step = fc.record({
    who: fc.nat(30),
    source: fc.constantFrom('a', 'b', 'c', 'd', OWN),
    items: fc.integer({ min: 1, max: 9 }),
    leave: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const eviction = makeEviction(10)
      const there = new Map<string, number>()
      for (const { who, source, items, leave } of steps) {
        const claim = claimOf(`one ${who}`, source, items)
        if (leave) {
          eviction.remove(claim.key)
          there.delete(claim.key)
          continue
        }
        const gone = enter(eviction, claim)
        for (const key of gone ?? []) there.delete(key)
        if (gone !== null) there.set(claim.key, items)
        assert.ok(gone === null || !gone.includes(claim.key))
        assert.equal(eviction.identities, there.size)
        assert.equal(
          eviction.items,
          [...there.values()].reduce((sum, one) => sum + one, 0),
        )
        assert.ok(eviction.identities <= 10 && eviction.items <= 2 * 4 * 10)
      }
    }),
  )
})

test('the refusal is typed', () => {
  const eviction = makeEviction(1)
  enter(eviction, claimOf('own', OWN))
  assert.throws(() => eviction.plan(claimOf('b', 'y'), NOW), failsWith('ERR_PUT_FULL'))
})
