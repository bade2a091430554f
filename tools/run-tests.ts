/**
 *     node tools/run-tests.ts all | unit | system   the tests of both tiers, or of one
 *     node tools/run-tests.ts changed [COMMIT]      those that reach a file changed since the branch left main, or since it left COMMIT
 *     node tools/run-tests.ts heavy                 those of test/heavy, which the others leave out, and with all their runs those that
 *                                                   otherwise take a tenth (test/runs.ts)
 *
 * All but `changed` take paths of test files and of folders, and run only these.
 *
 * Unit tests share two processes, which Node keeps from sockets and from processes and threads of their own. System tests share two as well,
 * and those of them that start processes or threads share three others; each file of test/heavy has a process to itself. Exits 1 when a test
 * failed, or when there was none.
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { type FileGraph, readGraph } from './file-graph.ts'
import { isHeavy, startsProcesses, takesRuns, testFiles, testsOf, tierOf } from './test-tiers.ts'

const ROOT = dirname(import.meta.dirname)

/** So long a test may take that does not say its own: far more than any does alone, for machines that do other work too. */
const TIMEOUT_MS = 300_000

const COMMON = [
  '--import',
  './tools/compile-cache.mjs',
  '--import',
  './tools/loopback-only.mjs',
  '--test',
  `--test-timeout=${TIMEOUT_MS}`,
]
/** Flags of files that share a process, of which there are so many. */
const TOGETHER = ['--max-semi-space-size=32', '--test-isolation=none']
const UNIT = [...TOGETHER, '--import', './tools/unit-guard.mjs']
const PROCESSES = 2
/** Of processes that mostly wait for those they start. */
const WAITING = 3
/** Of files that have one each, so many at a time. */
const ALONE = [`--test-concurrency=${WAITING}`]

const git = (...args: readonly string[]): string[] =>
  execFileSync('git', ['-C', ROOT, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
    .split('\0')
    .filter((line) => line !== '')

const isCommit = (name: string): boolean => {
  try {
    return git('rev-parse', '--verify', '--quiet', `${name}^{commit}`).length > 0
  } catch {
    return false
  }
}

/** Paths that differ from `base`, or from where this branch left `main`: committed, not yet committed, and new. */
const changedFiles = (base: string | undefined): string[] => {
  const from = base ?? ['main', 'origin/main'].find(isCommit) ?? 'HEAD'
  // Without renames, both names of a moved file are told.
  return [
    ...git('diff', '-z', '--name-only', '--no-renames', '--merge-base', from),
    ...git('ls-files', '-z', '--others', '--exclude-standard'),
  ]
}

const choose = (graph: FileGraph, what: string, args: readonly string[]): string[] => {
  if (what === 'changed') return testsOf(graph, changedFiles(args[0])).filter((test) => !isHeavy(test))
  const within = args.map((place) => place.replace(/\/$/, ''))
  const tests = testFiles(graph).filter(
    (test) => within.length === 0 || within.some((place) => test === place || test.startsWith(`${place}/`)),
  )
  if (what === 'heavy') return tests.filter((test) => isHeavy(test) || takesRuns(graph, test))
  // By its own name, any is run.
  const light = tests.filter((test) => !isHeavy(test) || within.includes(test))
  return what === 'all' ? light : light.filter((test) => tierOf(graph, test) === what)
}

/** Runs them, and shows what they say: as they say it, or at the end. @returns whether all passed */
const run = async (flags: readonly string[], files: readonly string[], show: 'now' | 'later'): Promise<boolean> => {
  if (files.length === 0) return true
  const child = spawn(process.execPath, [...COMMON, ...flags, ...files], {
    cwd: ROOT,
    stdio: ['inherit', show === 'now' ? 'inherit' : 'pipe', 'inherit'],
  })
  const exit = once(child, 'exit')
  if (child.stdout !== null) process.stdout.write(await buffer(child.stdout))
  return (await exit)[0] === 0
}

/** Shares that take about as long as each other: the largest file first, each to who has the least. A file's size tells roughly how long it takes. */
const shareOut = (files: readonly string[], count: number): string[][] => {
  const shares = Array.from({ length: count }, () => ({ bytes: 0, files: [] as string[] }))
  const sized = files.map((path) => ({ path, bytes: statSync(join(ROOT, path)).size }))
  for (const { path, bytes } of sized.sort((a, b) => b.bytes - a.bytes)) {
    const least = shares.reduce((one, other) => (other.bytes < one.bytes ? other : one))
    least.files.push(path)
    least.bytes += bytes
  }
  return shares.map((share) => share.files)
}

/** @param first how what the first share says is shown; the others come at the end */
const runTogether = async (
  flags: readonly string[],
  files: readonly string[],
  first: 'now' | 'later',
  count: number = PROCESSES,
): Promise<boolean> => {
  const passed = await Promise.all(
    shareOut(files, count).map((share, index) => run(flags, share, index === 0 ? first : 'later')),
  )
  return passed.every(Boolean)
}

const runSystem = async (graph: FileGraph, files: readonly string[]): Promise<boolean> => {
  const alone = files.filter(isHeavy)
  const waiting = files.filter((test) => !isHeavy(test) && startsProcesses(graph, test))
  const others = files.filter((test) => !isHeavy(test) && !waiting.includes(test))
  const passed = await Promise.all([
    run(ALONE, alone, 'now'),
    runTogether(TOGETHER, waiting, alone.length === 0 ? 'now' : 'later', WAITING),
    runTogether(TOGETHER, others, 'later'),
  ])
  return passed.every(Boolean)
}

const [what = 'all', ...args] = process.argv.slice(2)
if (!['all', 'unit', 'system', 'changed', 'heavy'].includes(what)) {
  console.error(`run-tests: no tests are called ${what}: all, unit, system, changed or heavy`)
  process.exit(2)
}
const graph = readGraph(ROOT)
const chosen = choose(graph, what, args)
if (what === 'heavy') process.env.HANDFAST_TEST_RUNS = 'all'
const unit = chosen.filter((test) => tierOf(graph, test) === 'unit')
const system = chosen.filter((test) => !unit.includes(test))
if (chosen.length === 0 && what !== 'changed') {
  console.error('run-tests: there is no such test')
  process.exit(1)
}
const unitPassed = await runTogether(UNIT, unit, 'now')
const systemPassed = await runSystem(graph, system)
const words = (passed: boolean, files: readonly string[]): string =>
  `${files.length} files ${passed ? 'passed' : 'FAILED'}`
console.log(`unit: ${words(unitPassed, unit)}; system: ${words(systemPassed, system)}`)
if (!unitPassed || !systemPassed) process.exitCode = 1
