import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, join, sep } from 'node:path'
import { test } from 'node:test'
import { entryNames } from '../../tools/entries.ts'

/** What `import 'handfast'`, `require('handfast')` and the command meet first. */

const ROOT = join(import.meta.dirname, '../..')
const require = createRequire(import.meta.url)
const { nodeComplaint } = require('../../entry/load.cjs')

for (const name of entryNames(ROOT)) {
  test(`the entry ${name} exports what its source does, to import and to require`, async () => {
    const wanted = await import(join(ROOT, 'src', `${name}.ts`))
    const { default: whole, 'module.exports': _, ...imported } = await import(join(ROOT, 'entry', `${name}.cjs`))
    assert.deepEqual({ ...imported }, { ...wanted })
    assert.deepEqual(whole, { ...wanted })
    assert.equal(require(join(ROOT, 'entry', `${name}.cjs`)), whole)
  })
}

test('the oldest Node is the one that package.json names', () => {
  const [, major, minor] = /^>=(\d+)\.(\d+)$/.exec(require('../../package.json').engines.node)?.map(Number) ?? []
  assert.ok(major !== undefined && minor !== undefined)
  const [newest, last] = [`${major}.${minor}.0`, `${major}.${minor - 1}.9`]
  for (const version of [newest, `${major}.${minor + 1}.0`, `${major + 1}.0.0`, process.versions.node])
    assert.equal(nodeComplaint(version), undefined)
  for (const version of [last, `${major - 1}.99.0`, '9.99.9', '16.0.0'])
    assert.match(
      nodeComplaint(version),
      new RegExp(`^[^\\n]*${major}\\.${minor}[^\\n]*${version.replaceAll('.', '\\.')}$`),
    )
})

/** A Node on this machine that is too old, if there is one; without it another plays it. */
const oldNode = (process.env.PATH ?? '')
  .split(delimiter)
  .filter((folder) => !folder.split(sep).includes('node_modules'))
  .map((folder) => join(folder, 'node'))
  .filter(existsSync)
  .find((node) => nodeComplaint(spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim().slice(1)))

const PRETEND = "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.1.0' } })"
const OLD: Readonly<Record<string, readonly string[]>> = {
  'a Node that says it is old': [process.execPath, '--import', `data:text/javascript,${PRETEND}`],
  ...(oldNode === undefined ? {} : { [`the old Node in ${oldNode}`]: [oldNode] }),
}

for (const [name, [node = '', ...flags]] of Object.entries(OLD)) {
  const run = (...args: string[]) => spawnSync(node, [...flags, ...args], { encoding: 'utf8', cwd: ROOT })

  test(`${name} hears from the command which one it takes`, () => {
    const { status, stdout, stderr } = run('entry/command.cjs', '--version')
    assert.deepEqual([status, stdout], [1, ''])
    assert.match(stderr, /^Handfast needs Node\.js [\d.]+ or newer, and this is Node\.js [\d.]+\n$/)
  })

  test(`${name} gets an error with a code from import and require`, () => {
    for (const entry of ['handfast', 'handfast/fernet']) {
      const tell = '({ code, message }) => console.log(code, message)'
      const wanted = /^ERR_NODE_VERSION Handfast needs Node\.js [^\n]+\n$/
      assert.match(run('--input-type=module', '-e', `import('${entry}').catch(${tell})`).stdout, wanted)
      assert.match(
        run('--input-type=commonjs', '-e', `try { require('${entry}') } catch (e) { (${tell})(e) }`).stdout,
        wanted,
      )
    }
  })
}

test('the command runs by its entry', () => {
  const { status, stdout } = spawnSync(process.execPath, ['entry/command.cjs', '--version'], {
    encoding: 'utf8',
    cwd: ROOT,
  })
  assert.deepEqual([status, stdout.trim()], [0, JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version])
})
