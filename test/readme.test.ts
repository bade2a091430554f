import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { createStorage } from '../src/directory/node/storage.ts'
import { openPeer } from '../src/index.ts'
import { joinDirectory } from '../src/network/directory-plugin.ts'
import { startNetwork } from './network/loopback-network.ts'

/** The README's library example does what it says, as it stands there. */

const ROOT = join(import.meta.dirname, '..')

/** The first TypeScript block that imports the library. */
const findExample = async (): Promise<string> => {
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8')
  const blocks = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, block = '']) => block)
  const example = blocks.find((block) => block.startsWith("import { openPeer } from 'handfast'\n"))
  assert.ok(example !== undefined, 'README.md has no library example')
  return example
}

test('the example in README.md talks to a peer', async (t) => {
  const { nodes } = await startNetwork(t)
  for (const { dht } of nodes) joinDirectory(dht, createStorage())
  const bootstrap = `${nodes[0]?.host}:${nodes[0]?.port}`
  await using bob = await openPeer({ bootstrap })
  const listener = await bob.listen()

  // A project of its own that has the library installed.
  const folder = await mkdtemp(join(tmpdir(), 'handfast-readme-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  await mkdir(join(folder, 'node_modules'))
  await symlink(ROOT, join(folder, 'node_modules', 'handfast'), 'junction')
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  await writeFile(join(folder, 'example.ts'), await findExample())
  const env = { ...process.env, HANDFAST_BOOTSTRAP: bootstrap }
  const example = spawn(process.execPath, [join(folder, 'example.ts'), bob.address], { env, stdio: 'pipe' })
  t.after(() => example.kill('SIGKILL'))
  const exit = once(example, 'exit')
  const [printed, complaints] = [text(example.stdout), text(example.stderr)]
  const ended = exit.then(async () => assert.fail(`it ended early: ${await complaints}`))
  ended.catch(() => {})

  const connection = await Promise.race([listener.accept(), ended])
  const received = await connection?.receive()
  assert.ok(received?.type === 'text' && received.text.length > 0)
  for (const line of ['hello from Bob', 'and goodbye']) await connection?.send(line)
  await connection?.close()

  assert.deepEqual(await exit, [0, null], await complaints)
  assert.match(await printed, /hello from Bob\r?\nand goodbye\r?\n$/)
  assert.equal(await complaints, '')
})
