import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { hex, utf8 } from '../../../src/core/bytes.ts'
import { sha256 } from '../../../src/core/kdf.ts'
import { RECORD_AGE_MAX, RECORD_SOURCES_MAX } from '../../../src/core/limits.ts'
import { type Claim, createEviction, type Eviction } from '../../../src/directory/node/eviction.ts'
import { replicaTargets } from '../../../src/directory/replicas.ts'
import { failsWith, makeBytes, NOW } from '../../core/identities.ts'

const SELF = makeBytes('this node', 32)
const OWN = 'own'
const keyOf = (name: string): string => hex(sha256(utf8(name)))

const claimOf = (name: string, source: string, items = 1): Claim => ({ key: keyOf(name), source, items })

const makeRoom = (capacity: number, self: () => Uint8Array | null = () => SELF): Eviction =>
  createEviction({ capacity, self, own: OWN })

/** Takes a claimant in; returns the keys of those who had to go, null when it was refused itself. */
const enter = (room: Eviction, claim: Claim, now = NOW): readonly string[] | null => {
  try {
    const gone = room.plan(claim, now)
    for (const { key } of gone) room.remove(key)
    room.settle(claim, now)
    return gone.map(({ key }) => key)
  } catch (error) {
    assert.deepEqual(error instanceof Error && 'code' in error && error.code, 'ERR_PUT_FULL')
    return null
  }
}

const distance = (key: string, self = SELF): string =>
  replicaTargets(Uint8Array.from(Buffer.from(key, 'hex')))
    .map((target) => hex(target.map((byte, index) => byte ^ (self[index] ?? 0))))
    .sort()
    .at(0) ?? ''

const farthestOf = (keys: readonly string[], self = SELF): string =>
  keys.toSorted((a, b) => (distance(a, self) < distance(b, self) ? 1 : -1)).at(0) ?? ''

