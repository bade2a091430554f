/** `npm run sim`: one scenario, its table, its result as JSON and its plot. Exit codes are those of `USAGE`. */

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

const exitCode = ({ violations, checks }: Report): number => {
  if (violations.length > 0) return 1
  return checks.every(({ reached }) => reached) ? 0 : 3
}

const runOne = async (options: Options): Promise<number> => {
  const scenario = find(options.scenario)
  const began = process.hrtime.bigint()
  const say = (line: string): void => void process.stderr.write(`${line}\n`)
  const report = await scenario.run({ options, production, say })
  const took = Number(process.hrtime.bigint() - began) / 1e9
  const file = join(RESULTS, `${scenario.name}${options.nodes === undefined ? '' : `-${options.nodes}`}`)
  const { plot, ...rest } = report
  save(options.json ?? `${file}.json`, `${JSON.stringify({ scenario: scenario.name, options, ...rest }, null, 2)}\n`)
  if (plot !== null) save(options.svg ?? `${file}.svg`, drawPlot(plot))
  console.log(`${formatReport(report)}\ntook ${took.toFixed(0)} s`)
  return exitCode(report)
}

const main = async (): Promise<number> => {
  try {
    const options = readOptions(process.argv.slice(2))
    if (!options.list) return await runOne(options)
    console.log(
      formatTable(
        ['scenario', ''],
        SCENARIOS.map(({ name, summary }) => [name, summary]),
      ),
    )
    return 0
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    process.stderr.write(`sim: ${error.message}\n\n${USAGE}\n`)
    return 2
  }
}

// The nodes of the worlds are never closed one by one: they hold nothing but memory.
process.exit(await main())
