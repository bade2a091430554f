import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readOptions, USAGE, UsageError } from '../../sim/options.ts'

const MAIN = join(import.meta.dirname, '../../sim/main.ts')
const run = (...args: string[]) => spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' })

test('wrong input is told apart from every number that is right', () => {
  const scenario = ['--scenario', 'silent']
  for (const wrong of [
    ['--nodes', '3'],
    ['--nodes', 'many'],
    ['--nodes', '5001'],
    ['--lookups', '0'],
    ['--people', '1.5'],
    ['--attackers', '0.91'],
    ['--attackers', '-1'],
    ['--loss', 'x'],
    ['--unknown'],
    ['word'],
  ])
    assert.throws(() => readOptions([...scenario, ...wrong]), UsageError, wrong.join(' '))
  assert.throws(() => readOptions([]), UsageError)
  assert.throws(() => readOptions(['--scenario', 'silent,null', '--json', 'one.json']), UsageError)
  const { nodes, attackers, seed } = readOptions([...scenario, '--nodes', '4', '--attackers', '0.9', '--seed', 'x'])
  assert.deepEqual({ nodes, attackers, seed }, { nodes: 4, attackers: 0.9, seed: 'x' })
})

test('the command exits with 2 and says what is wrong, without a stack', () => {
  const { status, stderr, stdout } = run('--scenario', 'nothing-like-it')
  assert.equal(status, 2)
  assert.equal(stdout, '')
  assert.match(stderr, /nothing-like-it/)
  assert.doesNotMatch(stderr, /\n\s+at /)
})

test('asked for help, the command says how it is used', () => {
  const { status, stdout, stderr } = run('--help')
  assert.deepEqual([status, stderr], [0, ''])
  assert.equal(stdout, `${USAGE}\n`)
})

test('a run writes its result and its plot where it is told', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'handfast-sim-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const files = { json: join(folder, 'deep/result.json'), svg: join(folder, 'plot.svg') }
  const size = ['--nodes', '24', '--people', '2', '--lookups', '4']
  const { status, stdout } = run('--scenario', 'stale', ...size, '--json', files.json, '--svg', files.svg)
  assert.equal(status, 0, stdout)
  const result = JSON.parse(readFileSync(files.json, 'utf8'))
  assert.equal(result.scenario, 'stale')
  assert.deepEqual(result.violations, [])
  assert.equal(result.rows.length, 2)
  assert.match(readFileSync(files.svg, 'utf8'), /^<svg [\s\S]*<\/svg>\n$/)
})
