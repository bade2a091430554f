import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createStorage } from '../src/directory/node/storage.ts'
import { joinDirectory } from '../src/network/directory-plugin.ts'
import { startCli, startScript } from './cli/child.ts'
import { ended } from './net/stage.ts'
import { startNetwork } from './network/loopback-network.ts'

/** The README's library example does what it says, as it stands there: whoever has the command line can talk to it. */

const ROOT = join(import.meta.dirname, '..')

/** The first TypeScript block that imports the library. */
const findExample = async (): Promise<string> => {
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8')
  const blocks = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, block = '']) => block)
  const example = blocks.find((block) => block.startsWith("import { openPeer } from 'handfast'\n"))
  assert.ok(example !== undefined, 'README.md has no library example')
  return example
}

test('the example in README.md talks with handfast chat', async (t) => {
  const { nodes } = await startNetwork(t)
  for (const { dht } of nodes) joinDirectory(dht, createStorage())
  const network = `${nodes[0]?.host}:${nodes[0]?.port}`

  // A project of its own that has the library installed.
  const folder = await mkdtemp(join(tmpdir(), 'handfast-readme-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  await mkdir(join(folder, 'node_modules'))
  await symlink(ROOT, join(folder, 'node_modules', 'handfast'), 'junction')
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  await writeFile(join(folder, 'example.ts'), await findExample())
  const env = { HANDFAST_NETWORK: network }
  const example = startScript(t, join(folder, 'example.ts'), [], env)
  const [, address = ''] = await example.line(/handfast chat (hf1\w+)$/)

  // Somebody who has only the command line, and the address that the example printed.
  const own = ['--json', '--folder', join(folder, 'alice')]
  const alice = String((await ended(startCli(t, ['init', ...own]), 'created')).address)
  const chat = startCli(t, ['chat', address, ...own], env)
  assert.equal((await chat.event('connected')).peer, address)
  for (const text of ['are you there?', 'good']) {
    chat.type(text)
    assert.deepEqual((await example.line(/^(hf1\w+): (.*)$/)).slice(1), [alice, text])
    // It is on the other side's disk before anybody there reads it.
    while ((await chat.event('delivery')).state !== 'delivered');
    const heard = await chat.event('message')
    assert.deepEqual([heard.peer, heard.text], [address, `you said: ${text}`])
  }
  chat.child.stdin?.end()
  assert.deepEqual([await chat.exit(), chat.stderr()], [0, ''])
  assert.deepEqual([example.child.exitCode, example.stderr()], [null, ''])
})
