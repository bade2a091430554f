/** Attackers that are a share of all nodes: each course is run twice, without them and with them. */

import type { Attack } from '../attackers/attack.ts'
import { colluding } from '../attackers/colluding.ts'
import { fakeCloser } from '../attackers/fake-closer.ts'
import { garbage } from '../attackers/garbage.ts'
import { nothing } from '../attackers/null.ts'
import { replay } from '../attackers/replay.ts'
import { silent } from '../attackers/silent.ts'
import { stale } from '../attackers/stale.ts'
import { forgedSender, tidRace } from '../attackers/tid-race.ts'
import { percent, quantile, seconds, shareOf } from '../report/numbers.ts'
import { distribution } from '../report/svg.ts'
import { besiege, type Siege } from '../siege.ts'
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

const row = (name: string, nodes: number, { observations, inventory }: Siege): readonly Cell[] => {
  const durations = observations.map(({ duration }) => duration)
  const copies = [...inventory.current.values()].map(({ length }) => length)
  return [
    name,
    nodes,
    observations.length,
    percent(shareOf(observations, ({ newest }) => newest)),
    percent(shareOf(observations, ({ newest, verdict }) => newest && verdict === 'fresh')),
    seconds(quantile(durations, 0.5)),
    seconds(quantile(durations, 0.95)),
    Math.round(
      quantile(
        observations.map(({ sent }) => sent),
        0.5,
      ),
    ),
    `${Math.min(...copies)} to ${Math.max(...copies)}`,
  ]
}

const check = (attack: Attack, calm: Siege, siege: Siege): readonly Check[] => {
  const found = shareOf(siege.observations, ({ newest }) => newest)
  const [slow, usual] = [siege, calm].map(({ observations }) =>
    quantile(
      observations.map(({ duration }) => duration),
      0.95,
    ),
  )
  const times = (slow ?? 0) / (usual || 1)
  const success = {
    what: `lookups that find the newest log (${attack.name})`,
    wanted: `>= ${percent(SUCCESS)}`,
    measured: percent(found),
    reached: found >= SUCCESS,
  }
  const speed = {
    what: 'p95 with silent nodes beside the attack-free p95',
    wanted: `< ${SLOWDOWN} times`,
    measured: `${times.toFixed(2)} times`,
    reached: times < SLOWDOWN,
  }
  return attack === silent ? [success, speed] : [success]
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

const lay = async (setting: Setting, attack: Attack | null): Promise<{ result: Siege; digest: string }> => {
  const { nodes = NODES, people = PEOPLE, lookups = LOOKUPS, attackers } = setting.options
  setting.say(`${nodes} nodes, ${attack === null ? 'none of them an attacker' : `${attackers} of them ${attack.name}`}`)
  // The same name: the same network, people and luck up to the moment the attack makes a difference.
  return inWorld(setting, 'siege', (world) => besiege(world, { nodes, attack, attackers, people, lookups }))
}

const scenarioOf = (attack: Attack): Scenario => ({
  name: attack.name,
  summary: attack.summary,
  run: async (setting) => {
    const { nodes = NODES } = setting.options
    const calm = await lay(setting, null)
    const siege = await lay(setting, attack)
    const durations = ({ observations }: Siege) => observations.map(({ duration }) => duration)
    return {
      columns: COLUMNS,
      rows: [row('attack-free', nodes, calm.result), row(attack.name, nodes, siege.result)],
      checks: check(attack, calm.result, siege.result),
      violations: [...calm.result.violations, ...siege.result.violations],
      plot: {
        title: `Time a lookup takes, ${nodes} nodes, ${percent(setting.options.attackers)} ${attack.name}`,
        x: 'milliseconds',
        y: 'lookups that are done, %',
        series: [
          distribution('attack-free', durations(calm.result)),
          distribution(attack.name, durations(siege.result)),
        ],
      },
      digest: `${calm.digest}${siege.digest}`,
    }
  },
})

export const sieges: readonly Scenario[] = ATTACKS.map(scenarioOf)
