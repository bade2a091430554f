/** To which tier a test belongs, and which tests a change concerns. Both follow from the files' texts: nobody keeps a list. */
import type { FileGraph } from './file-graph.ts'
import type { Import } from './read-imports.ts'

/**
 * A unit test loads nothing that opens a socket or starts a process or a thread, no whole peer (`src/peer`), no network of nodes, and neither the
 * simulator nor the fuzzer. Any other is a system test.
 */
export type Tier = 'unit' | 'system'

const SYSTEM_MODULES =
  /^(?:node:)?(?:child_process|cluster|dgram|dns|http|http2|https|inspector|net|tls|worker_threads)(?:\/|$)|^(?:hyperdht|udx-native)(?:\/|$)/

const PROCESS_MODULES = /^(?:node:)?(?:child_process|cluster|inspector|worker_threads)(?:\/|$)/

/** What puts all parts together, or many of one, measures memory, or replaces the clock of its process. */
const SYSTEM_FILES = /^(?:demo|fuzz|sim|src\/peer)\/|^test\/directory\/memory-network\.ts$/

/** Of `node:net`: these only look at text. */
const HARMLESS = new Set(['isIP', 'isIPv4', 'isIPv6'])

const isSystem = ({ specifier = '', names }: Import): boolean =>
  SYSTEM_FILES.test(specifier) ||
  (SYSTEM_MODULES.test(specifier) && !(/^(node:)?net$/.test(specifier) && names?.every((name) => HARMLESS.has(name))))

/** Every import of a test file, and of what it loads in this way. */
const loadedBy = (graph: FileGraph, test: string): Import[] => {
  const loaded = new Set([test])
  const imports: Import[] = []
  for (const path of loaded)
    for (const found of graph.loads(path)) {
      imports.push(found)
      if (found.specifier !== undefined) loaded.add(found.specifier)
    }
  return imports
}

/** Whether a test takes too long for every day. */
export const isHeavy = (test: string): boolean => test.startsWith('test/heavy/')

/** What a test file loads, and what that loads, decides it. */
export const tierOf = (graph: FileGraph, test: string): Tier =>
  isHeavy(test) || loadedBy(graph, test).some(isSystem) ? 'system' : 'unit'

/** Whether a test starts processes or threads, for which it mostly waits. */
export const startsProcesses = (graph: FileGraph, test: string): boolean =>
  loadedBy(graph, test).some(({ specifier = '' }) => PROCESS_MODULES.test(specifier))

/** Whether it takes a tenth of its runs, unless it is asked for all. */
export const takesRuns = (graph: FileGraph, test: string): boolean =>
  loadedBy(graph, test).some(({ specifier }) => specifier === 'test/runs.ts')

export const testFiles = (graph: FileGraph): string[] =>
  [...graph.files].filter((path) => /^test\/.*\.test\.ts$/.test(path)).sort()

/** They change how every test runs. */
const CONCERNS_ALL = /^(?:package\.json|package-lock\.json|tools\/(?:compile-cache\.mjs|run-tests\.ts))$/

/** The test files that reach a changed file; a file that is gone counts for those that still name it. */
export const testsOf = (graph: FileGraph, changed: readonly string[]): string[] => {
  const tests = testFiles(graph)
  if (changed.some((path) => CONCERNS_ALL.test(path))) return tests
  return tests.filter((test) => {
    const reached = graph.reaches(test)
    return changed.some((path) => reached.has(path))
  })
}
