/** Attackers that choose their places: around the three targets of one key, between its owner's first statement and the second. */

import type { Attack, Plot } from '../attackers/attack.ts'
import { colluding } from '../attackers/colluding.ts'
import { stale } from '../attackers/stale.ts'
import { surroundFromManyHosts, surroundFromOneHost } from '../attackers/surround.ts'
import { inspect } from '../inspector.ts'
import { createObserver, type Observation, type Violation } from '../observer.ts'
import type { Person } from '../people.ts'
import { FOUND_COLUMNS, foundCells } from '../report/found-columns.ts'
import { percent, shareOf } from '../report/numbers.ts'
import { lookUpAll, publishNewest } from '../siege.ts'
import type { Member, World } from '../world/world.ts'
import { inWorld, type Report, type Scenario, type Setting } from './scenario.ts'

const NODES = 300
/** Keys that are surrounded, each in a network of its own: attackers around one key must not thin out the next. */
const KEYS = 6
const LOOKUPS = 240
const PORTS = 20
const SYBILS = [5, 10, 20, 40]
/** Until the attackers are in everybody's routing tables. */
const SETTLE_MS = 120_000
const COPIES_WANTED = 10
const SEEN_WANTED = 0.99

type Surround = (plot: Plot, person: Person) => Promise<readonly Member[]>

type Outcome = {
  readonly observations: readonly Observation[]
  readonly violations: readonly Violation[]
  /** honest nodes that hold the update */
  readonly copies: number
}

const surroundOne = async (world: World, nodes: number, lookups: number, surround: Surround): Promise<Outcome> => {
  await world.grow(nodes)
  const person = world.truth.create('the victim', world.clock.now())
  const publisher = await world.reader()
  await publishNewest(world, publisher, person)
  await surround({ world, random: world.random.fork('plot'), attackers: [] }, person)
  await world.clock.wait(SETTLE_MS)
  world.truth.supersede(person, world.clock.now())
  await publishNewest(world, publisher, person)
  const observer = createObserver(world)
  await lookUpAll(world, [person], lookups, (reader, one) => observer.lookup(reader, one))
  const inventory = await inspect(world)
  return {
    observations: observer.observations,
    violations: [...observer.violations, ...inventory.violations],
    copies: inventory.current.get(person)?.length ?? 0,
  }
}

const surroundSome = async (
  setting: Setting,
  name: string,
  surround: Surround,
): Promise<readonly [Outcome[], string]> => {
  const { nodes = NODES, people = KEYS, lookups = LOOKUPS } = setting.options
  const outcomes: Outcome[] = []
  let digests = ''
  for (let key = 0; key < people; key++) {
    setting.say(`${name}: key ${key + 1} of ${people}`)
    const { result, digest } = await inWorld(setting, `${name} ${key}`, (world) =>
      surroundOne(world, nodes, Math.ceil(lookups / people), surround),
    )
    outcomes.push(result)
    digests += digest
  }
  return [outcomes, digests]
}

const COLUMNS = ['case', 'keys', ...FOUND_COLUMNS, 'honest copies']

const row = (name: string, outcomes: readonly Outcome[]) => {
  const copies = outcomes.map((one) => one.copies)
  return [
    name,
    outcomes.length,
    ...foundCells(outcomes.flatMap(({ observations }) => observations)),
    `${Math.min(...copies)} to ${Math.max(...copies)}`,
  ]
}

const portGrinding: Scenario = {
  name: 'port-grinding',
  summary: `one machine, ${PORTS} ports chosen to lie around each target of a key, serving what was true before`,
  run: async (setting): Promise<Report> => {
    const [outcomes, digest] = await surroundSome(setting, 'port-grinding', (plot, person) =>
      surroundFromOneHost(plot, person, PORTS),
    )
    const fewest = Math.min(...outcomes.map(({ copies }) => copies))
    const seen = shareOf(
      outcomes.flatMap(({ observations }) => observations),
      ({ newest }) => newest,
    )
    return {
      columns: COLUMNS,
      rows: [row(`${PORTS} ports a target`, outcomes)],
      checks: [
        {
          what: 'honest nodes an update reaches, at least',
          wanted: `>= ${COPIES_WANTED}`,
          measured: `${fewest}`,
          reached: fewest >= COPIES_WANTED,
        },
        {
          what: 'readers who see the update',
          wanted: `>= ${percent(SEEN_WANTED)}`,
          measured: percent(seen),
          reached: seen >= SEEN_WANTED,
        },
      ],
      violations: outcomes.flatMap(({ violations }) => violations),
      plot: {
        title: `Honest nodes that hold an update, with ${PORTS} ground ports around each target`,
        x: 'key',
        y: 'honest nodes',
        series: [{ name: 'honest copies', points: outcomes.map(({ copies }, key) => [key + 1, copies] as const) }],
      },
      digest,
    }
  },
}

const sybilsThat = (name: string, summary: string, conduct: Attack): Scenario => ({
  name,
  summary: `many machines in as many networks around each target of a key, ${summary}`,
  run: async (setting): Promise<Report> => {
    const runs: { count: number; outcomes: readonly Outcome[]; digest: string }[] = []
    for (const count of SYBILS) {
      const [outcomes, digest] = await surroundSome(setting, `${name} ${count}`, (plot, person) =>
        surroundFromManyHosts(plot, person, count, conduct),
      )
      runs.push({ count, outcomes, digest })
    }
    const seriesOf = (what: string, is: (one: Observation) => boolean) => ({
      name: what,
      points: runs.map(({ count, outcomes }) => {
        const observations = outcomes.flatMap((one) => one.observations)
        return [count, 100 * shareOf(observations, is)] as const
      }),
    })
    return {
      columns: COLUMNS,
      rows: runs.map(({ count, outcomes }) => row(`${count} Sybils a target`, outcomes)),
      checks: [],
      violations: runs.flatMap(({ outcomes }) => outcomes.flatMap(({ violations }) => violations)),
      plot: {
        title: 'What readers get while a key is surrounded',
        x: 'Sybils around each of the three targets',
        y: 'lookups, %',
        series: [
          seriesOf('newest found', ({ newest }) => newest),
          seriesOf('doubted, or nothing', ({ verdict }) => verdict !== 'fresh'),
          seriesOf('old, called current', ({ newest, verdict }) => !newest && verdict === 'fresh'),
        ],
      },
      digest: runs.map(({ digest }) => digest).join(''),
    }
  },
})

export const surrounds: readonly Scenario[] = [
  portGrinding,
  sybilsThat('sybils', 'serving what was true before', stale),
  sybilsThat('eclipse', 'doing so and naming nobody but one another', colluding),
]
