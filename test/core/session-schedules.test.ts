import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { allRuns, runs, share } from '../runs.ts'
import { commands, converse, run } from './session-world.ts'

/** The ratchet against its model, over any schedule of loss, reordering, repetition, damage, time and direction. */

const SEED = 20260104
/** Two schedules that come to the limits of both chains. */
const LIMITS_TWICE = { seed: 44, numRuns: 2 }

test('§6 any schedule of loss, reordering, repetition and direction opens each message once', () => {
  const seen = { opened: 0, refused: 0, offered: 0, answered: 0 }
  fc.assert(
    fc.property(commands(fc.integer({ min: 1, max: 3 }), 60), (schedule) => {
      const { opened, refused, offered, answered } = run(schedule)
      seen.opened += opened.size
      seen.refused += refused
      seen.offered += offered.size
      seen.answered += answered.size
    }),
    { seed: SEED, numRuns: runs(250) },
  )
  assert.ok(seen.opened > share(1000) && seen.refused > share(200), JSON.stringify(seen))
  assert.ok(seen.offered > share(80) && seen.answered > share(50), JSON.stringify(seen))
})

test('§6 so does any schedule that comes to the limits', () => {
  const bursts = fc.constantFrom(1, 2, 3, 1, 2, 400, 999, 1000, 1001)
  const codes = { opened: 0, refused: 0, kept: 0, answered: 0 }
  fc.assert(
    fc.property(commands(bursts, 50), (schedule) => {
      const { opened, refused, models, answered } = run(schedule)
      codes.opened += opened.size
      codes.refused += refused
      codes.answered += answered.size
      codes.kept = Math.max(codes.kept, ...models.map(({ kept }) => kept.size))
    }),
    allRuns ? { seed: SEED, numRuns: 14 } : LIMITS_TWICE,
  )
  assert.ok(codes.opened > share(50) && codes.refused > share(20), JSON.stringify(codes))
  assert.ok(codes.kept > 1500 && codes.answered > 0, JSON.stringify(codes))
})

test('§6 thousands of messages, alternating or nearly one-sided, with loss and reordering around every KEM step', () => {
  const count = allRuns ? 3000 : 600
  for (const [percent, least] of [[50, 40], [3, 10], ...(allRuns ? [[97, 10] as const] : [])] as const)
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat(9999)), (stream) => {
        const { opened, answered, offered } = converse(() => stream.next().value ?? 0, count, percent)
        assert.ok(opened.size > (count * 2) / 3, `${opened.size} opened`)
        assert.ok(
          Math.min(offered.size, answered.size) > least / (allRuns ? 1 : 5),
          `${offered.size}, ${answered.size} at ${percent}`,
        )
      }),
      { seed: SEED, numRuns: 1 },
    )
})
