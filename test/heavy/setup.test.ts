import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'

const LOCK = {
  packages: {
    '': { name: 'small' },
    'node_modules/pinned-node': { resolved: 'tools/node', link: true },
    'node_modules/node-here': {
      version: process.versions.node,
      os: process.platform,
      cpu: [process.arch],
      optional: true,
      bin: { node: 'bin/node' },
    },
    'node_modules/node-elsewhere': {
      version: process.versions.node,
      os: ['nowhere'],
      cpu: process.arch,
      optional: true,
      bin: { node: 'bin/node' },
    },
    'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
    'node_modules/a/node_modules/b': { version: '2.0.0', integrity: 'sha512-b' },
    'node_modules/elsewhere': { version: '1.0.0', integrity: 'sha512-e', optional: true },
  },
}

/** Installs what package-lock.json says into node_modules, as far as setup can see. MODE says what goes wrong. */
const FAKE_NPM = `
const fs = require('node:fs')
fs.appendFileSync('calls', process.argv[2] + '\\n')
if (!process.argv.includes('--ignore-scripts')) process.exit(8)
process.stderr.write('npm runs\\n')
const { MODE } = process.env
if (MODE === 'fail') process.exit(7)
if (MODE === 'wait') while (!fs.existsSync('go')) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
if (MODE === 'hang') setInterval(() => 0, 1000)
else {
  const { packages } = JSON.parse(fs.readFileSync('package-lock.json', 'utf8'))
  delete packages['']
  delete packages['node_modules/elsewhere']
  delete packages['node_modules/node-elsewhere']
  fs.rmSync('node_modules', { recursive: true, force: true })
  for (const path in packages) {
    fs.mkdirSync(path, { recursive: true })
    fs.writeFileSync(path + '/package.json', '{}')
  }
  fs.mkdirSync('node_modules/.bin')
  fs.mkdirSync('node_modules/node-here/bin')
  fs.symlinkSync(process.execPath, 'node_modules/node-here/bin/node')
  if (MODE !== 'no-links') fs.symlinkSync('../node-here/bin/node', 'node_modules/.bin/node')
  fs.writeFileSync('node_modules/.package-lock.json', JSON.stringify({ packages }))
}
`

type Checkout = {
  readonly path: (name: string) => string
  readonly start: (env?: NodeJS.ProcessEnv) => ChildProcess
  /** Runs to the end; resolves to the exit code. */
  readonly run: (env?: NodeJS.ProcessEnv) => Promise<number>
  readonly calls: () => number
}

function checkout(t: TestContext): Checkout {
  const root = mkdtempSync(join(tmpdir(), 'handfast setup '))
  t.after(() => rmSync(root, { recursive: true }))
  const path = (name: string) => join(root, name)
  mkdirSync(path('tools'))
  cpSync(join(import.meta.dirname, '../../tools/setup.mjs'), path('tools/setup.mjs'))
  writeFileSync(path('npm-cli.js'), FAKE_NPM)
  writeFileSync(path('package-lock.json'), JSON.stringify(LOCK))
  const start = (env: NodeJS.ProcessEnv = {}) =>
    spawn(process.execPath, [path('tools/setup.mjs')], {
      cwd: tmpdir(), // it works from any folder
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { npm_execpath: path('npm-cli.js'), ...env },
    })
  const run = async (env?: NodeJS.ProcessEnv) => ended(start(env))
  const calls = () =>
    existsSync(path('calls')) ? (readFileSync(path('calls'), 'utf8').match(/^ci$/gm)?.length ?? 0) : 0
  return { path, start, run, calls }
}

async function ended(child: ChildProcess): Promise<number> {
  child.stderr?.resume()
  const [code] = await once(child, 'close')
  return code
}

/** Resolves when the process has said something on stderr that contains `words`. */
async function says(child: ChildProcess, words: string): Promise<void> {
  let heard = ''
  for await (const chunk of child.stderr?.iterator({ destroyOnReturn: false }) ?? []) {
    heard += chunk
    if (heard.includes(words)) return
  }
  assert.fail(`ended without saying "${words}": ${heard}`)
}