const names = (prefix: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${prefix} ${index}`)

test('flooding from a few networks pushes nobody out but those who came from there', () => {
  const room = makeRoom(2_000)
  const honest = names('honest', 1_000)
  for (const [index, name] of honest.entries()) enter(room, claimOf(name, `network ${index % 700}`, 3))
  let refused = 0
  for (const [index, name] of names('throw-away', 20_000).entries())
    if (enter(room, claimOf(name, `flooder ${index % 10}`)) === null) refused += 1
  assert.deepEqual(
    honest.filter((name) => room.get(keyOf(name)) === undefined),
    [],
  )
  assert.equal(room.identities, 2_000)
  assert.ok(refused > 10_000)
})

test('of a flood those stay that are nearest to this node', () => {
  const room = makeRoom(100)
  const flood = names('throw-away', 2_000)
  for (const name of flood) enter(room, claimOf(name, 'flooder'))
  const nearest = flood.map(keyOf).toSorted((a, b) => (distance(a) < distance(b) ? -1 : 1))
  assert.deepEqual(
    flood.map(keyOf).filter((key) => room.get(key) !== undefined),
    flood.map(keyOf).filter((key) => nearest.indexOf(key) < 100),
  )
})

test('where every network has the same, the farthest goes whoever it is: this node keeps what it is responsible for', () => {
  const room = makeRoom(50)
  const honest = names('honest', 50)
  for (const name of honest) enter(room, claimOf(name, `network of ${name}`))
  const kept = new Set(honest.map(keyOf))
  for (const name of names('throw-away', 200)) {
    const key = keyOf(name)
    const farthest = farthestOf([...kept, key])
    assert.deepEqual(enter(room, claimOf(name, `network of ${name}`)), farthest === key ? null : [farthest])
    if (farthest === key) continue
    kept.delete(farthest)
    kept.add(key)
  }
})

test('a plan changes nothing', () => {
  const room = makeRoom(1)
  enter(room, claimOf('a', 'x', 2))
  enter(room, claimOf('b', 'y', 1))
  const before = [room.identities, room.items, room.get(keyOf('a')), room.get(keyOf('b'))]
  for (const name of names('more', 20)) {
    try {
      room.plan(claimOf(name, 'z'), NOW)
    } catch {}
  }
  assert.deepEqual([room.identities, room.items, room.get(keyOf('a')), room.get(keyOf('b'))], before)
})

test('what has expired goes first, and all of it', () => {
  const room = makeRoom(3)
  for (const name of ['a', 'b']) enter(room, claimOf(name, name))
  enter(room, claimOf('c', 'c'), NOW + 10)
  const later = NOW + RECORD_AGE_MAX + 1
  assert.deepEqual(enter(room, claimOf('d', 'c'), later), [keyOf('a'), keyOf('b')])
  assert.deepEqual(
    room.expired(later + 10).map(({ key }) => key),
    [keyOf('c')],
  )
})

test('this node’s own identities stay, and find room as long as there are others', () => {
  const room = makeRoom(3)
  for (const name of names('other', 3)) enter(room, claimOf(name, `network of ${name}`))
  for (const name of names('own', 3)) assert.equal(enter(room, claimOf(name, OWN))?.length, 1)
  for (const name of names('flood', 50)) assert.equal(enter(room, claimOf(name, `network of ${name}`)), null)
  assert.equal(enter(room, claimOf('one more', OWN)), null)
})

test('an identity of few entries may always grow, one of many only where there is room', () => {
  const room = makeRoom(2)
  enter(room, claimOf('long', 'a', 12))
  enter(room, claimOf('short', 'b', 1))
  assert.deepEqual(enter(room, claimOf('short', 'b', 4)), [])
  assert.equal(enter(room, claimOf('long', 'a', 13)), null)
  assert.deepEqual(enter(room, claimOf('short', 'b', 5)), [keyOf('long')])
  assert.deepEqual([room.identities, room.items], [1, 5])
})

test('one more entry pushes out one identity at most, and no short one', () => {
  const room = makeRoom(100)
  for (const name of names('long', 80)) enter(room, claimOf(name, `network of ${name}`, 9))
  for (const name of names('short', 20)) enter(room, claimOf(name, `network of ${name}`, 4))
  for (const name of names('short', 20)) {
    const gone = enter(room, claimOf(name, `network of ${name}`, 5))
    const long = new Set(names('long', 80).map(keyOf))
    assert.ok(gone === null || (gone.length <= 1 && gone.every((key) => long.has(key))), `${gone?.length}`)
  }
  assert.ok(room.identities > 80)
})

test('a repeated publication counts under the network that has less, so that repeating what is not one’s own harms nobody', () => {
  const room = makeRoom(100)
  for (const name of names('crowd', 20)) enter(room, claimOf(name, 'crowd'))
  enter(room, claimOf('alice', 'home'))
  const sourceOf = (name: string): string | undefined => room.get(keyOf(name))?.group.source
  const repeat = (name: string, source: string): string | undefined => {
    const resident = room.get(keyOf(name))
    if (resident !== undefined) room.touch(resident, source, NOW + 5)
    return sourceOf(name)
  }
  assert.equal(repeat('alice', 'crowd'), 'home')
  assert.equal(repeat('alice', 'empty'), 'home', 'no better')
  assert.equal(repeat('crowd 3', 'empty'), 'empty')
  assert.equal(repeat('crowd 4', OWN), OWN)
  assert.equal(repeat('crowd 4', 'empty'), OWN)
  assert.equal(room.get(keyOf('alice'))?.touched, NOW + 5)
})

test('who repeats what is another’s, and then floods from there, pushes it out no more than before', () => {
  const room = makeRoom(200)
  const honest = names('neighbour', 5)
  for (const name of honest) enter(room, claimOf(name, 'home'))
  const repeat = (source: string): void => {
    for (const name of honest) {
      const resident = room.get(keyOf(name))
      if (resident !== undefined) room.touch(resident, source, NOW)
    }
  }
  const flood = (source: string): void => {
    for (const name of names(`throw-away from ${source}`, 400)) enter(room, claimOf(name, source))
  }
  const there = (): number => honest.filter((name) => room.get(keyOf(name)) !== undefined).length
  const flooders = names('flooder', 10)
  flooders.forEach(repeat)
  flooders.forEach(flood)
  assert.equal(there(), 5)
  // Nor does he who publishes it first, as long as its owner does too.
  for (const name of honest) room.remove(keyOf(name))
  for (const name of honest) enter(room, claimOf(name, 'flooder 0'))
  repeat('home')
  flooders.forEach(repeat)
  flooders.forEach(flood)
  assert.equal(there(), 5)
})

test('one identity does not make a node remember more and more networks, and the first of equals stay', () => {
  const room = makeRoom(10)
  enter(room, claimOf('alice', 'home'))
  enter(room, claimOf('bob', 'home'))
  const alice = room.get(keyOf('alice'))
  assert.ok(alice !== undefined)
  for (const source of names('network', 100)) room.touch(alice, source, NOW)
  assert.equal(alice.others.length, RECORD_SOURCES_MAX)
  assert.ok(alice.others.includes('network 1') && !alice.others.includes('network 99'))
  room.touch(alice, 'network 7', NOW)
  assert.equal(new Set([alice.group.source, ...alice.others]).size, alice.others.length + 1)
})

test('when others see this node elsewhere, what is far from it is another thing', () => {
  let self = makeBytes('here', 32)
  const room = makeRoom(50, () => self)
  const all = names('one', 50)
  for (const name of all) enter(room, claimOf(name, 'x'))
  room.plan(claimOf('other', 'y'), NOW)
  self = makeBytes('there', 32)
  const gone = room.plan(claimOf('other', 'y'), NOW).map(({ key }) => key)
  assert.deepEqual(gone, [farthestOf(all.map(keyOf), self)])
})

test('a node that has no id yet makes room all the same', () => {
  const room = makeRoom(1, () => null)
  enter(room, claimOf('a', 'x'))
  assert.doesNotThrow(() => room.plan(claimOf('b', 'x'), NOW) && room.plan(claimOf('c', 'y'), NOW))
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
      const room = makeRoom(10)
      const there = new Map<string, number>()
      for (const { who, source, items, leave } of steps) {
        const claim = claimOf(`one ${who}`, source, items)
        if (leave) {
          room.remove(claim.key)
          there.delete(claim.key)
          continue
        }
        const gone = enter(room, claim)
        for (const key of gone ?? []) there.delete(key)
        if (gone !== null) there.set(claim.key, items)
        assert.ok(gone === null || !gone.includes(claim.key))
        assert.equal(room.identities, there.size)
        assert.equal(
          room.items,
          [...there.values()].reduce((sum, one) => sum + one, 0),
        )
        assert.ok(room.identities <= 10 && room.items <= 2 * 4 * 10)
      }
    }),
  )
})

test('the refusal is typed', () => {
  const room = makeRoom(1)
  enter(room, claimOf('own', OWN))
  assert.throws(() => room.plan(claimOf('b', 'y'), NOW), failsWith('ERR_PUT_FULL'))
})
