import { nameOf } from './network.ts'
import type { Random } from './random.ts'
import type { World } from './world.ts'

export type Churn = {
  /** share of the storage nodes that is replaced in each period */
  readonly share: number
  /** milliseconds */
  readonly period: number
}

/**
 * Replaces storage nodes, evenly over each period, until `until` (milliseconds since 1970): one is gone without a word, and another
 * joins with nothing stored. Whoever knew the one that is gone has to find out. Only the nodes of the bootstrap list stay, as they would.
 */
export const churn = async (world: World, random: Random, { share, period }: Churn, until: number): Promise<void> => {
  const pause = period / Math.max(1, Math.round(world.members.size * share))
  const staying = new Set(world.bootstrap.map(nameOf))
  const joining: Promise<unknown>[] = []
  while (world.clock.now() + pause <= until) {
    await world.clock.wait(pause)
    world.kill(random.pick([...world.members.values()].filter(({ address }) => !staying.has(nameOf(address)))))
    joining.push(world.grow(1))
  }
  await Promise.all(joining)
}
