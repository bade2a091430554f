/** Attackers that are a share of all nodes: each course is run twice, without them and with them. */

import type { Attack } from '../attackers/attack.ts'
import { colluding } from '../attackers/colluding.ts'
import { fakeCloser } from '../attackers/fake-closer.ts'
import { garbage } from '../attackers/garbage.ts'
import { nothing } from '../attackers/null.ts'
import { replay } from '../attackers/replay.ts'
import { silent } from '../attackers/silent.ts'
import { stale } from '../attackers/stale.ts'
import { stockGarbage, stockNull, stockSilent, stockStale } from '../attackers/stock.ts'
import { forgedSender, tidRace } from '../attackers/tid-race.ts'
import type { Violation } from '../observer.ts'
import type { Options } from '../options.ts'
import type { Production } from '../production.ts'
import { percent, quantile, seconds, shareOf } from '../report/numbers.ts'
import { distribution } from '../report/svg.ts'
import { besiege, type Siege } from '../siege.ts'
import { inspectStock } from '../stock-inventory.ts'
import { stockProduction } from '../stock-production.ts'
import { type Cell, type Check, inWorld, type Scenario, type Setting } from './scenario.ts'

const NODES = 300
const PEOPLE = 50
const LOOKUPS = 400

/** The newest log is found in at least this share of lookups. */
const SUCCESS = 0.995
/** Silence may make lookups this many times slower. */
const SLOWDOWN = 3

const COLUMNS = [
  'case',
  'nodes',
  'lookups',
  'newest found',
  'called current',
  'p50',
  'p95',
  'datagrams',
  'honest copies',
]

/** What is left of a course: its world is as large as memory allows. */
type Summary = {
  readonly row: readonly Cell[]
  /** share of lookups that found the newest log */
  readonly found: number
  /** of each lookup, milliseconds */
  readonly durations: readonly number[]
  readonly violations: readonly Violation[]
  readonly digest: string
}

const summarize = (
  name: string,
  nodes: number,
  { observations, inventory, violations }: Siege,
  digest: string,
): Summary => {
  const durations = observations.map(({ duration }) => duration)
  const sent = observations.map((one) => one.sent)
  const copies = [...inventory.current.values()].map(({ length }) => length)
  const found = shareOf(observations, ({ newest }) => newest)
  const row = [
    name,
    nodes,
    observations.length,
    percent(found),
    percent(shareOf(observations, ({ newest, verdict }) => newest && verdict === 'fresh')),
    seconds(quantile(durations, 0.5)),
    seconds(quantile(durations, 0.95)),
    Math.round(quantile(sent, 0.5)),
    `${Math.min(...copies)} to ${Math.max(...copies)}`,
  ]
  return { row, found, durations, violations, digest }
}

const check = (attack: Attack, calm: Summary, { found, durations }: Summary): readonly Check[] => {
  const times = quantile(durations, 0.95) / (quantile(calm.durations, 0.95) || 1)
  const success = {
    what: `lookups that find the newest log (${attack.name})`,
    wanted: `>= ${percent(SUCCESS)}`,
    measured: percent(found),
    reached: found >= SUCCESS,
  }
  const speed = {
    what: `p95 with ${attack.name} nodes beside the attack-free p95`,
    wanted: `< ${SLOWDOWN} times`,
    measured: `${times.toFixed(2)} times`,
    reached: times < SLOWDOWN,
  }
  return attack === silent || attack === stockSilent ? [success, speed] : [success]
}

const ATTACKS: readonly Attack[] = [
  silent,
  nothing,
  garbage,
  stale,
  fakeCloser,
  colluding,
  tidRace,
  forgedSender,
  replay,
]

/** On which nodes it takes place, and what the course without an attack is called. */
type Ground = {
  readonly calm: string
  readonly production?: Production
  readonly inspect?: typeof inspectStock
}

const OWN: Ground = { calm: 'attack-free' }
const STOCK: Ground = { calm: 'stock, attack-free', production: stockProduction, inspect: inspectStock }

const lay = async (given: Setting, on: Ground, attack: Attack | null): Promise<Summary> => {
  const setting = { ...given, production: on.production ?? given.production }
  const { nodes = NODES, people = PEOPLE, lookups = LOOKUPS, attackers } = setting.options
  setting.say(`${nodes} nodes, ${attack === null ? 'none of them an attacker' : `${attackers} of them ${attack.name}`}`)
  // The same name: the same network, people and luck up to the moment the attack makes a difference.
  const { result, digest } = await inWorld(setting, 'siege', (world) =>
    besiege(world, { nodes, attack, attackers, people, lookups, inspect: on.inspect }),
  )
  return summarize(attack?.name ?? on.calm, nodes, result, digest)
}

/** The course without an attack is the same for each of them: one command that runs several lays it once. */
let calmBefore: { readonly options: Options; readonly on: Ground; readonly calm: Summary } | undefined

const layCalm = async (setting: Setting, on: Ground): Promise<Summary> => {
  const { options } = setting
  if (calmBefore?.options !== options || calmBefore.on !== on)
    calmBefore = { options, on, calm: await lay(setting, on, null) }
  return calmBefore.calm
}

const scenarioOf = (attack: Attack, on: Ground): Scenario => ({
  name: attack.name,
  summary: attack.summary,
  run: async (setting) => {
    const { nodes = NODES } = setting.options
    const calm = await layCalm(setting, on)
    const siege = await lay(setting, on, attack)
    return {
      columns: COLUMNS,
      rows: [calm.row, siege.row],
      checks: check(attack, calm, siege),
      violations: [...calm.violations, ...siege.violations],
      plot: {
        title: `Time a lookup takes, ${nodes} nodes, ${percent(setting.options.attackers)} ${attack.name}`,
        x: 'milliseconds',
        y: 'lookups that are done, %',
        series: [distribution(on.calm, calm.durations), distribution(attack.name, siege.durations)],
      },
      digest: `${calm.digest}${siege.digest}`,
    }
  },
})

export const sieges: readonly Scenario[] = ATTACKS.map((attack) => scenarioOf(attack, OWN))

/** The same course on nodes that know nothing of Handfast. */
export const stockSieges: readonly Scenario[] = [stockSilent, stockNull, stockStale, stockGarbage].map((attack) =>
  scenarioOf(attack, STOCK),
)
