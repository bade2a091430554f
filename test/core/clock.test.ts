import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bothTimes, isAhead, nextSerial, oddityOf, utcMinutes } from '../../src/core/clock.ts'
import { CLOCK_TOLERANCE } from '../../src/core/limits/protocol-limits.ts'
import { runs } from '../runs.ts'
import { NOW } from './identities.ts'

const LAST_YEAR_OF_FOUR_DIGITS = 253_402_300_799

test('a time reads as Date has it, to the minute', () => {
  const first = Date.UTC(0, 0, 1) / 1000
  for (const seconds of [
    0,
    59,
    60,
    NOW,
    NOW + 59 * 86_400,
    first,
    -1,
    LAST_YEAR_OF_FOUR_DIGITS,
    951_782_400,
    4_107_542_399,
  ])
    assert.equal(utcMinutes(seconds), `${new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`)
  fc.assert(
    fc.property(fc.integer({ min: first, max: LAST_YEAR_OF_FOUR_DIGITS }), (seconds) => {
      const expected = `${new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`
      assert.equal(utcMinutes(seconds), expected)
    }),
    { numRuns: runs(5_000) },
  )
})

test('whatever number a log says as its time, there is a text for it', () => {
  for (const seconds of [8_640_000_000_001, Number.MAX_SAFE_INTEGER, -8_640_000_000_001])
    assert.match(utcMinutes(seconds), /^-?\d{4,}-\d\d-\d\d \d\d:\d\d UTC$/)
  assert.equal(
    bothTimes(NOW, 'the card', NOW + 86_400),
    'this computer: 2026-01-01 00:00 UTC, the card: 2026-01-02 00:00 UTC',
  )
})

test('a time is odd when it is more than an hour ahead, or from before there was Handfast', () => {
  assert.deepEqual(
    [NOW, NOW + CLOCK_TOLERANCE, NOW + CLOCK_TOLERANCE + 1, 0, Number.MAX_SAFE_INTEGER].map((time) =>
      oddityOf(time, NOW),
    ),
    [null, null, 'ahead', 'early', 'ahead'],
  )
})

test('§4 serials rise, and one that nobody accepts is not gone on from', () => {
  const now = NOW * 1000
  const ahead = (seconds: number): number => now + seconds * 1000
  assert.equal(nextSerial(0, now), now)
  assert.equal(nextSerial(now, now), now + 1)
  assert.equal(nextSerial(ahead(CLOCK_TOLERANCE), now), ahead(CLOCK_TOLERANCE) + 1)
  assert.equal(nextSerial(ahead(3 * 86_400), now), now)
  fc.assert(
    fc.property(fc.nat(Number.MAX_SAFE_INTEGER), fc.nat(2 ** 42), (last, clock) => {
      const next = nextSerial(last, clock)
      // A millisecond above the bound, at most: the next reading of the clock is beyond that.
      assert.ok(!isAhead((next - 1) / 1000, clock / 1000))
      assert.ok(next > last || isAhead(last / 1000, clock / 1000))
    }),
    { numRuns: runs(5_000) },
  )
})
