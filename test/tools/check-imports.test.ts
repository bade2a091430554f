import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { checkImports } from '../../tools/check-imports.ts'

type Tree = Readonly<Record<string, string>>

/** Keeps every rule, and comes close to breaking some. */
const CLEAN: Tree = {
  'src/index.ts': "export { Peer } from './peer/peer.ts'\nexport * from './fernet.ts'\n",
  'src/fernet.ts': "import { randomBytes } from 'node:crypto'\nexport { seal } from './core/fernet.ts'\n",
  'src/core/fernet.ts':
    "import { createHmac } from 'node:crypto'\nimport { LIMIT } from './limits.ts'\nexport const seal = 1\n",
  'src/core/limits.ts': "// not Date.now(), not import('node:fs')\nexport const LIMIT = 'process.env, console'\n",
  'src/core/session/session.ts': "import type { Other } from './other.ts'\nimport { cbor } from 'cborg'\n",
  'src/core/session/other.ts': "import { Session } from './session.ts'\nimport '../limits.ts'\n",
  'src/directory/plugin.ts': "import DHT from 'hyperdht'\nimport { LIMIT } from '../core/limits.ts'\n",
  'src/network/node.ts':
    "import udx from 'udx-native/lib/x.js'\nimport { LIMIT } from '../core/limits.ts'\nDate.now()\n",
  'src/store/store.ts': "import { DatabaseSync } from 'node:sqlite'\nimport { LIMIT } from '../core/limits.ts'\n",
  'src/peer/open.ts': "import { node } from '../network/node.ts'\nimport { Peer } from './peer.ts'\n",
  'src/peer/peer.ts':
    "import type { Node } from '../network/node.ts'\nimport '../store/store.ts'\nimport '../directory/plugin.ts'\n",
  'src/daemon/daemon.ts': "import { Peer } from '../peer/peer.ts'\n",
  'src/cli/main.ts':
    "const node = await import('./node.ts')\nimport '../daemon/daemon.ts'\nimport '../store/store.ts'\n",
  'src/cli/node.ts': "import { node } from '../network/node.ts'\n",
  'src/globals.d.ts': 'declare const VERSION: string\n',
  'web/page.ts': "import './style.ts'\n",
  'web/style.ts': '',
  'sim/main.ts': "import { world } from './world/world.ts'\nworld()\n",
  'sim/world/world.ts':
    "import { node } from '../../src/network/node.ts'\nimport '../../src/directory/plugin.ts'\nimport '../../src/core/limits.ts'\nimport DHT from 'hyperdht'\n",
}

