import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'

/** `npm run test:…`, as they are typed, in a repository of two modules and four tests. */

const TOOLS = join(import.meta.dirname, '../../tools')

const testOf = (body: string): string => `import { test } from 'node:test'\n${body}\n`
const TREE: Readonly<Record<string, string>> = {
  'package.json': '{ "name": "small", "type": "module" }',
  'src/one.ts': 'export const one = 1',
  'src/two.ts': 'export const two = 2',
  'test/runs.ts': "export const many = process.env.HANDFAST_TEST_RUNS === 'all'",
  'test/one/one.test.ts': testOf("import '../../src/one.ts'\ntest('of one', () => {})"),
  'test/two/two.test.ts': testOf("import '../../src/two.ts'\ntest('of two', () => {})"),
  'test/two/many.test.ts': testOf(
    "import { many } from '../runs.ts'\ntest(many ? 'with many runs' : 'with few runs', () => {})",
  ),
  'test/heavy/long.test.ts': testOf("import '../../src/one.ts'\ntest('a heavy one', () => {})"),
  'test/system.test.ts': testOf(
    "import { spawnSync } from 'node:child_process'\ntest('a system test', () => void spawnSync(process.execPath, ['--version']))",
  ),
}

const plant = (t: TestContext) => {
  const root = mkdtempSync(join(tmpdir(), 'handfast tests '))
  t.after(() => rmSync(root, { recursive: true }))
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  const { NODE_TEST_CONTEXT: _, HANDFAST_TEST_RUNS: __, ...env } = process.env
  /** Which of the tests ran, and how it ended. */
  const run = (...args: readonly string[]) => {
    const { stdout, stderr, status } = spawnSync(process.execPath, ['tools/run-tests.ts', ...args], {
      cwd: root,
      env,
      encoding: 'utf8',
    })
    const ran = [...stdout.matchAll(/^✔ (.*) \(/gm)].map(([, name]) => name).sort()
    return { ran, status, stdout, stderr }
  }
  const who = ['-c', 'user.name=Alice', '-c', 'user.email=alice@example.org', '-c', 'commit.gpgsign=false']
  const git = (...args: readonly string[]) => execFileSync('git', ['-C', root, ...who, ...args], { env })
  const commit = (): void => {
    git('add', '--all')
    git('commit', '--quiet', '--message', 'A change')
  }
  for (const [path, text] of Object.entries(TREE)) write(path, text)
  cpSync(TOOLS, join(root, 'tools'), { recursive: true })
  writeFileSync(join(root, '.gitignore'), 'node_modules\n')
  git('init', '--quiet', '--initial-branch=main')
  commit()
  return { run, write, git, commit }
}

test('a tier, a folder or a file is run, and what is not there is told', (t) => {
  const { run } = plant(t)
  const cases: readonly (readonly [args: string, ran: readonly string[]])[] = [
    ['all', ['a system test', 'of one', 'of two', 'with few runs']],
    ['unit', ['of one', 'of two', 'with few runs']],
    ['system', ['a system test']],
    ['heavy', ['a heavy one', 'with many runs']],
    ['all test/heavy/long.test.ts', ['a heavy one']],
    ['all test/two', ['of two', 'with few runs']],
    ['all test/one/one.test.ts test/system.test.ts', ['a system test', 'of one']],
  ]
  for (const [args, ran] of cases) {
    const ended = run(...args.split(' '))
    assert.deepEqual([ended.ran, ended.status], [ran, 0], `${args}: ${ended.stderr}`)
  }
  assert.deepEqual([run('all', 'test/nothing').status, run('tests').status], [1, 2])
})

test('a test that fails, in either tier, or a file that cannot be read, is told at the end', (t) => {
  const { run, write } = plant(t)
  for (const [path, text] of [
    ['test/one/one.test.ts', testOf("test('of one', () => { throw new Error('broken') })")],
    ['test/one/one.test.ts', 'this is no program'],
    [
      'test/system.test.ts',
      testOf("import 'node:child_process'\ntest('a system test', () => { throw new Error('broken') })"),
    ],
  ] as const) {
    write(path, text)
    assert.equal(run('all').status, 1, path)
    write(path, TREE[path] ?? '')
  }
  assert.equal(run('all').status, 0)
})

test('what changed since main, committed or not or new, is what is run; or since another commit', (t) => {
  const { run, write, git, commit } = plant(t)
  assert.deepEqual([run('changed').ran, run('changed').status], [[], 0])

  git('switch', '--quiet', '--create', 'branch')
  write('src/one.ts', 'export const one = 3')
  assert.deepEqual(run('changed').ran, ['of one'])
  commit()
  assert.deepEqual(run('changed').ran, ['of one'])
  assert.deepEqual(run('changed', 'HEAD').ran, [])

  write('test/new.test.ts', testOf("test('a new one', () => {})"))
  assert.deepEqual(run('changed', 'HEAD').ran, ['a new one'])
  assert.deepEqual(run('changed').ran, ['a new one', 'of one'])
  commit()

  // What others did on main meanwhile is not this branch's.
  git('switch', '--quiet', 'main')
  write('src/two.ts', 'export const two = 3')
  commit()
  git('switch', '--quiet', 'branch')
  assert.deepEqual(run('changed').ran, ['a new one', 'of one'])
  git('mv', 'src/two.ts', 'src/moved.ts')
  write('test/two/two.test.ts', testOf("import '../../src/moved.ts'\ntest('of two', () => {})"))
  assert.deepEqual(run('changed', 'HEAD').ran, ['of two'])
})
