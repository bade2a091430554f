import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createGrowingPause } from '../../src/core/growing-pause.ts'

test('what is brought about all the time is done at once, and then ever more rarely', () => {
  const pause = createGrowingPause({ first: 1_000, longest: 8_000 })
  const times: number[] = []
  for (let now = 0; now < 60_000; now += 100)
    if (pause.wait(now) === 0) {
      times.push(now)
      pause.done(now)
    }
  assert.deepEqual(times.slice(0, 6), [0, 1_000, 3_000, 7_000, 15_000, 23_000])
  assert.equal(pause.wait(60_000), 3_000)
})

test('after a quiet time as long as the longest pause it begins anew', () => {
  const pause = createGrowingPause({ first: 1_000, longest: 8_000 })
  for (const now of [0, 1_000, 3_000]) pause.done(now)
  assert.equal(pause.wait(5_000), 2_000)
  pause.done(11_001)
  assert.equal(pause.wait(11_001), 1_000)
})
