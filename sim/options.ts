/** What `npm run sim` understands. */

import { parseArgs } from 'node:util'

export type Options = {
  /** names, none twice */
  readonly scenarios: readonly string[]
  readonly list: boolean
  readonly help: boolean
  /** Honest storage nodes and attackers together; undefined: what the scenario is about. */
  readonly nodes: number | undefined
  readonly seed: string
  /** share of the storage nodes that attack */
  readonly attackers: number
  readonly people: number | undefined
  readonly lookups: number | undefined
  /** throw-away identities of a flood */
  readonly flood: number | undefined
  /** share of datagrams lost */
  readonly loss: number
  readonly json: string | undefined
  readonly svg: string | undefined
}

/** The command line is wrong; the message says how, and the exit code is 2. */
export class UsageError extends Error {}

export const USAGE = `npm run sim -- --scenario NAME[,NAME...] [options]
  --list             the scenarios
  --help             this
  --nodes N          storage nodes, attackers included (4 to 5000)
  --seed TEXT        another seed, another run (default 1)
  --attackers SHARE  how many of the nodes attack (0 to 0.9, default 0.3)
  --people N         identities that are published (1 to 20000)
  --lookups N        (1 to 20000)
  --flood N          throw-away identities of a flood (1 to 200000)
  --loss SHARE       datagrams lost (0 to 0.5, default 0.01)
  --json FILE        where the result of one scenario goes (default sim/results/NAME-N.json)
  --svg FILE         where its plot goes (default sim/results/NAME-N.svg)

Exit code 0: every number was reached. 1: an invariant was violated. 2: wrong input. 3: the invariants hold, a number was not reached.`

const STRINGS = ['scenario', 'nodes', 'seed', 'attackers', 'people', 'lookups', 'flood', 'loss', 'json', 'svg'] as const

/** @throws UsageError */
export const readOptions = (args: readonly string[]): Options => {
  const values = parse(args)
  const number = (name: 'nodes' | 'people' | 'lookups' | 'flood', min: number, max: number): number | undefined => {
    const text = values[name]
    if (text === undefined) return undefined
    if (!/^[0-9]{1,9}$/.test(text) || Number(text) < min || Number(text) > max)
      throw new UsageError(`--${name} takes a whole number from ${min} to ${max}, not '${text}'`)
    return Number(text)
  }
  const share = (name: 'attackers' | 'loss', max: number, standard: number): number => {
    const text = values[name]
    if (text === undefined) return standard
    if (!/^[0-9]*\.?[0-9]+$/.test(text) || Number(text) > max)
      throw new UsageError(`--${name} takes a share from 0 to ${max}, not '${text}'`)
    return Number(text)
  }
  const { list = false, help = false } = values
  if (!list && !help && values.scenario === undefined) throw new UsageError('which --scenario? --list shows them')
  const scenarios = [...new Set((values.scenario ?? '').split(','))]
  if (scenarios.length > 1 && (values.json ?? values.svg) !== undefined)
    throw new UsageError('--json and --svg take the result of one scenario')
  return {
    ...{ scenarios, list, help },
    nodes: number('nodes', 4, 5000),
    seed: values.seed ?? '1',
    attackers: share('attackers', 0.9, 0.3),
    people: number('people', 1, 20_000),
    lookups: number('lookups', 1, 20_000),
    flood: number('flood', 1, 200_000),
    loss: share('loss', 0.5, 0.01),
    json: values.json,
    svg: values.svg,
  }
}

const parse = (args: readonly string[]) => {
  try {
    const strings = Object.fromEntries(STRINGS.map((name) => [name, { type: 'string' }] as const)) as Record<
      (typeof STRINGS)[number],
      { type: 'string' }
    >
    return parseArgs({ args: [...args], options: { ...strings, list: { type: 'boolean' }, help: { type: 'boolean' } } })
      .values
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}
