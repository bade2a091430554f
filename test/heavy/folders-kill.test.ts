import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDht } from '../cli/dht.ts'
import { seededRandom } from '../core/test-bytes.ts'
import { compare, leave, makeOwners, NOTHING, settle } from '../net/folders.ts'
import { runs } from '../runs.ts'

/** Two who talk all the time, are killed at any moment, and find a folder in its place that is older than what they said. */

const ROUNDS = runs(20)
/** Messages that each of them writes in a round. */
const SHARE = 20

test('folders that are put back at random moments, from copies of processes that were killed: nothing is lost, or comes twice', {
  timeout: 900_000,
}, async (t) => {
  const dht = await createDht(t)
  const owners = await makeOwners(t, dht.get('node') ?? '')
  const random = seededRandom('folders put back')
  const upTo = (most: number): number => (random(1)[0] ?? 0) % most
  const kept = owners.map(() => 0)
  for (let round = 0; round < ROUNDS; round++) {
    const children = [await owners[0].come(), await owners[1].come()]
    for (const [side, child] of children.entries())
      for (let n = 0; n < SHARE; n++) child.type(`say ${side} ${round} ${n}`)
    // Each gets so far: it has told that much of what it wrote and heard.
    for (const child of round === 0 ? [] : children)
      for (let told = upTo(3 * SHARE); told > 0; told--) await child.line(/^\{/)
    if (round === 0) await settle(...children)
    await Promise.all(children.map((child) => child.exit('SIGKILL')))
    for (const [side, owner] of [owners[0], owners[1]].entries()) {
      const copies = kept[side] ?? 0
      if (copies > 0 && upTo(3) === 0) await owner.putBack(`${upTo(copies)}`)
      if (upTo(2) > 0 || round === 0) {
        await owner.keep(`${copies}`)
        kept[side] = copies + 1
      }
    }
  }
  const last = [await owners[0].come(), await owners[1].come()]
  for (const [side, child] of last.entries()) child.type(`say ${side} last`)
  await settle(...last)
  await leave(...last)
  assert.deepEqual(await compare(owners[0], owners[1]), NOTHING)
})
