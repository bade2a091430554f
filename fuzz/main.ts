import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { describeFinding, inputOf, type Outcome, runInput, type Tally } from './campaign.ts'
import type { Work } from './worker.ts'

/**
 * `npm run fuzz -- [--inputs N] [--seed TEXT] [--only DECODER [--index N | --input HEX]]`: feeds every decoder with changed inputs, says
 * what it made of them, and exits 1 when one broke a promise. One input alone is run in this thread, for a debugger to look at.
 */

/** Milliseconds for one input: no decoder needs a hundredth of it. */
const PATIENCE = 250
/** Milliseconds without the next input, after which a decoder is taken to hang. */
const STUCK = 30_000
/** MiB of heap for all of it: no decoder keeps anything. */
const HEAP_MAX = 512

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: `${Date.now()}` },
    only: { type: 'string' },
    index: { type: 'string' },
    input: { type: 'string' },
  },
})
const { seed, only } = values
const inputs = Number(values.inputs)
const isCount = Number.isSafeInteger(inputs) && inputs >= 1
/** They take long to load: not for what is refused without them. */
const { targets } = isCount ? await import('./targets.ts') : { targets: [] }

const fail = (...lines: readonly string[]): void => {
  console.error(lines.join('\n'))
  process.exitCode = 1
}

const runAlone = async (name: string, given: string | undefined, index: number): Promise<void> => {
  const target = targets.find((one) => one.name === name)
  if (target === undefined) return
  const made =
    given === undefined
      ? inputOf(target, seed, index)
      : { input: Uint8Array.from(Buffer.from(given, 'hex')), valid: false }
  const { input } = made
  const { verdict, took, broken } = await runInput(target, made, PATIENCE)
  console.log(`${JSON.stringify(verdict)} for ${input.length} bytes in ${took.toFixed(1)} ms`)
  if (broken !== null) fail(describeFinding({ target: name, seed, index, what: broken, input }))
}

const row = (name: string, { inputs: count, accepted, refused, milliseconds, slowest }: Tally): string => {
  const codes = [...refused].sort(([, a], [, b]) => b - a).map(([code, times]) => `${code} ${times}`)
  const columns = [
    `${count}`.padStart(8),
    `${accepted}`.padStart(8),
    ((milliseconds * 1000) / count).toFixed(0).padStart(6),
  ]
  return `${name.padEnd(20)}${columns.join('')} us${slowest.toFixed(1).padStart(8)} ms  ${codes.join(', ')}`
}

const summarize = ({ findings, tallies }: Outcome, began: number): void => {
  console.log(`${'decoder'.padEnd(20)}  inputs accepted  mean     slowest     refused`)
  for (const [name, tally] of tallies) console.log(row(name, tally))
  const total = [...tallies.values()].reduce((sum, tally) => sum + tally.inputs, 0)
  const memory = Math.round(process.resourceUsage().maxRSS / 1024)
  const seconds = ((performance.now() - began) / 1000).toFixed(0)
  console.log(`${total} inputs, ${findings.length} findings, seed ${seed}, ${seconds} s, at most ${memory} MiB in all`)
  if (findings.length > 0) fail(...findings.map(describeFinding))
}

const runAll = async (): Promise<void> => {
  const began = performance.now()
  const place = new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT)
  const view = new Int32Array(place)
  const here = (): string => `${targets[view[0] ?? 0]?.name} at input ${view[1]}`
  const again = (): string =>
    `  again: npm run fuzz -- --only ${targets[view[0] ?? 0]?.name} --seed ${seed} --index ${view[1]}`
  const work: Work = { seed, inputs, patience: PATIENCE, only: only ?? null, place }
  const worker = new Worker(new URL('worker.ts', import.meta.url), {
    workerData: work,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MAX },
  })
  const stuck = Promise.withResolvers<never>()
  let seen = -1
  const watch = setInterval(() => {
    const now = Atomics.load(view, 2)
    if (now === seen) stuck.reject(new Error(`no answer for ${STUCK / 1000} s`))
    seen = now
  }, STUCK)
  try {
    const [outcome]: [Outcome] = (await Promise.race([
      once(worker, 'message'),
      once(worker, 'exit').then(() => Promise.reject(new Error('its thread ended'))),
      stuck.promise,
    ])) as [Outcome]
    summarize(outcome, began)
  } catch (error) {
    fail(`${here()}: ${error instanceof Error ? error.message : error}`, again())
  } finally {
    clearInterval(watch)
    await worker.terminate()
  }
}

if (!isCount) fail('--inputs is a whole number')
else if (only !== undefined && !targets.some(({ name }) => name === only))
  fail(`no decoder ${only}; there is ${targets.map(({ name }) => name).join(', ')}`)
else if (only !== undefined && (values.index ?? values.input) !== undefined)
  await runAlone(only, values.input, Number(values.index ?? 0))
else await runAll()
