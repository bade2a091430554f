import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkImports, staleEntries } from '../../tools/check-imports.ts'
import { CLEAN, plant } from './import-tree.ts'

const summary = (root: string) => checkImports(root).map(({ path, line, rule }) => `${path}:${line} ${rule}`)

test('a tree that keeps the rules has no breach', (t) => {
  assert.deepEqual(summary(plant(t, CLEAN)), [])
})

/** One line, put at the end of one file of the clean tree, and what it must be reported as. */
const BROKEN: readonly (readonly [path: string, line: string, rule: string])[] = [
  // Rooms point one way: each row once, and the nearest room that it must not know.
  ['src/core/limits.ts', "import { store } from '../store/store.ts'", 'folder'],
  ['src/core/limits.ts', "import type { Peer } from '../peer/peer.ts'", 'folder'],
  ['src/core/session/other.ts', "export { store } from '../../store/store.ts'", 'folder'],
  ['src/directory/port.ts', "import '../store/store.ts'", 'folder'],
  ['src/directory/port.ts', "import './client/lookup.ts'", 'folder'],
  ['src/directory/port.ts', "import type { Storage } from './node/storage.ts'", 'folder'],
  ['src/directory/client/lookup.ts', "import '../node/storage.ts'", 'folder'],
  ['src/directory/node/storage.ts', "import '../client/lookup.ts'", 'folder'],
  ['src/directory/node/storage.ts', "import type { Node } from '../../network/node.ts'", 'folder'],
  ['src/store/store.ts', "export * from '../directory/port.ts'", 'folder'],
  ['src/network/node.ts', "import '../connection/dial.ts'", 'folder'],
  ['src/network/node.ts', "import '../store/store.ts'", 'folder'],
  ['src/mailbox/host.ts', "import '../connection/dial.ts'", 'folder'],
  ['src/mailbox/host.ts', "import type { Node } from '../network/node.ts'", 'folder'],
  ['src/connection/dial.ts', "import '../store/store.ts'", 'folder'],
  ['src/connection/dial.ts', "import type { Inbox } from '../messages/inbox.ts'", 'folder'],
  ['src/connection/dial.ts', "import type { Storage } from '../directory/node/storage.ts'", 'folder'],
  ['src/contacts/trust.ts', "import '../messages/inbox.ts'", 'folder'],
  ['src/contacts/trust.ts', "import '../mailbox/host.ts'", 'folder'],
  ['src/messages/inbox.ts', "import '../files/offers.ts'", 'folder'],
  ['src/messages/inbox.ts', "import type { Node } from '../network/node.ts'", 'folder'],
  ['src/files/offers.ts', "import '../peer/peer.ts'", 'folder'],
  ['src/files/offers.ts', "import '../mailbox/host.ts'", 'folder'],
  ['src/identity/rotation.ts', "import '../connection/dial.ts'", 'folder'],
  ['src/identity/rotation.ts', "import type { Node } from '../network/node.ts'", 'folder'],
  ['src/peer/peer.ts', "import '../cli/main.ts'", 'folder'],
  // The rooms of the command line, and what of the library it does not know.
  ['src/cli/output/printer.ts', "import '../terminal/terminal.ts'", 'folder'],
  ['src/cli/output/printer.ts', "import '../../mailbox/host.ts'", 'folder'],
  ['src/cli/output/printer.ts', "import type { Context } from '../context.ts'", 'folder'],
  ['src/cli/terminal/terminal.ts', "import '../chat/chat.ts'", 'folder'],
  ['src/cli/chat/chat.ts', "import '../node/watch.ts'", 'folder'],
  ['src/cli/chat/chat.ts', "import '../commands/send.ts'", 'folder'],
  ['src/cli/node/watch.ts', "import '../terminal/terminal.ts'", 'folder'],
  ['src/cli/node/watch.ts', "import '../../network/node.ts'", 'folder'],
  ['src/cli/commands/send.ts', "import '../../directory/node/storage.ts'", 'folder'],
  ['src/cli/program.ts', "import { node } from '../network/node.ts'", 'folder'],
  ['src/cli/program.ts', "import './chat/chat.ts'", 'folder'],
  ['src/cli/program.ts', "import '../index.ts'", 'folder'],
  // An entry for one file is about that file: not about its room, nor about its neighbours.
  ['src/cli/chat/chat.ts', "import type { Program } from '../program.ts'", 'folder'],
  ['src/cli/commands/send.ts', "import { node } from '../../network/node.ts'", 'folder'],
  ['src/identity/replace-keys.ts', "import '../peer/peer.ts'", 'folder'],
  ['src/identity/remembered-network.ts', "import '../directory/node/storage.ts'", 'folder'],
  ['src/peer/open.ts', "import '../cli/program.ts'", 'folder'],
  ['src/index.ts', "import './cli/main.ts'", 'folder'],
  ['src/fernet.ts', "await import('./cli/main.ts')", 'folder'],
  ['src/fernet.ts', "import './store/store.ts'", 'folder'],
  ['src/index.ts', "export * from './fernet.ts'", 'folder'],
  // The simulator runs the parts that speak to the network, and no part knows of it.
  ['sim/main.ts', "import { Peer } from '../src/peer/peer.ts'", 'folder'],
  ['sim/world/world.ts', "import '../../src/store/store.ts'", 'folder'],
  ['src/network/node.ts', "import { world } from '../../sim/world/world.ts'", 'folder'],
  ['src/core/limits.ts', "import type { World } from '../../sim/world/world.ts'", 'folder'],
  // Where types may be known, values may not: however they are imported.
  ['src/peer/peer.ts', "import { node } from '../network/node.ts'", 'types-only'],
  ['src/peer/peer.ts', "import { type Node } from '../network/node.ts'", 'types-only'],
  ['src/peer/peer.ts', "export * from '../network/node.ts'", 'types-only'],
  ['src/peer/peer.ts', "const { node } = await import('../network/node.ts')", 'types-only'],
  ['src/peer/peer.ts', "import '../directory/node/storage.ts'", 'types-only'],
  ['src/connection/dial.ts', "import { lookup } from '../directory/client/lookup.ts'", 'types-only'],
  ['src/contacts/trust.ts', "import '../network/node.ts'", 'types-only'],
  ['src/cli/output/printer.ts', "import '../../peer/peer.ts'", 'types-only'],
  ['src/cli/chat/chat.ts', "import '../options/phrase.ts'", 'types-only'],
  ['src/cli/chat/chat.ts', "import { createContext } from '../context.ts'", 'types-only'],
  // Modules from outside.
  ['src/peer/open.ts', "import DHT from 'hyperdht'", 'module'],
  ['src/directory/port.ts', "import type DHT from 'hyperdht'", 'module'],
  ['src/cli/commands/node.ts', "import 'udx-native'", 'module'],
  ['src/peer/peer.ts', "import x from 'hyperdht/lib/x.js'", 'module'],
  ['src/core/limits.ts', "import { readFile } from 'node:fs/promises'", 'module'],
  ['src/core/fernet.ts', "import fs from 'fs'", 'module'],
  ['src/core/limits.ts', "import { createHash } from 'node:crypto'", 'module'],
  ['src/core/session/kdf.ts', "import { createHash } from 'node:crypto'", 'module'],
  // The core is pure.
  ['src/core/limits.ts', 'export const now = Date.now()', 'pure'],
  ['src/core/limits.ts', 'export const now = +new  Date', 'pure'],
  ['src/core/limits.ts', 'export const now = new Date( ).toISOString()', 'pure'],
  ['src/core/limits.ts', 'export const now = Date()', 'pure'],
  ['src/core/limits.ts', 'export const luck = Math.random()', 'pure'],
  ['src/core/limits.ts', 'export const home = process.env.HOME', 'pure'],
  ['src/core/limits.ts', "console.log('x')", 'pure'],
  ['src/core/limits.ts', 'export const at = performance.now()', 'pure'],
  ['src/core/limits.ts', 'setTimeout(() => 0, 1)', 'pure'],
  ['src/core/limits.ts', 'export const id = crypto.randomUUID()', 'pure'],
  ['src/core/limits.ts', 'export const text = `at $' + '{Date.now()}`', 'pure'],
  // The rest.
  ['src/peer/peer.ts', "import '../../test/world.ts'", 'outside'],
  ['src/peer/peer.ts', "import '../../tools/build.ts'", 'outside'],
  ['src/peer/peer.ts', "import '../../demo/main.ts'", 'outside'],
  ['src/peer/peer.ts', "import '../../../elsewhere.ts'", 'outside'],
  ['src/peer/peer.ts', "import '#peer'", 'outside'],
  ['src/cli/main.ts', "import { seal } from 'handfast/fernet'", 'self'],
  ['src/cli/main.ts', 'await import(command)', 'computed'],
  ['src/cli/main.ts', "require('./' + command)", 'computed'],
]

