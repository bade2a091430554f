import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allRuns } from '../runs.ts'
import type { Kind } from './schedules.ts'
import { playSchedule } from './stores-that-go-back.ts'

/** Whatever goes back, is copied, breaks, is late, doubled or lost: nothing is called delivered that is not there, nothing waits for good. */

const SCHEDULES = 500

const KINDS: readonly (readonly [name: string, kind: Kind])[] = [
  ['two who may never have met', {}],
  ['two who have exchanged a message each', { met: true }],
  ['and a thief of device keys', { thief: true }],
  ['two who take three messages a day from each other', { most: 3 }],
]

for (const [name, kind] of KINDS)
  test(`schedules of ${name}: delivered is there, once, and what is not there is gone or sent`, {
    timeout: 900_000,
  }, () => {
    let [gone, held] = [0, 0]
    for (let seed = 1; seed <= (allRuns ? SCHEDULES : 25); seed++) {
      const outcome = playSchedule(seed, kind)
      assert.deepEqual(outcome.broken, [], `seed ${seed}`)
      gone += outcome.gone
      held += outcome.held
    }
    // Who has heard anything of the other proves so: nothing has to be given up.
    assert.equal(held > 0, kind.most !== undefined)
    if (kind.met === true) assert.equal(gone, 0)
  })
