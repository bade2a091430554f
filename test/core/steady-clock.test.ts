import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createSteadyClock, type KeptTime, timesOf } from '../../src/core/steady-clock.ts'

/** By what time things may be deleted, whatever the clock on the wall does. */

const HOUR = 3_600_000
const DAY = 24 * HOUR
const BEGAN = 1_800_000_000_000

/** True time goes on; the wall shows it, and is wrong by `off`. */
const open = (kept?: KeptTime, began = BEGAN) => {
  const state = { time: began, off: 0 }
  const clock = createSteadyClock({ clock: () => state.time + state.off, counting: () => state.time - began, kept })
  return { ...clock, state }
}

/** What a folder keeps between two programs. */
const folder = () => {
  let time: number | null = null
  const kept: KeptTime = {
    read: () => time,
    write: (written) => {
      time = written
    },
  }
  return kept
}

test('at first nothing is old, and an hour later what was the time then', () => {
  const { past, present, state } = open()
  assert.deepEqual([past(), present()], [0, BEGAN])
  state.time += HOUR - 1
  assert.equal(past(), 0)
  state.time += 1
  assert.equal(past(), BEGAN)
  assert.equal(present(), BEGAN + HOUR)
})

test('a clock that is ahead, or behind, and put right within an hour makes nothing old before its time', () => {
  const step = fc.record({
    goOn: fc.integer({ min: 0, max: 3 * HOUR }),
    off: fc.integer({ min: -400 * DAY, max: 400 * DAY }),
    for: fc.integer({ min: 0, max: HOUR - 1 }),
    looks: fc.integer({ min: 0, max: 4 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const { past, present, state } = open()
      const check = (): void => {
        assert.ok(past() <= state.time && past() <= state.time + state.off)
        assert.ok(present() >= state.time + state.off)
      }
      for (const { goOn, off, for: wrongFor, looks } of steps) {
        state.time += goOn
        check()
        state.off = off
        for (let look = 0; look < looks; look++) {
          check()
          state.time += wrongFor / 4
        }
        state.off = 0
        check()
      }
      // As soon as it has been right for long enough, it goes on.
      const right = state.time
      for (let look = 0; look < 3; look++) {
        state.time += HOUR
        check()
      }
      assert.ok(past() >= right - HOUR)
    }),
  )
})

test('what is kept while the clock is behind for less than an hour is not older than what was sure', () => {
  const { past, present, state } = open()
  state.time += HOUR
  past()
  state.off = -40 * DAY
  state.time += 10 * 60_000
  assert.equal(present(), BEGAN)
  assert.ok(past() < BEGAN - 30 * DAY)
  state.off = 0
  assert.equal(present(), state.time)
})

test('a clock that stays is followed, ahead and back', () => {
  for (const off of [8 * DAY, -8 * DAY]) {
    const { past, present, state } = open()
    for (let look = 0; look < 3; look++) {
      state.time += HOUR
      past()
    }
    state.off = off
    past()
    for (let look = 0; look < 2; look++) {
      state.time += HOUR
      past()
    }
    const behind = state.time + off - past()
    assert.ok(behind >= 0 && behind <= 2 * HOUR, `${behind}`)
    assert.equal(present(), state.time + off)
  }
})

test('what others say counts at once, and what they contradict makes nothing old', () => {
  const { past, hear, state } = open()
  hear(true)
  assert.equal(past(), BEGAN)
  state.off = 8 * DAY
  state.time += 60_000
  assert.equal(past(), BEGAN)
  hear(false)
  for (let look = 0; look < 50; look++) {
    state.time += HOUR
    assert.equal(past(), 0)
  }
  state.off = 0
  hear(true)
  assert.equal(past(), state.time)
})

test('programs that run for minutes each count the hour between them', () => {
  const kept = folder()
  const run = (time: number): number => {
    const { past } = open(kept, time)
    return past()
  }
  assert.equal(run(BEGAN), 0)
  assert.equal(run(BEGAN + HOUR - 1), 0)
  assert.equal(run(BEGAN + HOUR), BEGAN)
  // One by a clock that is ahead makes nothing old, and the next one by the right clock forgets it.
  assert.equal(run(BEGAN + 40 * DAY), BEGAN + HOUR)
  assert.equal(run(BEGAN + 2 * HOUR), 0)
  assert.equal(run(BEGAN + 4 * HOUR), BEGAN + 2 * HOUR)
})

test('times in seconds are rounded down; without a steady clock the clock counts at once', () => {
  const { state, ...clock } = open()
  state.time += HOUR + 999
  assert.deepEqual(timesOf(clock, 5), { past: BEGAN / 1000, present: (BEGAN + HOUR) / 1000 })
  assert.deepEqual(timesOf(undefined, 5), { past: 5, present: 5 })
})
