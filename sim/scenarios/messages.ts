/** How the cost of a lookup grows with the network. */

import { mean, percent, quantile, seconds, shareOf } from '../report/numbers.ts'
import { besiege, type Siege } from '../siege.ts'
import { inWorld, type Scenario } from './scenario.ts'

const SIZES = [100, 300, 1000, 3000]
const PEOPLE = 20
const LOOKUPS = 60

/** Datagrams of a lookup, sent by the one who looks up. */
const costOf = ({ observations }: Siege): number => mean(observations.map(({ sent }) => sent))

export const messages: Scenario = {
  name: 'messages',
  summary: `datagrams a lookup sends, without attackers, in networks of ${SIZES.join(', ')} nodes`,
  run: async (setting) => {
    const { nodes: largest = SIZES.at(-1) ?? 0, people = PEOPLE, lookups = LOOKUPS } = setting.options
    const sizes = SIZES.filter((size) => size <= Math.max(largest, SIZES[0] ?? 0))
    const runs: { size: number; result: Siege; digest: string }[] = []
    for (const nodes of sizes) {
      setting.say(`${nodes} nodes`)
      const run = await inWorld(setting, `messages ${nodes}`, (world) =>
        besiege(world, { nodes, attack: null, attackers: 0, people, lookups }),
      )
      runs.push({ size: nodes, ...run })
    }
    const costs = runs.map(({ size, result }) => [size, costOf(result)] as const)
    const [first, last] = [costs[0] ?? [1, 1], costs.at(-1) ?? [1, 1]]
    const grown = last[1] / first[1]
    const allowed = Math.log2(last[0]) / Math.log2(first[0])
    return {
      columns: ['nodes', 'lookups', 'newest found', 'called current', 'datagrams', 'per log2 N', 'p50'],
      rows: runs.map(({ size, result }) => [
        size,
        result.observations.length,
        percent(shareOf(result.observations, ({ newest }) => newest)),
        percent(shareOf(result.observations, ({ newest, verdict }) => newest && verdict === 'fresh')),
        Math.round(costOf(result)),
        (costOf(result) / Math.log2(size)).toFixed(1),
        seconds(
          quantile(
            result.observations.map(({ duration }) => duration),
            0.5,
          ),
        ),
      ]),
      checks: [
        {
          what: `growth of datagrams a lookup from ${first[0]} to ${last[0]} nodes, beside that of log2 N`,
          wanted: `<= ${allowed.toFixed(2)} times`,
          measured: `${grown.toFixed(2)} times`,
          reached: grown <= allowed,
        },
      ],
      violations: runs.flatMap(({ result }) => result.violations),
      plot: {
        title: 'Datagrams one lookup sends',
        x: 'nodes',
        y: 'datagrams',
        logX: true,
        series: [
          { name: 'measured', points: costs },
          {
            name: 'as log2 N',
            points: costs.map(([size]) => [size, (first[1] * Math.log2(size)) / Math.log2(first[0])] as const),
          },
        ],
      },
      digest: runs.map(({ digest }) => digest).join(''),
    }
  },
}
