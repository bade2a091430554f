import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { readGraph } from '../../tools/file-graph.ts'
import { testFiles, testsOf, tierOf } from '../../tools/test-tiers.ts'

/** What a test needs, to which tier it belongs, and which tests a change concerns: on small trees, and on this one. */

const TREE: Readonly<Record<string, string>> = {
  'package.json':
    '{ "name": "handfast", "exports": { ".": "./src/index.ts", "./more": { "default": "./src/more.ts" } } }',
  'README.md': '',
  'docs/spec/wire.md': '',
  'src/index.ts': "export * from './core.ts'",
  'src/core.ts': "import type { T } from './types.ts'\nimport { isIPv4 } from 'node:net'",
  'src/types.ts': '',
  'src/more.ts': "await import('./lazy.ts')",
  'src/lazy.ts': "import { connect } from 'node:net'",
  'src/words.ts': "const folder = 'inner'\nconst worker = new URL('core.ts', import.meta.url)",
  'src/inner/data.ts': '',
  'test/helper.ts': "import '../src/core.ts'",
  'test/child.ts': "import '../src/lazy.ts'",
  'test/peer.py': 'from shared import x\nimport json',
  'test/shared.py': '',
  'test/vectors/card/1.json': '{}',
  'test/vectors/read.ts': "const root = new URL('.', import.meta.url)",
  'test/a.test.ts': "import './helper.ts'\n// '../src/lazy.ts'\nconst dot = 'a'.split('.')",
  'test/b.test.ts': "import { spawn } from 'node:child_process'\nconst path = join(import.meta.dirname, 'child.ts')",
  'test/c.test.ts': "import 'handfast/more'",
  'test/d.test.ts': "readFileSync(join(ROOT, 'README.md')); join(ROOT, `docs/spec/$" + '{name}.md`)',
  'test/e.test.ts': "const script = 'peer.py'",
  'test/f.test.ts': "import './vectors/read.ts'",
  'test/g.test.ts': "import '../src/words.ts'",
  'test/h.test.ts': "const word = 'docs'\nconst folder = 'vectors'",
  'test/i.test.ts': "import '../sim/main.ts'",
  'sim/main.ts': '',
}

const plant = (t: TestContext) => {
  const root = mkdtempSync(join(tmpdir(), 'handfast graph '))
  t.after(() => rmSync(root, { recursive: true }))
  for (const [path, text] of Object.entries(TREE)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return readGraph(root)
}

const named = (letters: string): string[] => [...letters].map((letter) => `test/${letter}.test.ts`)

/** A file that changes, and the tests that it concerns. */
const CONCERNS: Readonly<Record<string, string>> = {
  // What is imported, through others too; but types are gone when a test runs, and a comment imports nothing.
  'src/core.ts': 'ag',
  'src/types.ts': '',
  'src/index.ts': '',
  'src/lazy.ts': 'bc',
  'test/helper.ts': 'a',
  // By the package's name.
  'src/more.ts': 'c',
  // What is started or read, by its path.
  'test/child.ts': 'b',
  'README.md': 'd',
  'docs/spec/wire.md': 'd',
  'test/peer.py': 'e',
  'test/shared.py': 'e',
  'test/vectors/card/1.json': 'fh',
  // A word of src is no folder.
  'src/inner/data.ts': '',
  // One that is gone, or that nobody names.
  'test/gone.ts': '',
  LICENSE: '',
  // A test itself, and what concerns all.
  'test/d.test.ts': 'd',
  'package-lock.json': 'abcdefghi',
  'tools/compile-cache.mjs': 'abcdefghi',
}

test('a change concerns the tests that import, read or start the file, by way of others too', (t) => {
  const graph = plant(t)
  for (const [path, letters] of Object.entries(CONCERNS)) assert.deepEqual(testsOf(graph, [path]), named(letters), path)
  assert.deepEqual(testsOf(graph, ['README.md', 'src/more.ts']), named('cd'))
  assert.deepEqual(testsOf(graph, []), [])
})

test('a file that is gone concerns the tests that still import it', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'handfast graph '))
  t.after(() => rmSync(root, { recursive: true }))
  mkdirSync(join(root, 'test'))
  writeFileSync(join(root, 'package.json'), '{}')
  writeFileSync(join(root, 'test/a.test.ts'), "import '../src/gone.ts'")
  assert.deepEqual(testsOf(readGraph(root), ['src/gone.ts']), ['test/a.test.ts'])
})

test('who loads what opens sockets or starts processes is a system test, and so is who loads the simulator', (t) => {
  const graph = plant(t)
  const tiers = Object.groupBy(testFiles(graph), (path) => tierOf(graph, path))
  assert.deepEqual(tiers.system, named('bci'))
  assert.deepEqual(tiers.unit, named('adefgh'))
})

const own = readGraph(join(import.meta.dirname, '../..'))

test('of this repository, most tests are unit tests, and these belong where one would look for them', () => {
  const tests = testFiles(own)
  const units = tests.filter((path) => tierOf(own, path) === 'unit')
  assert.ok(units.length > tests.length / 2, `${units.length} of ${tests.length}`)
  for (const path of ['test/core/address.test.ts', 'test/tools/read-imports.test.ts'])
    assert.ok(units.includes(path), path)
  for (const path of tests.filter((one) => /^test\/(?:net|sim|fuzz)\/(?!targets\.)/.test(one)))
    assert.ok(!units.includes(path), path)
})

test('of this repository, vectors, documents, scripts and started programs concern the tests that use them', () => {
  for (const [path, needed] of [
    ['test/vectors.test.ts', 'test/vectors/README.md'],
    ['test/vectors.test.ts', 'docs/spec/identity.md'],
    ['test/core/identity-python.test.ts', 'test/core/identity_peer.py'],
    ['test/core/spec-python.test.ts', 'test/core/spec_session.py'],
    ['test/cli/transcripts.test.ts', 'test/cli/transcripts/usage.txt'],
    ['test/store/fixtures.test.ts', 'test/store/fixtures/handfast-1.db'],
    ['test/cli/processes.test.ts', 'src/cli/main.ts'],
    ['test/heavy/fuzz-command.test.ts', 'fuzz/worker.ts'],
    ['test/fuzz/targets.test.ts', 'fuzz/targets/store.ts'],
    ['test/heavy/demo.test.ts', 'demo/steps/between.ts'],
    ['test/readme.test.ts', 'README.md'],
    ['test/heavy/setup.test.ts', 'tools/setup.mjs'],
  ] as const) {
    assert.ok(own.files.has(needed), needed)
    assert.ok(own.reaches(path).has(needed), `${path} needs ${needed}`)
  }
})
