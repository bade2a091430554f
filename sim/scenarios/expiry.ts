/** A network that nobody publishes to for a week: cards run out after a day, records are forgotten after seven. */

import { RECORD_AGE_MAX } from '../../src/core/limits/record-limits.ts'
import { inspect } from '../inspector.ts'
import { createObserver, type Observation, type Violation } from '../observer.ts'
import { percent, shareOf } from '../report/numbers.ts'
import { lookUpAll, publishAll } from '../siege.ts'
import type { World } from '../world/world.ts'
import { type Check, inWorld, type Scenario } from './scenario.ts'

const NODES = 60
const PEOPLE = 20
const LOOKUPS = 40
const DAY = 24 * 3600 * 1000
/** Days after the publication at which everything is looked at. */
const DAYS = [0, 0.5, 2, 6.9, 7.1]
/** Nodes that were left alone for days first find out who is still there. */
const WAKE_MS = 120_000

type Look = {
  readonly day: number
  readonly observations: readonly Observation[]
  /** people of whom any node keeps anything, 0 to 1 */
  readonly kept: number
}

type Outcome = { readonly looks: readonly Look[]; readonly violations: readonly Violation[] }

const course = async (world: World, sizes: { nodes: number; people: number; lookups: number }): Promise<Outcome> => {
  await world.grow(sizes.nodes)
  const began = world.clock.now()
  const people = Array.from({ length: sizes.people }, (_, index) => world.truth.create(`person ${index}`, began))
  await publishAll(world, [await world.reader()], people)
  const observer = createObserver(world)
  const looks: Look[] = []
  const stored: Violation[] = []
  for (const day of DAYS) {
    const ahead = began + day * DAY - world.clock.now() - WAKE_MS
    if (ahead > 0) world.clock.leap(ahead)
    await world.clock.wait(WAKE_MS)
    const seen = observer.observations.length
    await lookUpAll(world, people, sizes.lookups, (reader, person) => observer.lookup(reader, person))
    const { holders, violations } = await inspect(world)
    stored.push(...violations)
    const kept = shareOf([...holders.values()], ({ length }) => length > 0)
    looks.push({ day, observations: observer.observations.slice(seen), kept })
  }
  return { looks, violations: [...observer.violations, ...stored] }
}

const vouchedFor = ({ observations }: Pick<Look, 'observations'>): number =>
  shareOf(observations, ({ newest, verdict }) => newest && verdict === 'fresh')

const expectations = (looks: readonly Look[]): readonly Check[] => {
  const limit = RECORD_AGE_MAX / (24 * 3600)
  const before = looks.filter(({ day }) => day < limit).map(({ kept }) => kept)
  const after = looks.filter(({ day }) => day > limit).map(({ kept }) => kept)
  const [least, left] = [Math.min(...before), Math.max(...after)]
  return [
    { what: `records kept for ${limit} days`, wanted: '100.00%', measured: percent(least), reached: least === 1 },
    { what: `records left after ${limit} days`, wanted: '0.00%', measured: percent(left), reached: left === 0 },
  ]
}

export const expiry: Scenario = {
  name: 'expiry',
  summary: 'nobody publishes again: what is kept, found and called current in the course of a week',
  run: async (setting) => {
    const { nodes = NODES, people = PEOPLE, lookups = LOOKUPS } = setting.options
    setting.say(`${nodes} nodes, one week`)
    const { result, digest } = await inWorld(setting, 'expiry', (world) => course(world, { nodes, people, lookups }))
    return {
      columns: ['day', 'lookups', 'newest found', 'called current', 'not found', 'records kept'],
      rows: result.looks.map(({ day, observations, kept }) => [
        day,
        observations.length,
        percent(shareOf(observations, ({ newest }) => newest)),
        percent(vouchedFor({ observations })),
        percent(shareOf(observations, ({ verdict }) => verdict === 'not-found')),
        percent(kept),
      ]),
      checks: expectations(result.looks),
      violations: result.violations,
      plot: {
        title: 'A week without publications',
        x: 'days',
        y: '%',
        series: [
          { name: 'records kept', points: result.looks.map(({ day, kept }) => [day, 100 * kept] as const) },
          { name: 'called current', points: result.looks.map((look) => [look.day, 100 * vouchedFor(look)] as const) },
        ],
      },
      digest,
    }
  },
}
