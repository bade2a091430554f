import assert from 'node:assert/strict'
import { randomBytes, sign } from 'node:crypto'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fakeCloser } from '../../sim/attackers/fake-closer.ts'
import { siege, withWorld } from '../sim/small-world.ts'

test('the same seed gives the same datagrams at the same times, another seed others', async () => {
  const first = await siege(fakeCloser)
  const second = await siege(fakeCloser)
  const other = await siege(fakeCloser, { seed: '2' })
  assert.equal(second.digest, first.digest)
  assert.notEqual(other.digest, first.digest)
  assert.deepEqual(second.result.observations, first.result.observations)
})

test('an hour passes in virtual time, and the process has its own time and chance back afterwards', async () => {
  const before = { now: Date.now, setTimeout: globalThis.setTimeout, delay, random: Math.random, randomBytes, sign }
  const real = process.hrtime.bigint()
  const { result } = await withWorld(async ({ clock }) => {
    const began = Date.now()
    await delay(3_600_000)
    return { passed: Date.now() - began, clock: clock.now() }
  })
  assert.equal(result.passed, 3_600_000)
  assert.ok(process.hrtime.bigint() - real < 3_600_000_000_000n)
  const { now } = Date
  assert.deepEqual({ now, setTimeout: globalThis.setTimeout, delay, random: Math.random, randomBytes, sign }, before)
})
