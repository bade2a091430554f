import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { joinStrangers } from '../../demo/attacks/strangers.ts'
import { createStage, nobody } from '../../demo/stage.ts'
import { meetAmongStrangers } from '../../demo/steps/strangers.ts'

/** The demo's step on nodes of strangers, with a Mallory who does what she says, and with one who does not: then its checks must notice. */

type Thief = Parameters<typeof meetAmongStrangers>[1]

/** The claims that did not hold. */
const failing = async (t: TestContext, change: Partial<Thief>): Promise<readonly string[]> => {
  const folder = await mkdtemp(join(tmpdir(), 'handfast-strangers-'))
  let strangers: Awaited<ReturnType<typeof joinStrangers>> | undefined
  t.after(async () => {
    await Promise.all((strangers?.nodes ?? []).map((node) => node.close()))
    await rm(folder, { recursive: true })
  })
  const have = () => strangers ?? assert.fail('nobody has joined')
  const mallory: Thief = {
    joinStrangers: async (network) => {
      strangers = await joinStrangers(network)
      return strangers.liars.length
    },
    spoilSlot: (copied) => have().spoil(copied),
    seizeNext: () => have().seizeNext(),
    ...change,
  }
  const stage = createStage(nobody, new AbortController().signal)
  await stage.step('strangers', '', (step) => meetAmongStrangers(step, mallory, folder)).catch(() => {})
  return stage.results.flatMap(({ checks, failure }) => [
    ...checks.filter(({ ok }) => !ok).map(({ claim }) => claim),
    ...(failure === undefined ? [] : [failure]),
  ])
}

test('all checks hold when Mallory does what she can', async (t) => {
  assert.deepEqual(await failing(t, {}), [])
})

test('a theft that did not happen is noticed', async (t) => {
  const missed = await failing(t, {
    spoilSlot: async () => ({ asked: 20, took: 0 }),
    seizeNext: async () => ({ asked: 20, took: 0 }),
  })
  assert.deepEqual(missed, ['nodes that took it', 'nobody is told that these keys hold', 'and why'])
})

test('a node that keeps what a thief puts where the next keys will be announced is noticed', async (t) => {
  assert.deepEqual(await failing(t, { seizeNext: async () => ({ asked: 20, took: 1 }) }), ['nodes that did'])
})
