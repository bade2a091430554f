/** Nodes that come and go, with everything they stored. */

import { inspect } from '../inspector.ts'
import { createObserver, type Observation, type Violation } from '../observer.ts'
import type { Person } from '../people.ts'
import { percent, quantile, seconds, shareOf } from '../report/numbers.ts'
import { keepPublished, publishAll } from '../siege.ts'
import { churn } from '../world/churn.ts'
import type { Member, World } from '../world/world.ts'
import { inWorld, type Report, type Scenario, type Setting } from './scenario.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const KEPT_WANTED = 0.999

/** What one period of churn left. */
type Period = {
  readonly observations: readonly Observation[]
  /** people whose newest log some node still has, 0 to 1, and the honest copies of it that are left in the mean */
  readonly kept: number
  readonly copies: number
}

type Course = {
  readonly nodes: number
  readonly people: number
  readonly lookups: number
  readonly share: number
  readonly period: number
  readonly periods: number
}

type Outcome = { readonly periods: readonly Period[]; readonly violations: readonly Violation[] }

/** Everybody has a publisher of their own, which does what a peer that stays online does. */
const runCourse = async (world: World, course: Course): Promise<Outcome> => {
  const { nodes, people: count, lookups, share, period } = course
  await world.grow(nodes)
  const people = Array.from({ length: count }, (_, index) => world.truth.create(`person ${index}`, world.clock.now()))
  const owners = new Map<Person, Member>()
  for (const person of people) owners.set(person, await world.reader())
  await Promise.all([...owners].map(([person, owner]) => publishAll(world, [owner], [person])))
  const stop = keepPublished(world, owners)

  const random = world.random.fork('churn')
  const observer = createObserver(world)
  const periods: Period[] = []
  const stored: Violation[] = []
  for (let index = 0; index < course.periods; index++) {
    const seen = observer.observations.length
    const until = world.clock.now() + period
    const reading = readDuring(world, people, { count: lookups, period }, (reader, person) =>
      observer.lookup(reader, person),
    )
    await Promise.all([churn(world, random, { share, period }, until), reading])
    const { current, violations } = await inspect(world)
    stored.push(...violations)
    const copies = [...current.values()].map(({ length }) => length)
    periods.push({
      observations: observer.observations.slice(seen),
      kept: shareOf(copies, (held) => held > 0),
      copies: copies.reduce((sum, held) => sum + held, 0) / copies.length,
    })
  }
  stop()
  return { periods, violations: [...observer.violations, ...stored] }
}

/** Lookups by fresh readers, evenly spread over a period. */
const readDuring = async (
  world: World,
  people: readonly Person[],
  { count, period }: { readonly count: number; readonly period: number },
  lookUp: (reader: Member, person: Person) => Promise<unknown>,
): Promise<void> => {
  const reading: Promise<void>[] = []
  for (let index = 0; index < count; index++) {
    await world.clock.wait(period / count)
    const person = people[index % people.length]
    if (person === undefined) continue
    const read = async (): Promise<void> => {
      const reader = await world.reader()
      await lookUp(reader, person)
      await reader.node.close()
    }
    reading.push(read())
  }
  await Promise.all(reading)
}

const report = ({ periods, violations }: Outcome, unit: string, digest: string): Report => ({
  columns: [unit, 'lookups', 'newest found', 'called current', 'p95', 'records kept', 'copies in the mean'],
  rows: periods.map(({ observations, kept, copies }, index) => [
    index + 1,
    observations.length,
    percent(shareOf(observations, ({ newest }) => newest)),
    percent(shareOf(observations, ({ newest, verdict }) => newest && verdict === 'fresh')),
    seconds(
      quantile(
        observations.map(({ duration }) => duration),
        0.95,
      ),
    ),
    percent(kept),
    copies.toFixed(1),
  ]),
  checks: [],
  violations,
  plot: {
    title: 'What churn leaves',
    x: unit,
    y: '%',
    series: [
      { name: 'records kept', points: periods.map(({ kept }, index) => [index + 1, 100 * kept] as const) },
      {
        name: 'newest found',
        points: periods.map(
          ({ observations }, i) => [i + 1, 100 * shareOf(observations, ({ newest }) => newest)] as const,
        ),
      },
    ],
  },
  digest,
})

const lay = async (setting: Setting, name: string, standard: Course): Promise<{ result: Outcome; digest: string }> => {
  const { nodes = standard.nodes, people = standard.people, lookups } = setting.options
  const course = {
    ...standard,
    nodes,
    people,
    lookups: lookups === undefined ? standard.lookups : Math.ceil(lookups / standard.periods),
  }
  setting.say(`${nodes} nodes, ${people} people, ${course.periods} periods of churn`)
  return inWorld(setting, name, (world) => runCourse(world, course))
}

const fast: Scenario = {
  name: 'churn',
  summary: '10% of the nodes are replaced every minute, for ten minutes',
  run: async (setting) => {
    const standard = { nodes: 300, people: 40, lookups: 40, share: 0.1, period: MINUTE, periods: 10 }
    const { result, digest } = await lay(setting, 'churn', standard)
    return report(result, 'minute', digest)
  },
}

const slow: Scenario = {
  name: 'republish',
  summary: '50% of the nodes are replaced every hour, while publishers republish on their schedule',
  run: async (setting) => {
    const standard = { nodes: 150, people: 60, lookups: 60, share: 0.5, period: HOUR, periods: 8 }
    const { result, digest } = await lay(setting, 'republish', standard)
    const kept = Math.min(...result.periods.map((period) => period.kept))
    const check = {
      what: 'records kept at the end of the worst hour',
      wanted: `>= ${percent(KEPT_WANTED)}`,
      measured: percent(kept),
      reached: kept >= KEPT_WANTED,
    }
    return { ...report(result, 'hour', digest), checks: [check] }
  },
}

export const churns: readonly Scenario[] = [fast, slow]
