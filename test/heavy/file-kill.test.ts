import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { initialize } from '../../src/identity/initialize.ts'
import { type Child, startCli } from '../cli/child.ts'
import { createDht } from '../cli/dht.ts'
import { makeBytes } from '../core/identities.ts'

/** `/file` in commands that are killed: it goes on when both are there again. */

const SIZE = 20_000_000

const prepare = async (t: TestContext) => {
  const dir = mkdtempSync(join(tmpdir(), 'handfast-cli-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  const [alice, bob, file, download] = [join(dir, 'a'), join(dir, 'b'), join(dir, 'film.raw'), join(dir, 'received')]
  const [dht, { address }] = await Promise.all([createDht(t), initialize(alice), initialize(bob)])
  const content = makeBytes('film', SIZE)
  writeFileSync(file, content)
  mkdirSync(download)
  const env = { HANDFAST_NETWORK: dht.get('node') ?? '' }
  const start = (argv: readonly string[]): Child => startCli(t, [...argv, '--json'], env)
  return {
    ...{ content, download, file },
    listen: () => start(['listen', '--folder', alice, '--accept-files', '--download', download]),
    chat: (...more: readonly string[]) => start(['chat', address, '--folder', bob, ...more]),
  }
}

/** Resolves when a part of the file is in the folder. */
const untilPart = async (folder: string, size: number): Promise<void> => {
  for (;;) {
    const [part] = readdirSync(folder, { withFileTypes: true })
    if (part !== undefined && statSync(join(folder, part.name)).size >= size) return
    await new Promise((resolve) => setImmediate(resolve))
  }
}

test('a file goes on where it was when chat, and then listen, was killed in the middle of it', async (t) => {
  const { content, download, file, listen, chat } = await prepare(t)
  let listening = listen()
  await listening.event('listening')
  const first = chat()
  first.type(`/file ${file}`)
  listening.type(`/accept ${(await listening.event('request')).id}`)
  await listening.event('file-offered')
  await untilPart(download, 2_000_000)
  assert.equal(await first.exit('SIGKILL'), -1)

  const second = chat()
  await second.event('connected')
  const resumed = await second.event('file-resumed')
  assert.partialDeepStrictEqual(resumed, { direction: 'out', name: 'film.raw', size: SIZE })
  assert.ok(Number(resumed.done) > 1_000_000)
  await untilPart(download, Number(resumed.done) + 1_000_000)
  assert.equal(await listening.exit('SIGKILL'), -1)
  // Without anybody at the other end it leaves, and says what is kept.
  assert.partialDeepStrictEqual(await second.event('file-waiting'), { direction: 'out', name: 'film.raw', size: SIZE })
  assert.equal(await second.exit(), 1)

  listening = listen()
  await listening.event('listening')
  const third = chat()
  third.child.stdin?.end()
  assert.ok(Number((await listening.event('file-resumed')).done) > Number(resumed.done))
  // What was piped in was nothing, and still it waits for the file.
  assert.partialDeepStrictEqual(await third.event('file-sent'), { name: 'film.raw', size: SIZE })
  assert.equal(await third.exit(), 0)
  const { path } = await listening.event('file-saved')
  assert.equal(await listening.exit('SIGTERM'), 0)
  assert.equal(path, join(download, 'film.raw'))
  assert.ok(readFileSync(String(path)).equals(content))
  assert.deepEqual(readdirSync(download), ['film.raw'])
})
