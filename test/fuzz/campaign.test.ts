import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeFinding, inputOf, runCampaign, shareOut } from '../../fuzz/campaign.ts'
import { judge } from '../../fuzz/judge.ts'
import { targets } from '../../fuzz/targets.ts'
import { runs } from '../runs.ts'

/** Every decoder against 50,000 changed inputs, or a tenth of them; `npm run fuzz` does the same with a million, and measures time. */

const INPUTS = runs(50_000)

test('what inputs are made of is valid, and encodes to itself', async () => {
  for (const target of targets)
    for (const valid of target.corpus) {
      const input = target.wrap === undefined ? Uint8Array.from(valid) : target.wrap(valid)
      assert.deepEqual(await judge(target, input), { outcome: 'accepted' }, target.name)
    }
})

test('no decoder breaks a promise, and each of them accepts and refuses', async () => {
  const { findings, tallies } = await runCampaign(targets, { seed: 'fuzz', inputs: INPUTS })
  assert.equal(findings.length, 0, findings.map(describeFinding).join('\n'))
  const total = [...tallies.values()].reduce((sum, { inputs }) => sum + inputs, 0)
  assert.ok(total >= INPUTS, `${total}`)
  for (const { name, codes } of targets) {
    const tally = tallies.get(name)
    // Among a few dozen there may be no valid one; the test above has seen them accepted.
    assert.ok(tally !== undefined && (tally.accepted > 0 || tally.inputs < 50), `${name} accepts nothing`)
    assert.ok(codes.length === 0 || tally.refused.size > 0, `${name} refuses nothing`)
  }
})

test('inputs are shared out whole, and no decoder is left out', () => {
  assert.equal(new Set(targets.map(({ name }) => name)).size, targets.length)
  for (const inputs of [1, 1_000, INPUTS]) {
    const counts = [...shareOut(targets, inputs).values()]
    assert.equal(counts.length, targets.length)
    assert.ok(counts.every((count) => count >= 1))
    assert.ok(counts.reduce((sum, count) => sum + count) >= inputs)
  }
})

test('an input follows from seed, decoder and number alone', () => {
  // What is signed after it was changed has another signature each time.
  const fixed = targets.filter(({ wrap, name }) => wrap === undefined || !name.includes('signed'))
  assert.ok(fixed.length > 40)
  for (const target of fixed) {
    const [inputs, others] = ['one', 'two'].map((seed) =>
      Array.from({ length: 20 }, (_, index) => Buffer.from(inputOf(target, seed, index).input).toString('hex')),
    )
    assert.equal(Buffer.from(inputOf(target, 'one', 7).input).toString('hex'), inputs?.[7], target.name)
    assert.notDeepEqual(inputs, others)
    assert.ok(new Set(inputs).size > 10, target.name)
  }
})
