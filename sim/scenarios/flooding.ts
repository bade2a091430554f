/** What is left of honest records at storage nodes that are flooded with throw-away identities. */

import { replicaTargets } from '../../src/directory/replicas.ts'
import { nearestHonest, type Plot } from '../attackers/attack.ts'
import { type Flooded, flood, throwAway } from '../attackers/flood.ts'
import { type Inventory, inspect } from '../inspector.ts'
import { createObserver, type Observation, type Violation } from '../observer.ts'
import { percent, shareOf } from '../report/numbers.ts'
import { lookUpAll, publishAll } from '../siege.ts'
import type { Member, World } from '../world/world.ts'
import { inWorld, type Scenario } from './scenario.ts'

const NODES = 100
const PEOPLE = 200
const LOOKUPS = 50
/** Every throw-away identity is put at each of these nodes: five times as many as one of them has room for. */
const VICTIMS = 3
const IDENTITIES = 100_000
const NETWORKS = 10
const MACHINES = 8
/** Honest people publish from networks of their own; so many at most. */
const PUBLISHERS = 50
/** The nodes are looked at after each part of the flood. */
const WAVES = 5
const EVICTED_MAX = 0.01

/** The flooded nodes after so many identities. */
type Wave = Flooded & { readonly sent: number; readonly honest: number }

type Outcome = {
  /** honest records at the flooded nodes before */
  readonly before: number
  readonly waves: readonly Wave[]
  readonly observations: readonly Observation[]
  readonly violations: readonly Violation[]
}

type Sizes = {
  readonly nodes: number
  readonly people: number
  readonly lookups: number
  readonly identities: number
}

const copies = ({ current }: Inventory): number => [...current.values()].reduce((sum, { length }) => sum + length, 0)

const course = async (world: World, sizes: Sizes): Promise<Outcome> => {
  await world.grow(sizes.nodes)
  const people = Array.from({ length: sizes.people }, (_, i) => world.truth.create(`person ${i}`, world.clock.now()))
  const publishers: Member[] = []
  for (let i = 0; i < Math.min(PUBLISHERS, sizes.people); i++) publishers.push(await world.reader())
  await publishAll(world, publishers, people)

  const plot: Plot = { world, random: world.random.fork('plot'), attackers: [] }
  const [first] = people
  const victims = first === undefined ? [] : nearestHonest(plot, replicaTargets(first.id)[0] ?? first.id, VICTIMS)
  const start = await inspect(world, { nodes: victims })
  const violations = [...start.violations]
  const waves: Wave[] = []
  for (let sent = 0; sent < sizes.identities; ) {
    const envelopes = throwAway(plot, Math.min(Math.ceil(sizes.identities / WAVES), sizes.identities - sent))
    const flooded = await flood(plot, { victims, envelopes, networks: NETWORKS, machines: MACHINES })
    sent += envelopes.length
    const inventory = await inspect(world, { nodes: victims })
    violations.push(...inventory.violations)
    waves.push({ ...flooded, sent, honest: copies(inventory) })
  }

  const observer = createObserver(world)
  await lookUpAll(world, people, sizes.lookups, (reader, person) => observer.lookup(reader, person))
  violations.push(...observer.violations)
  return { before: copies(start), waves, observations: observer.observations, violations }
}

export const flooding: Scenario = {
  name: 'flooding',
  summary: `${IDENTITIES} throw-away identities from ${NETWORKS} networks, each put at the same ${VICTIMS} nodes`,
  run: async (setting) => {
    const { nodes = NODES, people = PEOPLE, lookups = LOOKUPS, flood: identities = IDENTITIES } = setting.options
    setting.say(`${nodes} nodes, ${VICTIMS} of them flooded with ${identities} identities`)
    const sizes = { nodes, people, lookups, identities }
    const { result, digest } = await inWorld(setting, 'flooding', (world) => course(world, sizes))
    const { before, waves, observations, violations } = result
    const left = Math.min(...waves.map(({ honest }) => honest))
    const evicted = before === 0 ? 1 : (before - left) / before
    return {
      columns: ['identities sent', 'stored', 'refused', 'unanswered', 'honest records before', 'now', 'newest found'],
      rows: waves.map(({ sent, stored, refused, unanswered, honest }, index) => [
        sent,
        ...[stored, refused, unanswered, before, honest],
        index === waves.length - 1 ? percent(shareOf(observations, ({ newest }) => newest)) : '',
      ]),
      checks: [
        {
          what: `honest records evicted at nodes that are sent ${identities} identities`,
          wanted: `< ${percent(EVICTED_MAX)}`,
          measured: percent(evicted),
          reached: evicted < EVICTED_MAX,
        },
      ],
      violations,
      plot: {
        title: 'Honest records at flooded nodes',
        x: 'throw-away identities sent to each',
        y: 'honest records left, %',
        series: [
          {
            name: 'honest records',
            points: [[0, 100], ...waves.map(({ sent, honest }) => [sent, (100 * honest) / before] as const)],
          },
        ],
      },
      digest,
    }
  },
}
