/** `npm run nat`: who can talk to whom, through which kind of network, in namespaces of this machine. See `USAGE`. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { endCommands } from './command.ts'
import { isInside, laboratoryCommand, laboratoryEnvironment, whatIsMissing } from './enter.ts'
import { createInternet } from './internet.ts'
import { buildPlaces, type Pair, runMatrix } from './matrix.ts'
import { removeNamespaces } from './namespaces.ts'
import { type Options, readOptions, USAGE, UsageError } from './options.ts'
import { startNodes } from './people.ts'
import { matrixTable, summary } from './report.ts'
import { runScenario } from './scenarios.ts'
import { writeDocument } from './write-document.ts'

const say = (line: string): void => void process.stderr.write(`${line}\n`)
const print = (line: string): void => void process.stdout.write(`${line}\n`)

/** The matrix in a network of its own. */
const matrix = async ({ pairs, tries, nodes, parallel, relay, json }: Options): Promise<readonly Pair[]> => {
  const internet = createInternet()
  const places = await buildPlaces(internet, pairs)
  say(`every network is what its name says; starting ${nodes} nodes`)
  const network = await startNodes(internet, nodes, { relay })
  const done: Pair[] = []
  const onPair = (pair: Pair): void => {
    done.push(pair)
    if (json) print(JSON.stringify(pair))
    else
      say(
        `${pair.from}:${pair.to} ${pair.outcomes.map((one) => `${one.path} ${one.seconds.toFixed(1)} s ${one.code ?? ''}`).join(', ')}`,
      )
  }
  const listening = network.relay === null ? [] : ['--relay-through', network.relay]
  await runMatrix(network, places, { tries, parallel, listening, onPair })
  endCommands()
  removeNamespaces()
  return done
}

/** @returns the exit code */
const work = async (options: Options, argv: readonly string[]): Promise<number> => {
  const command = ['npm run nat', ...(argv.length > 0 ? ['--', ...argv] : [])].join(' ')
  if (options.pairs.length > 0) {
    const pairs = await matrix(options)
    const text = `${matrixTable(pairs)}\n\n${summary(pairs)}`
    if (!options.json) print(text)
    if (options.write) writeDocument(options.relay ? 'relay' : 'matrix', command, text)
  }
  let failed = 0
  const lines: string[] = []
  for (const name of options.scenarios) {
    const { passed, text } = await runScenario(name)
    if (!passed) failed += 1
    lines.push(`| ${name} | ${passed ? 'yes' : 'no'} | ${text} |`)
    if (options.json) print(JSON.stringify({ scenario: name, passed, text }))
    else print(`${name}: ${passed ? 'passed' : 'FAILED'}: ${text}`)
  }
  if (options.write && lines.length > 0)
    writeDocument('scenarios', command, ['| scenario | passed | |', '| --- | --- | --- |', ...lines].join('\n'))
  return failed === 0 ? 0 : 1
}

/** From outside: starts itself inside, and ends it when it is ended itself. */
const enter = async (argv: readonly string[]): Promise<number> => {
  const missing = whatIsMissing()
  if (missing !== null) {
    say(`nat: ${missing}`)
    return 1
  }
  const [tool, args] = laboratoryCommand(import.meta.filename, argv)
  const child = spawn(tool, args, { stdio: 'inherit', env: laboratoryEnvironment() })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill('SIGKILL'))
  const [code] = await once(child, 'close')
  return typeof code === 'number' ? code : 1
}

const main = async (argv: readonly string[]): Promise<number> => {
  try {
    const options = readOptions(argv)
    if (options.help) {
      print(USAGE)
      return 0
    }
    return isInside() ? await work(options, argv) : await enter(argv)
  } catch (error) {
    say(`nat: ${error instanceof Error ? error.message : error}`)
    return error instanceof UsageError ? 2 : 1
  }
}

process.exit(await main(process.argv.slice(2)))
