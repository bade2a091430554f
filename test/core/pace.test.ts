import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPace } from '../../src/core/pace.ts'

const EACH = { burst: 4, perSecond: 2 }
const ALL = { burst: 16, perSecond: 8 }
const START = 1_700_000_000_000

const open = () => createPace({ each: EACH, all: ALL, remembered: 50 })

/** How many of so many tries are let in. */
const tries = (pace: ReturnType<typeof open>, group: string, count: number, now: number): number =>
  Array.from({ length: count }, () => pace.take(group, now)).filter((taken) => taken).length

test('a group has so many at once, and then so many a second', () => {
  const pace = open()
  assert.equal(tries(pace, 'a', 10, START), EACH.burst)
  assert.equal(tries(pace, 'a', 10, START + 999), 1)
  assert.equal(tries(pace, 'a', 10, START + 60_000), EACH.burst)
})

test('groups that come without end take no more than half: one that was quiet is let in', () => {
  const pace = open()
  let taken = 0
  for (let second = 0; second < 60; second++)
    for (let group = 0; group < 10; group++) taken += tries(pace, `crowd ${group}`, 10, START + second * 1000)
  // All could have come twice a second.
  assert.ok(taken < 60 * 10 * 2 * 0.5)
  assert.ok(taken >= 60 * (ALL.perSecond / 2))
  for (let other = 0; other < ALL.burst / 2; other++) assert.equal(pace.take(`quiet ${other}`, START + 60_000), true)
})

test('any number of groups comes no more often than all may, and so many are remembered', () => {
  const pace = open()
  let taken = 0
  for (let index = 0; index < 10_000; index++) taken += tries(pace, `${index}`, 1, START + index)
  assert.ok(taken <= ALL.burst + ALL.perSecond * 10)
  assert.equal(pace.size, 50)
})

test('a clock that is set back gives nothing away, and is followed', () => {
  const pace = open()
  assert.equal(tries(pace, 'a', 10, START), EACH.burst)
  const before = START - 3_600_000
  assert.equal(tries(pace, 'a', 10, before), 0)
  assert.equal(tries(pace, 'a', 10, before + 1_000), EACH.perSecond)
})

test('the group that was quiet longest begins anew, and not one that goes on coming in vain', () => {
  const all = { burst: 100, perSecond: 0 }
  const pace = createPace({ each: { burst: 1, perSecond: 0 }, all, remembered: 2 })
  const took = ['a', 'a', 'b', 'a', 'c', 'a', 'b'].map((group) => pace.take(group, 0))
  assert.deepEqual(took, [true, false, true, false, true, false, true])
})
