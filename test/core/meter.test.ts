import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMeter, type Rates } from '../../src/core/meter.ts'
import { refill, waitFor } from '../../src/core/token-bucket.ts'
import { makeBytes, NOW } from './identities.ts'

/** How fast those may be who are no contacts. */

const each: Rates = { count: { burst: 8, perSecond: 1 }, bytes: { burst: 800, perSecond: 10 } }
const all: Rates = { count: { burst: 20, perSecond: 2 }, bytes: { burst: 2000, perSecond: 100 } }
const who = (name: string): Uint8Array => makeBytes(`meter/${name}`, 32)
const now = NOW * 1000

/** How often something of that size is taken at once. */
const takeAll = (meter: ReturnType<typeof createMeter>, name: string, bytes: number, at = now): number => {
  let taken = 0
  for (; meter.wait(who(name), bytes, at) === 0; taken++) meter.take(who(name), bytes, at)
  return taken
}

test('what was used up comes back with time, to the burst and no further', () => {
  const rate = { burst: 10, perSecond: 2 }
  assert.deepEqual(refill(rate, { left: 0, at: now }, now + 1500), { left: 3, at: now + 1500 })
  assert.equal(refill(rate, { left: 0, at: now }, now + 60_000).left, 10)
  assert.equal(waitFor(rate, { left: 3, at: now }, 4), 500)
  assert.equal(waitFor(rate, { left: 3, at: now }, 1000), 3500)
})

test('a clock that was set back gives nothing and takes nothing', () => {
  const back = refill(each.count, { left: 3, at: now }, now - 3_600_000)
  assert.deepEqual(back, { left: 3, at: now - 3_600_000 })
  assert.equal(refill(each.count, back, now - 3_599_000).left, 4)
})

test('one is let in so often and with so many bytes, and again when a quarter of it is there', () => {
  for (const [bytes, most, wait] of [
    [1, 8, 2000],
    [100, 8, 20_000],
    [400, 2, 40_000],
  ] as const) {
    const meter = createMeter({ each, all })
    assert.equal(takeAll(meter, 'mallory', bytes), most)
    assert.equal(meter.wait(who('mallory'), bytes, now), wait)
    assert.notEqual(meter.wait(who('mallory'), bytes, now + wait - 100), 0)
    assert.equal(meter.wait(who('mallory'), bytes, now + wait), 0)
  }
})

test('what one has used up is still there for another, but for what they have together', () => {
  const meter = createMeter({ each, all })
  assert.equal(takeAll(meter, 'a', 1), 8)
  assert.equal(takeAll(meter, 'b', 1), 8)
  assert.equal(takeAll(meter, 'c', 1), 4)
  assert.equal(takeAll(meter, 'd', 1), 0)
  // Nobody new gets more by it than by waiting.
  assert.equal(meter.wait(who('e'), 1, now), 2500)
  assert.equal(takeAll(meter, 'e', 1, now + 2500), 5)
})

test('identities that are made one after the other get no more than the rate of all, however many', () => {
  const meter = createMeter({ each, all })
  let taken = 0
  for (let second = 0; second < 600; second++)
    for (let count = 0; count < 20; count++) {
      const name = `${second}/${count}`
      if (meter.wait(who(name), 1, now + second * 1000) > 0) continue
      meter.take(who(name), 1, now + second * 1000)
      taken += 1
    }
  assert.ok(taken <= 20 + 2 * 600, `${taken}`)
})