for (const [path, line, rule] of BROKEN) {
  test(`${path} with "${line}" breaks ${rule}`, (t) => {
    const text = `${CLEAN[path] ?? ''}${line}\n`
    const found = summary(plant(t, { ...CLEAN, [path]: text }))
    // A way back through the rooms is a circle, too.
    assert.deepEqual(
      found.filter((breach) => !breach.endsWith('cycle')),
      [`${path}:${text.split('\n').length - 1} ${rule}`],
    )
  })
}

/** One line that closes a circle, which is reported once, at whichever of its imports the walk meets last. */
const CIRCLES: readonly (readonly [what: string, path: string, line: string, among: RegExp])[] = [
  [
    'of two files',
    'src/core/session/session.ts',
    "import { Other } from './other.ts'",
    /^src\/core\/session\/\w+\.ts:\d+/,
  ],
  [
    'of types',
    'src/core/session/session.ts',
    "import type { Other } from './other.ts'",
    /^src\/core\/session\/\w+\.ts:\d+/,
  ],
  ['of one file', 'src/core/session/session.ts', "import './session.ts'", /^src\/core\/session\/session\.ts:3/],
  ['that is loaded late', 'src/cli/commands/send.ts', "await import('./node.ts')", /^src\/cli\/commands\/\w+\.ts:\d+/],
  [
    'of types in a nested room',
    'src/cli/chat/chat.ts',
    "import type { Report } from './report.ts'",
    /^src\/cli\/chat\/\w+\.ts:\d+/,
  ],
  [
    'through a single file',
    'src/cli/terminal/terminal.ts',
    "import type { Context } from '../context.ts'",
    /^src\/cli\/\S+\.ts:\d+/,
  ],
  ['in the simulator', 'sim/world/world.ts', "import '../main.ts'", /^sim\/\S+\.ts:\d+/],
  ['of types beside src', 'demo/steps/step.ts', "import type { Main } from '../main.ts'", /^demo\/\S+\.ts:\d+/],
  ['of folders beside src', 'test/world.ts', "import '../demo/main.ts'", /^(demo|test)\/\S+\.ts:\d+/],
]

