import assert from 'node:assert/strict'
import { test } from 'node:test'
import { afterJump } from '../../src/contacts/after-jump.ts'
import { createJumpWatch } from '../../src/contacts/jump-watch.ts'
import { NOW } from '../core/identities.ts'

/** One watch for all who have to do something when the clock jumped, and what each of them hears of it. */

const HOUR = 3_600_000

test('a jump is told to all at the next look, or to who asks; how much there is to do about it, each decides', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const clocks = { wall: NOW * 1000, counting: 0 }
  const watch = createJumpWatch({ clock: () => clocks.wall, counting: () => clocks.counting })
  const told: (readonly [number, boolean])[] = []
  let renewed = 0
  watch.onJump((jump, asked) => void told.push([jump, asked]))
  const end = afterJump(watch, () => {
    renewed += 1
  })
  const pass = (milliseconds: number, jump = 0): void => {
    clocks.wall += milliseconds + jump
    clocks.counting += milliseconds
    t.mock.timers.tick(milliseconds)
  }
  for (let look = 0; look < 10; look++) pass(15_000)
  assert.deepEqual([told, renewed], [[], 0])
  // Too little for a card to run out.
  pass(15_000, 5 * 60_000)
  assert.deepEqual([told, renewed], [[[5 * 60_000, false]], 0])
  assert.equal(watch.jumped(), true)
  pass(15_000, HOUR)
  assert.equal(renewed, 1)
  // The one back comes too soon, and is not forgotten; of more than one there is one.
  for (const jump of [-HOUR, HOUR, -HOUR]) pass(15_000, jump)
  assert.equal(renewed, 1)
  for (let look = 0; look < 45; look++) pass(15_000)
  assert.equal(renewed, 2)
  for (let look = 0; look < 90; look++) pass(15_000)
  assert.equal(renewed, 2)
  // Who asks before the next look hears of it too, once.
  clocks.wall += HOUR
  assert.deepEqual([watch.jumped(), watch.jumped(), told.at(-1), renewed], [true, false, [HOUR, true], 3])
  end()
  pass(15_000, HOUR)
  assert.equal(renewed, 3)
  watch.stop()
})