function plant(t: TestContext, tree: Tree): string {
  const root = mkdtempSync(join(tmpdir(), 'handfast imports '))
  t.after(() => rmSync(root, { recursive: true }))
  for (const [path, text] of Object.entries(tree)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return root
}

const summary = (root: string) => checkImports(root).map(({ path, line, rule }) => `${path}:${line} ${rule}`)

test('a tree that keeps the rules has no breach', (t) => {
  assert.deepEqual(summary(plant(t, CLEAN)), [])
})

/** One line, put at the end of one file of the clean tree, and what it must be reported as. */
const BROKEN: readonly (readonly [path: string, line: string, rule: string])[] = [
  // Folders point one way.
  ['src/core/limits.ts', "import { store } from '../store/store.ts'", 'folder'],
  ['src/core/limits.ts', "import type { Peer } from '../peer/peer.ts'", 'folder'],
  ['src/core/session/other.ts', "export { store } from '../../store/store.ts'", 'folder'],
  ['src/directory/plugin.ts', "import '../store/store.ts'", 'folder'],
  ['src/directory/plugin.ts', "import type { Node } from '../network/node.ts'", 'folder'],
  ['src/store/store.ts', "export * from '../directory/plugin.ts'", 'folder'],
  ['src/store/store.ts', "import '../peer/peer.ts'", 'folder'],
  ['src/network/node.ts', "import '../directory/plugin.ts'", 'folder'],
  ['src/network/node.ts', "import type { Peer } from '../peer/peer.ts'", 'folder'],
  ['src/peer/peer.ts', "import '../daemon/daemon.ts'", 'folder'],
  ['src/peer/open.ts', "import '../cli/main.ts'", 'folder'],
  ['src/daemon/daemon.ts', "import '../cli/main.ts'", 'folder'],
  ['src/daemon/daemon.ts', "import type { Node } from '../network/node.ts'", 'folder'],
  ['src/cli/main.ts', "import { node } from '../network/node.ts'", 'folder'],
  ['src/cli/main.ts', "import '../index.ts'", 'folder'],
  ['src/index.ts', "import './cli/main.ts'", 'folder'],
  ['src/fernet.ts', "await import('./cli/main.ts')", 'folder'],
  ['web/page.ts', "import '../src/core/limits.ts'", 'folder'],
  ['src/daemon/daemon.ts', "import '../../web/page.ts'", 'folder'],
  // The simulator runs the parts that speak to the network, and no part knows of it.
  ['sim/main.ts', "import { Peer } from '../src/peer/peer.ts'", 'folder'],
  ['sim/world/world.ts', "import '../../src/cli/main.ts'", 'folder'],
  ['sim/world/world.ts', "import '../../src/store/store.ts'", 'folder'],
  ['src/network/node.ts', "import { world } from '../../sim/world/world.ts'", 'folder'],
  ['src/core/limits.ts', "import type { World } from '../../sim/world/world.ts'", 'folder'],
  // Real parts are put together in two files; the rest of peer knows their types.
  ['src/peer/peer.ts', "import { node } from '../network/node.ts'", 'types-only'],
  ['src/peer/peer.ts', "import { type Node } from '../network/node.ts'", 'types-only'],
  ['src/peer/peer.ts', "export * from '../network/node.ts'", 'types-only'],
  ['src/peer/peer.ts', "const { node } = await import('../network/node.ts')", 'types-only'],
  // Modules from outside.
  ['src/peer/open.ts', "import DHT from 'hyperdht'", 'module'],
  ['src/directory/other.ts', "import type DHT from 'hyperdht'", 'module'],
  ['src/cli/node.ts', "import 'udx-native'", 'module'],
  ['src/peer/peer.ts', "import x from 'hyperdht/lib/x.js'", 'module'],
  ['src/core/limits.ts', "import { readFile } from 'node:fs/promises'", 'module'],
  ['src/core/fernet.ts', "import fs from 'fs'", 'module'],
  ['src/core/limits.ts', "import { createHash } from 'node:crypto'", 'module'],
  ['src/core/session/kdf.ts', "import { createHash } from 'node:crypto'", 'module'],
  // The core is pure.
  ['src/core/limits.ts', 'export const now = Date.now()', 'pure'],
  ['src/core/limits.ts', 'export const now = +new  Date', 'pure'],
  ['src/core/limits.ts', 'export const luck = Math.random()', 'pure'],
  ['src/core/limits.ts', 'export const home = process.env.HOME', 'pure'],
  ['src/core/limits.ts', "console.log('x')", 'pure'],
  ['src/core/limits.ts', 'export const at = performance.now()', 'pure'],
  ['src/core/limits.ts', 'setTimeout(() => 0, 1)', 'pure'],
  ['src/core/limits.ts', 'export const id = crypto.randomUUID()', 'pure'],
  ['src/core/limits.ts', 'export const text = `at $' + '{Date.now()}`', 'pure'],
  // The rest.
  ['src/peer/peer.ts', "import '../../test/peer/world.ts'", 'outside'],
  ['src/peer/peer.ts', "import '../../tools/build.ts'", 'outside'],
  ['src/peer/peer.ts', "import '../../demo/main.ts'", 'outside'],
  ['src/peer/peer.ts', "import '../../examples/two-peers.ts'", 'outside'],
  ['src/peer/peer.ts', "import '../../../elsewhere.ts'", 'outside'],
  ['src/peer/peer.ts', "import '#peer'", 'outside'],
  ['src/cli/main.ts', "import { seal } from 'handfast/fernet'", 'self'],
  ['src/cli/main.ts', 'await import(command)', 'computed'],
  ['src/cli/main.ts', "require('./' + command)", 'computed'],
  ['src/core/session/session.ts', "import { Other } from './other.ts'", 'cycle'],
  ['src/core/session/session.ts', "import './session.ts'", 'cycle'],
]

for (const [path, line, rule] of BROKEN) {
  test(`${path} with "${line}" breaks ${rule}`, (t) => {
    const text = `${CLEAN[path] ?? ''}${line}\n`
    const found = summary(plant(t, { ...CLEAN, [path]: text }))
    // A cycle is reported once, at whichever of its imports the walk meets last; a way back through the folders is one, too.
    if (rule === 'cycle') assert.match(found.join('\n'), /^src\/core\/session\/\w+\.ts:\d+ cycle$/)
    else
      assert.deepEqual(
        found.filter((breach) => !breach.endsWith('cycle')),
        [`${path}:${text.split('\n').length - 1} ${rule}`],
      )
  })
}

test('a file that lies in no folder of the tables is reported', (t) => {
  assert.deepEqual(summary(plant(t, { ...CLEAN, 'src/extra.ts': '' })), ['src/extra.ts:1 place'])
  assert.deepEqual(summary(plant(t, { ...CLEAN, 'src/misc/extra.ts': '' })), ['src/misc/extra.ts:1 place'])
})

test('run as a program it prints path:line rule and exits 1, or one line and exits 0', (t) => {
  const tool = join(import.meta.dirname, '../../tools/check-imports.ts')
  const run = (root: string) => spawnSync(process.execPath, [tool, root], { encoding: 'utf8' })
  const clean = run(plant(t, CLEAN))
  assert.deepEqual([clean.status, clean.stdout.split('\n').length], [0, 2])
  const broken = run(plant(t, { ...CLEAN, 'src/core/limits.ts': "\nimport 'node:fs'\n" }))
  assert.equal(broken.status, 1)
  assert.match(broken.stdout, /^src\/core\/limits\.ts:2 module: .+\n$/)
})