for (const [what, path, line, among] of CIRCLES) {
  test(`a circle ${what} is reported once`, (t) => {
    const [found, ...more] = summary(plant(t, { ...CLEAN, [path]: `${CLEAN[path] ?? ''}${line}\n` }))
    assert.match(found ?? '', new RegExp(`${among.source} cycle$`))
    assert.deepEqual(more, [])
  })
}

test('a circle is shown from file to file', (t) => {
  const tree = {
    ...CLEAN,
    'src/store/a.ts': "import './b.ts'\n",
    'src/store/b.ts': "import type { A } from './a.ts'\n",
  }
  assert.deepEqual(
    checkImports(plant(t, tree)).map(({ detail }) => detail),
    ['src/store/a.ts → src/store/b.ts → src/store/a.ts'],
  )
})

test('a file that lies in no room of the tables is reported', (t) => {
  const places = ['src/extra.ts', 'src/misc/extra.ts', 'src/mailbox/nested/extra.ts', 'src/cli/misc/extra.ts']
  for (const path of places) assert.deepEqual(summary(plant(t, { ...CLEAN, [path]: '' })), [`${path}:1 place`])
  for (const path of ['src/core/nested/extra.ts', 'test/misc/extra.ts', 'sim/misc/extra.ts'])
    assert.deepEqual(summary(plant(t, { ...CLEAN, [path]: '' })), [])
})

test('the tables speak of nothing that is not there', (t) => {
  assert.deepEqual(staleEntries(join(import.meta.dirname, '../..')), [])
  assert.ok(staleEntries(plant(t, { 'src/core/limits.ts': '' })).includes('src/peer/open.ts'))
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