test('a fresh checkout is installed once, and then left alone', async (t) => {
  const { run, calls, path } = checkout(t)
  assert.equal(await run(), 0)
  assert.equal(await run(), 0)
  assert.equal(calls(), 1)
  assert.equal(existsSync(path('.setup-lock')), false)
})

const DAMAGE: Readonly<Record<string, (path: (name: string) => string) => void>> = {
  'an interrupted install': (path) => rmSync(path('node_modules/.package-lock.json')),
  'a half-written list of what is installed': (path) =>
    writeFileSync(path('node_modules/.package-lock.json'), '{"packa'),
  'a missing package': (path) => rmSync(path('node_modules/a/node_modules/b'), { recursive: true }),
  'a missing Node': (path) => rmSync(path('node_modules/.bin/node')),
  'a package of Node without it': (path) => rmSync(path('node_modules/node-here/bin/node')),
  'a Node that is not the pinned one': (path) => {
    rmSync(path('node_modules/.bin/node'))
    writeFileSync(path('other'), `#!/bin/sh\necho v${process.versions.node}\n`, { mode: 0o755 })
    symlinkSync(path('other'), path('node_modules/.bin/node'))
  },
  'a Node that does not run': (path) => {
    rmSync(path('node_modules/node-here/bin/node'))
    writeFileSync(path('node_modules/node-here/bin/node'), '#!/bin/sh\nexit 1\n', { mode: 0o755 })
  },
  'a lock file with another version': (path) =>
    writeFileSync(path('package-lock.json'), JSON.stringify(LOCK).replace('2.0.0', '2.0.1')),
  'a lock file with other contents of a version': (path) =>
    writeFileSync(path('package-lock.json'), JSON.stringify(LOCK).replace('sha512-b', 'sha512-c')),
  'a lock file with one package more': (path) =>
    writeFileSync(
      path('package-lock.json'),
      JSON.stringify({ packages: { ...LOCK.packages, 'node_modules/c': { version: '1.0.0' } } }),
    ),
}

for (const [name, damage] of Object.entries(DAMAGE)) {
  test(`${name} is noticed and mended`, async (t) => {
    const { run, calls, path } = checkout(t)
    await run()
    damage(path)
    assert.equal(await run(), 0)
    assert.equal(calls(), 2)
    await run()
    assert.equal(calls(), 2)
  })
}

test('a machine for which no Node is pinned is told so, and nothing is installed', async (t) => {
  const { run, calls, path } = checkout(t)
  writeFileSync(path('package-lock.json'), JSON.stringify(LOCK).replace(`"${process.arch}"`, '"pdp11"'))
  assert.equal(await run(), 1)
  assert.equal(calls(), 0)
})

test('two scripts at the same time install once', async (t) => {
  const { start, calls, path } = checkout(t)
  const first = start({ MODE: 'wait' })
  await says(first, 'npm runs')
  const second = start({ MODE: 'fail' })
  await says(second, 'setup:')
  writeFileSync(path('go'), '')
  assert.deepEqual(await Promise.all([ended(first), ended(second)]), [0, 0])
  assert.equal(calls(), 1)
})

test('the lock of a killed process is broken', async (t) => {
  const { run, calls, path } = checkout(t)
  mkdirSync(path('.setup-lock'))
  const minuteAgo = Date.now() / 1000 - 60
  utimesSync(path('.setup-lock'), minuteAgo, minuteAgo)
  assert.equal(await run(), 0)
  assert.equal(calls(), 1)
})

test('a failed or stopped install ends in exit code 1 and leaves no lock', async (t) => {
  const { start, run, path } = checkout(t)
  assert.equal(await run({ MODE: 'fail' }), 1)
  assert.equal(await run({ MODE: 'no-links' }), 1)
  assert.equal(await run({ npm_execpath: '', PATH: path('nowhere') }), 1)
  rmSync(path('node_modules'), { recursive: true })
  const stopped = start({ MODE: 'hang' })
  await says(stopped, 'npm runs')
  stopped.kill('SIGTERM')
  assert.equal(await ended(stopped), 1)
  assert.equal(existsSync(path('.setup-lock')), false)
  assert.equal(await run(), 0)
})
