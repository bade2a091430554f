/** `npm run sim`: of each scenario its table, its result as JSON and its plot. Exit codes are those of `USAGE`. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Options, readOptions, USAGE, UsageError } from './options.ts'
import { production } from './production.ts'
import { drawPlot } from './report/svg.ts'
import { formatReport, formatTable } from './report/table.ts'
import { SCENARIOS } from './scenarios/all.ts'
import type { Report, Scenario } from './scenarios/scenario.ts'

const RESULTS = join(import.meta.dirname, 'results')

const find = (name: string): Scenario => {
  const scenario = SCENARIOS.find((one) => one.name === name)
  if (scenario === undefined) throw new UsageError(`there is no scenario '${name}'; --list shows them`)
  return scenario
}

const save = (file: string, text: string): void => {
  try {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  } catch (error) {
    throw new UsageError(`cannot write ${file}: ${error instanceof Error ? error.message : error}`)
  }
}

const exitCode = (reports: readonly Report[]): number => {
  if (reports.some(({ violations }) => violations.length > 0)) return 1
  return reports.every(({ checks }) => checks.every(({ reached }) => reached)) ? 0 : 3
}

const runOne = async (scenario: Scenario, options: Options): Promise<Report> => {
  const began = process.hrtime.bigint()
  const say = (line: string): void => void process.stderr.write(`${line}\n`)
  const report = await scenario.run({ options, production, say })
  const took = Number(process.hrtime.bigint() - began) / 1e9
  const file = join(RESULTS, `${scenario.name}${options.nodes === undefined ? '' : `-${options.nodes}`}`)
  const { plot, ...rest } = report
  const { scenarios: _, list: __, help: ___, ...given } = options
  const result = { scenario: scenario.name, options: given, ...rest }
  save(options.json ?? `${file}.json`, `${JSON.stringify(result, null, 2)}\n`)
  if (plot !== null) save(options.svg ?? `${file}.svg`, drawPlot(plot))
  console.log(`${formatReport(report)}\ntook ${took.toFixed(0)} s`)
  return report
}

const list = (): string =>
  formatTable(
    ['scenario', ''],
    SCENARIOS.map(({ name, summary }) => [name, summary]),
  )

const main = async (): Promise<number> => {
  try {
    const options = readOptions(process.argv.slice(2))
    if (options.help || options.list) {
      console.log(options.help ? USAGE : list())
      return 0
    }
    const reports: Report[] = []
    for (const scenario of options.scenarios.map(find)) reports.push(await runOne(scenario, options))
    return exitCode(reports)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    process.stderr.write(`sim: ${error.message}\n\n${USAGE}\n`)
    return 2
  }
}

// The nodes of the worlds are never closed one by one: they hold nothing but memory.
process.exit(await main())
