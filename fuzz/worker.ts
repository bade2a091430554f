import { parentPort, workerData } from 'node:worker_threads'
import { runCampaign } from './campaign.ts'
import { targets } from './targets.ts'

/** A campaign beside the thread that watches it: whoever hangs or runs out of memory does so alone, and is named. */

export type Work = {
  readonly seed: string
  readonly inputs: number
  readonly patience: number
  readonly only: string | null
  /** number of the present target and input, to be read while this thread is stuck */
  readonly place: SharedArrayBuffer
}

const { seed, inputs, patience, only, place }: Work = workerData
const chosen = targets.filter(({ name }) => only === null || name === only)
const view = new Int32Array(place)
const numbers = new Map(targets.map(({ name }, number) => [name, number]))

const onInput = (name: string, index: number): void => {
  Atomics.store(view, 0, numbers.get(name) ?? 0)
  Atomics.store(view, 1, index)
  Atomics.add(view, 2, 1)
}
parentPort?.postMessage(await runCampaign(chosen, { seed, inputs, patience, onInput }))
