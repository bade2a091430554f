/** What is left of honest records at storage nodes that are flooded with throw-away identities. */

import { replicaTargets } from '../../src/directory/replicas.ts'
import { nearestHonest, type Plot } from '../attackers/attack.ts'
import { type Flooded, flood } from '../attackers/flood.ts'
import { type Inventory, inspect } from '../inspector.ts'
import { createObserver, type Observation, type Violation } from '../observer.ts'
import { percent, shareOf } from '../report/numbers.ts'
import { lookUpAll, publishAll } from '../siege.ts'
import type { Member, World } from '../world/world.ts'
import { inWorld, type Scenario } from './scenario.ts'

const NODES = 100
const PEOPLE = 200
const LOOKUPS = 100
/** Every throw-away identity is put at each of these nodes: five times what the nodes of a network have to share among them. */
const VICTIMS = 3
const IDENTITIES = 100_000
const NETWORKS = 10
const MACHINES = 8
const PUBLISHERS = 50
const EVICTED_MAX = 0.01

type Outcome = {
  readonly flooded: Flooded
  readonly before: number
  readonly after: number
  readonly observations: readonly Observation[]
  readonly violations: readonly Violation[]
}

const copies = ({ current }: Inventory): number => [...current.values()].reduce((sum, { length }) => sum + length, 0)

const course = async (
  world: World,
  sizes: { nodes: number; people: number; lookups: number; identities: number },
): Promise<Outcome> => {
  await world.grow(sizes.nodes)
  const people = Array.from({ length: sizes.people }, (_, index) =>
    world.truth.create(`person ${index}`, world.clock.now()),
  )
  const publishers: Member[] = []
  for (let i = 0; i < Math.min(PUBLISHERS, sizes.people); i++) publishers.push(await world.reader())
  await publishAll(world, publishers, people)

  const plot: Plot = { world, random: world.random.fork('plot'), attackers: [] }
  const [first] = people
  const nodes = first === undefined ? [] : nearestHonest(plot, replicaTargets(first.id)[0] ?? first.id, VICTIMS)
  const before = await inspect(world, { nodes })
  const flooded = await flood(plot, {
    victims: nodes,
    identities: sizes.identities,
    networks: NETWORKS,
    machines: MACHINES,
  })
  const after = await inspect(world, { nodes })

  const observer = createObserver(world)
  await lookUpAll(world, people, sizes.lookups, (reader, person) => observer.lookup(reader, person))
  const violations = [...observer.violations, ...before.violations, ...after.violations]
  return { flooded, before: copies(before), after: copies(after), observations: observer.observations, violations }
}

export const flooding: Scenario = {
  name: 'flooding',
  summary: `${IDENTITIES} throw-away identities from ${NETWORKS} networks, each put at the same ${VICTIMS} nodes`,
  run: async (setting) => {
    const { nodes = NODES, people = PEOPLE, lookups = LOOKUPS, flood: identities = IDENTITIES } = setting.options
    setting.say(`${nodes} nodes, ${VICTIMS} of them flooded`)
    const { result, digest } = await inWorld(setting, 'flooding', (world) =>
      course(world, { nodes, people, lookups, identities }),
    )
    const { flooded, before, after, observations, violations } = result
    const evicted = before === 0 ? 1 : (before - after) / before
    return {
      columns: ['case', 'stored', 'refused', 'unanswered', 'honest records before', 'after', 'newest found'],
      rows: [
        [
          `${NETWORKS} networks, ${MACHINES} machines each`,
          flooded.stored,
          flooded.refused,
          flooded.unanswered,
          before,
          after,
          percent(shareOf(observations, ({ newest }) => newest)),
        ],
      ],
      checks: [
        {
          what: `honest records evicted at nodes that are sent ${identities} identities`,
          wanted: `< ${percent(EVICTED_MAX)}`,
          measured: percent(evicted),
          reached: evicted < EVICTED_MAX,
        },
      ],
      violations,
      plot: null,
      digest,
    }
  },
}
