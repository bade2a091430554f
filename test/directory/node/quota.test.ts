import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { QUOTA_SOURCES_MAX } from '../../../src/directory/limits.ts'
import { createQuota, type Quota } from '../../../src/directory/node/quota.ts'

const EACH = { rate: 2, burst: 10 }
const AMPLE = { rate: 1e9, burst: 1e9 }

/** Asks for one unit at a time until it is too much: how many were granted. */
const exhaust = (quota: Quota, source: string, now: number): number => {
  let granted = 0
  for (; quota.allows(source, now); granted++) quota.charge(source, now, 1)
  return granted
}

test('a network gets its burst at once, then its rate, and after a pause no more than its burst', () => {
  const quota = createQuota(EACH, AMPLE)
  assert.deepEqual(
    [100, 100, 101, 104, 1_000_000].map((now) => exhaust(quota, 'a', now)),
    [10, 0, 2, 6, 10],
  )
})

test('one network does not use up what another has', () => {
  const quota = createQuota(EACH, AMPLE)
  exhaust(quota, 'a', 100)
  assert.equal(exhaust(quota, 'b', 100), 10)
})

test('all networks together have a bound, half of which is for what each asks first', () => {
  const quota = createQuota(EACH, { rate: 3, burst: 24 })
  const sources = Array.from({ length: 20 }, (_, index) => `network ${index}`)
  assert.deepEqual(
    sources.map((source) => exhaust(quota, source, 100)),
    [10, 4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0],
  )
})

const HALF_A_CORE = [
  { rate: 500, burst: 5_000 },
  { rate: 5_000, burst: 10_000 },
] as const

test('eighty networks that ask without end leave enough to publish to those who ask little', () => {
  const quota = createQuota(...HALF_A_CORE)
  let granted = 0
  for (let now = 100; now < 110; now++) {
    for (let source = 0; source < 80; source++) granted += exhaust(quota, `flooder ${source}`, now)
    // Two records and the key of one, each from somewhere else.
    for (const units of [9, 9, 1, 1]) {
      assert.ok(quota.allows(`quiet ${now}`, now))
      quota.charge(`quiet ${now}`, now, units)
    }
  }
  // Together they cause no more than all may, whoever they are.
  assert.ok(granted > 30_000 && granted < 56_000, `${granted}`)
})

test('what a request cost beyond what was left is paid later', () => {
  const quota = createQuota(EACH, AMPLE)
  quota.charge('a', 100, 30)
  assert.ok(!quota.allows('a', 110))
  assert.ok(quota.allows('a', 111))
})

test('a penalty is the business of its network alone', () => {
  const quota = createQuota(EACH, { rate: 0, burst: 40 })
  quota.charge('a', 100, 1_000, 5)
  assert.ok(!quota.allows('a', 100))
  assert.equal(exhaust(quota, 'b', 100), 10)
  assert.equal(exhaust(quota, 'c', 100), 10)
})

test('a clock that is set back gives nothing, and time goes on from there', () => {
  const quota = createQuota(EACH, AMPLE)
  exhaust(quota, 'a', 1_000)
  assert.equal(exhaust(quota, 'a', 10), 0)
  assert.equal(exhaust(quota, 'a', 12), 4)
})

test('a bounded number of networks is remembered: those used last', () => {
  const quota = createQuota(EACH, AMPLE)
  exhaust(quota, 'first', 100)
  for (let index = 0; index < QUOTA_SOURCES_MAX - 1; index++) quota.charge(`other ${index}`, 100, 1)
  assert.equal(quota.size, QUOTA_SOURCES_MAX)
  assert.equal(exhaust(quota, 'first', 100), 0)
  for (let index = 0; index < QUOTA_SOURCES_MAX * 2; index++) quota.charge(`new ${index}`, 100, 1)
  assert.equal(quota.size, QUOTA_SOURCES_MAX)
  assert.equal(exhaust(quota, 'first', 100), 10)
})

test('in no stretch of time does a network get more than its burst and its rate', () => {
  const steps = fc.array(fc.record({ wait: fc.nat(5), units: fc.integer({ min: 1, max: 4 }) }), { maxLength: 60 })
  fc.assert(
    fc.property(steps, (asked) => {
      const quota = createQuota(EACH, AMPLE)
      let [now, spent] = [500, 0]
      for (const { wait, units } of asked) {
        now += wait
        if (!quota.allows('a', now)) continue
        quota.charge('a', now, units)
        spent += units
        assert.ok(spent < EACH.burst + EACH.rate * (now - 500) + 4)
      }
    }),
  )
})
