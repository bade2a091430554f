/** What `npm run nat` understands. */

import { parseArgs } from 'node:util'
import { KINDS } from './kinds.ts'
import { SCENARIOS, type ScenarioName } from './scenario-names.ts'

export type Options = {
  /** whose pairs are tried, as `from:to`; empty: none */
  readonly pairs: readonly string[]
  readonly scenarios: readonly ScenarioName[]
  readonly tries: number
  /** hosts with a node each */
  readonly nodes: number
  /** columns of the matrix that are tried at the same time */
  readonly parallel: number
  /** whether the one who is dialled names a relay */
  readonly relay: boolean
  /** whether the result goes into docs/nat.md */
  readonly write: boolean
  readonly json: boolean
  readonly help: boolean
}

export class UsageError extends Error {}

/** Both sides in one place. */
export const TOGETHER = ['lan', 'subnets'] as const

const NAMES = KINDS.map(({ name }) => name)

export const ALL_PAIRS: readonly string[] = [
  ...NAMES.flatMap((from) => NAMES.map((to) => `${from}:${to}`)),
  ...TOGETHER.map((name) => `${name}:${name}`),
]

export const USAGE = `npm run nat -- [options]         as root, or where user namespaces are allowed
  --only LIST       pairs that are tried, dials:is dialled (sym:port,open:open); all and none too. Default: all
  --scenario LIST   what else happens: ${SCENARIOS.join(', ')}; all too. Default: none
  --tries N         tries of each pair (1 to 100, default 1)
  --nodes N         hosts with a node of the network (1 to 9, default 5)
  --parallel N      listeners that are called at the same time (1 to 9, default 1: what else runs makes everything slower)
  --relay           a node is a relay too, and whoever is dialled names it
  --write           put the result into docs/nat.md
  --json            a line of JSON for each pair and scenario, for programs
  --help            this

Kinds of network: ${KINDS.map(({ name, title }) => `${name} (${title})`).join(', ')}.
lan:lan are two hosts behind one NAT, subnets:subnets the same in two networks.

Exit code 0: everything was tried. 1: a network is not what its name says, or a scenario failed. 2: wrong input.`

const chosen = <T extends string>(text: string, all: readonly T[], option: string): readonly T[] => {
  if (text === 'all') return all
  if (text === 'none') return []
  return text.split(',').map((name) => {
    const known = all.find((one) => one === name)
    if (known === undefined) throw new UsageError(`${option} knows no '${name}'`)
    return known
  })
}

const OPTIONS = {
  only: { type: 'string', default: 'all' },
  scenario: { type: 'string', default: 'none' },
  tries: { type: 'string', default: '1' },
  nodes: { type: 'string', default: '5' },
  parallel: { type: 'string', default: '1' },
  relay: { type: 'boolean', default: false },
  write: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const

/** @throws UsageError */
export const readOptions = (args: readonly string[]): Options => {
  const { values } = (() => {
    try {
      return parseArgs({ args: [...args], options: OPTIONS })
    } catch (error) {
      throw new UsageError(error instanceof Error ? error.message : String(error))
    }
  })()
  const number = (name: 'tries' | 'nodes' | 'parallel', max: number): number => {
    const value = Number(values[name])
    if (!Number.isInteger(value) || value < 1 || value > max)
      throw new UsageError(`--${name} takes a whole number from 1 to ${max}`)
    return value
  }
  const { relay, write, json, help } = values
  return {
    ...{ relay, write, json, help },
    pairs: chosen(values.only, ALL_PAIRS, '--only'),
    scenarios: chosen(values.scenario, SCENARIOS, '--scenario'),
    ...{ tries: number('tries', 100), nodes: number('nodes', 9), parallel: number('parallel', 9) },
  }
}
