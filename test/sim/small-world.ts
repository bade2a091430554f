import type { Attack } from '../../sim/attackers/attack.ts'
import { readOptions } from '../../sim/options.ts'
import { type Production, production } from '../../sim/production.ts'
import { inWorld } from '../../sim/scenarios/scenario.ts'
import { besiege, type Siege } from '../../sim/siege.ts'
import type { World } from '../../sim/world/world.ts'

/** Networks small enough for a test: 32 storage nodes, a handful of people. */

export const SMALL = { nodes: 32, attackers: 0.3, people: 2, lookups: 6 } as const

type Choice = { readonly seed?: string; readonly parts?: Partial<Production> }

export const withWorld = <T>(
  work: (world: World) => Promise<T>,
  { seed = '1', parts = {} }: Choice = {},
): Promise<{ result: T; digest: string }> => {
  const options = readOptions(['--scenario', 'none', '--seed', seed])
  return inWorld({ options, production: { ...production, ...parts }, say: () => {} }, 'test', work)
}

export const siege = (attack: Attack | null, choice: Choice = {}): Promise<{ result: Siege; digest: string }> =>
  withWorld((world) => besiege(world, { ...SMALL, attack }), choice)
