/**
 * `npm run demo`: two peers meet, talk and are attacked, on this machine. Exit code 0 only when every step was verified.
 * `npm run demo -- --json` prints one JSON object instead of the story.
 */

import { enableCompileCache } from 'node:module'
import { parseArgs } from 'node:util'
import { assemble, COMPILED } from './cast.ts'
import type { Network } from './network.ts'
import { startPlayers } from './players.ts'
import { createPrinter } from './print.ts'
import { createStage, describe, nobody } from './stage.ts'

// Whatever the demo does, nothing leaves this machine.
process.env.HANDFAST_LOOPBACK_ONLY = '1'

const SIGNAL_NUMBERS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const

const readOptions = (): { json: boolean } | null => {
  try {
    const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } })
    return { json: values.json }
  } catch {
    return null
  }
}

const perform = async (json: boolean): Promise<number> => {
  const began = performance.now()
  const stop = new AbortController()
  let failureCode = 1
  for (const [name, number] of Object.entries(SIGNAL_NUMBERS)) {
    process.on(name, () => {
      failureCode = 128 + number
      stop.abort(new Error(`stopped by ${name}`))
    })
  }
  // The reader went away: head, less.
  process.stdout.on('error', () => stop.abort(new Error('nobody reads the output')))

  const printer = json ? null : createPrinter(process.stdout)
  printer?.open()
  const stage = createStage(printer ?? nobody, stop.signal)
  let planned = Number.POSITIVE_INFINITY
  let failure: string | null = null
  let processes: readonly number[] = []
  {
    await using cast = await assemble()
    processes = cast.pids
    const players = startPlayers(cast)
    let starting: Promise<Network> | undefined
    try {
      // The processes are on their way; now for the code that this one needs.
      enableCompileCache(COMPILED)
      const { STEPS, tell } = await import('./story.ts')
      planned = Object.keys(STEPS).length
      const keep = (network: Promise<Network>): void => {
        starting = network
      }
      await tell(stage, { cast, players, keep })
    } catch (error) {
      failure = describe(error)
    } finally {
      const network = await starting?.catch(() => null)
      await network?.close()
    }
  }

  const { results } = stage
  const verified = results.filter((result) => result.ok).length
  const ok = failure === null && verified === planned
  const milliseconds = Math.round(performance.now() - began)
  if (json) console.log(JSON.stringify({ ok, milliseconds, failure, processes, steps: results }, null, 2))
  else {
    const verdict = ok ? `All ${planned} steps verified` : `FAILED: ${verified} of ${planned} steps verified`
    printer?.close(results, milliseconds, failure === null ? verdict : `${verdict} (${failure})`, ok)
  }
  return ok ? 0 : failureCode
}

const options = readOptions()
if (options === null) {
  console.error('demo: the only option is --json')
  process.exitCode = 2
} else process.exitCode = await perform(options.json)
