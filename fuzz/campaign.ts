import type { ErrorCode } from '../src/core/errors.ts'
import { drawFor } from './draw.ts'
import { judge, type Verdict } from './judge.ts'
import { makeInput } from './make-input.ts'
import type { Target } from './target.ts'

/** Many inputs to many decoders. */

export type Finding = {
  readonly target: string
  /** where the input came from */
  readonly seed: string
  readonly index: number
  readonly what: string
  readonly input: Uint8Array
}

export type Tally = {
  inputs: number
  accepted: number
  readonly refused: Map<ErrorCode, number>
  /** milliseconds in all, and of the slowest input */
  milliseconds: number
  slowest: number
}

export type Campaign = {
  readonly seed: string
  /** in all, shared out by the targets' shares */
  readonly inputs: number
  /** milliseconds one input may take, and a little more for each byte, the best of three; default: as long as it likes */
  readonly patience?: number | undefined
  /** Told before each input. */
  readonly onInput?: ((target: string, index: number) => void) | undefined
}

export type Outcome = { readonly findings: readonly Finding[]; readonly tallies: ReadonlyMap<string, Tally> }

/** Of one decoder; more of the same add nothing. */
const FINDINGS_MAX = 5

/** One input; `valid` says that it has to be accepted. */
export type Input = ReturnType<typeof makeInput>

export const inputOf = (target: Target, seed: string, index: number): Input =>
  makeInput(target, drawFor(seed, target.name, index))

/** How many inputs each target gets: all of them together `inputs`, and each at least one. */
export const shareOut = (targets: readonly Target[], inputs: number): ReadonlyMap<Target, number> => {
  const total = targets.reduce((sum, { share }) => sum + share, 0)
  const counts = new Map<Target, number>()
  let [shares, given] = [0, 0]
  for (const target of targets) {
    shares += target.share
    const count = Math.max(1, Math.round((inputs * shares) / total) - given)
    counts.set(target, count)
    given += count
  }
  return counts
}

/** Verifying the logs in a backup takes this long, and nothing takes longer. */
const MS_PER_BYTE = 0.003

export type Run = { readonly verdict: Verdict; readonly took: number; readonly broken: string | null }

const timed = async (target: Target, input: Uint8Array): Promise<Pick<Run, 'verdict' | 'took'>> => {
  const began = performance.now()
  const verdict = await judge(target, input)
  return { verdict, took: performance.now() - began }
}

/** What is wrong with how a decoder takes an input, null when nothing is. */
export const runInput = async (
  target: Target,
  { input, valid }: Input,
  patience: number = Number.POSITIVE_INFINITY,
): Promise<Run> => {
  const { verdict, took } = await timed(target, input)
  if (verdict.outcome === 'broken') return { verdict, took, broken: verdict.what }
  if (verdict.outcome === 'refused' && valid)
    return { verdict, took, broken: `valid, but refused with ${verdict.code}` }
  const most = patience + input.length * MS_PER_BYTE
  // Other work on the machine makes an input slow once, not three times.
  const slow = took > most && (await timed(target, input)).took > most && (await timed(target, input)).took > most
  return { verdict, took, broken: slow ? `it took ${Math.round(took)} ms` : null }
}

export const runCampaign = async (
  targets: readonly Target[],
  { seed, inputs, patience, onInput = () => {} }: Campaign,
): Promise<Outcome> => {
  const findings: Finding[] = []
  const tallies = new Map<string, Tally>()
  for (const [target, count] of shareOut(targets, inputs)) {
    const tally: Tally = { inputs: 0, accepted: 0, refused: new Map(), milliseconds: 0, slowest: 0 }
    tallies.set(target.name, tally)
    let found = 0
    for (let index = 0; index < count && found < FINDINGS_MAX; index++) {
      onInput(target.name, index)
      const made = inputOf(target, seed, index)
      const { verdict, took, broken } = await runInput(target, made, patience)
      tally.inputs += 1
      tally.milliseconds += took
      tally.slowest = Math.max(tally.slowest, took)
      if (verdict.outcome === 'accepted') tally.accepted += 1
      if (verdict.outcome === 'refused') tally.refused.set(verdict.code, (tally.refused.get(verdict.code) ?? 0) + 1)
      if (broken === null) continue
      findings.push({ target: target.name, seed, index, what: broken, input: made.input })
      found += 1
    }
  }
  return { findings, tallies }
}

/** Enough to run it alone. */
export const describeFinding = ({ target, seed, index, what, input }: Finding): string =>
  [
    `${target}: ${what}`,
    `  again: npm run fuzz -- --only ${target} --seed ${seed} --index ${index}`,
    `  or:    npm run fuzz -- --only ${target} --input ${Buffer.from(input).toString('hex')}`,
  ].join('\n')
