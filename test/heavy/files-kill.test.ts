import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pipeline } from 'node:stream/promises'
import { type TestContext, test } from 'node:test'
import { createStorage } from '../../src/directory/node/storage.ts'
import { initialize } from '../../src/index.ts'
import { joinDirectory } from '../../src/network/directory-plugin.ts'
import { makeTemporary } from '../connection/sides.ts'
import { makeBytes } from '../core/identities.ts'
import { startNetwork } from '../network/loopback-network.ts'
import { QUICKLY } from '../node-command.ts'
import { allRuns } from '../runs.ts'
import { canMount } from '../store/writer.ts'

/** Files between two real processes that are killed at any moment, and onto a disk that is really full. */

const SCRIPT = join(import.meta.dirname, 'file-child.ts')

type Said = Readonly<Record<string, unknown>>

type Process = {
  /** The next thing it says that is so. */
  until(isIt: (said: Said) => boolean): Promise<Said>
  kill(): Promise<void>
}

/** @param shell what to run first, in a namespace where it may mount */
const startProcess = (t: TestContext, argv: readonly string[], shell: string | null = null): Process => {
  const node = [process.execPath, ...QUICKLY, SCRIPT, ...argv]
  const command = shell === null ? node : ['unshare', '-Urm', 'sh', '-c', `${shell} && exec "$@"`, 'sh', ...node]
  const child: ChildProcess = spawn(command[0] ?? '', command.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await exited
  }
  t.after(kill)
  assert.ok(child.stdout !== null)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const until: Process['until'] = async (isIt) => {
    for (;;) {
      const { value, done } = await lines.next()
      if (done === true) assert.fail('it ended without saying so')
      const said: Said = JSON.parse(value)
      if (isIt(said)) return said
    }
  }
  return { until, kill }
}

const hashOf = async (path: string): Promise<string> => {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

const isReady = ({ event }: Said): boolean => event === 'ready'
const isIn =
  (state: string) =>
  (said: Said): boolean =>
    said.event === 'file' && said.state === state

const prepare = async (t: TestContext, size: number) => {
  const [{ nodes }, dir] = await Promise.all([startNetwork(t), makeTemporary(t)])
  for (const { dht } of nodes) joinDirectory(dht, createStorage())
  const network = `${nodes[0]?.host}:${nodes[0]?.port}`
  const [alice, bob, received, path] = ['alice', 'bob', 'received', 'film.raw'].map((name) => join(dir, name))
  const folders = { alice: alice ?? '', bob: bob ?? '', received: received ?? '', path: path ?? '' }
  const [, { address }] = await Promise.all([initialize(folders.alice), initialize(folders.bob)])
  const content = makeBytes('a block', 1_000_003)
  // No two blocks of it are the same, so that none can stand for another.
  for (let written = 0; written < size; written += content.length) {
    new DataView(content.buffer).setUint32(0, written)
    await writeFile(folders.path, content.subarray(0, Math.min(content.length, size - written)), { flag: 'a' })
  }
  await mkdir(folders.received)
  const start = {
    alice: () => startProcess(t, [network, folders.alice, join(dir, 'none'), address, folders.path]),
    bob: (shell: string | null = null) => startProcess(t, [network, folders.bob, folders.received], shell),
  }
  return { ...folders, start }
}

/** Numbers from 0 to 1 that are the same in every run. */
const chances = (seed: string, count: number): readonly number[] =>
  [...makeBytes(seed, count)].map((byte) => byte / 255)

/** While it arrives, this many processes are killed. */
const KILLS = allRuns ? 6 : 2

test('§5 a file arrives once, byte for byte, though both are killed again and again', async (t) => {
  const size = KILLS * 7_000_000
  const { path, received, start } = await prepare(t, size)
  let bob = start.bob()
  await bob.until(isReady)
  let alice = start.alice()
  let done = 0
  for (const [round, chance] of chances('when', KILLS).entries()) {
    // Less than a share of the file in each round, so that none of them is the last.
    const next = done + 200_000 + Math.floor(chance * 5_000_000)
    const said = await bob.until((one) => one.event === 'file' && Number(one.done) >= next)
    done = Number(said.done)
    assert.ok(done < size)
    assert.deepEqual(
      (await readdir(received)).map((name) => /^\.[0-9a-f]{16}\.part$/.test(name)),
      [true],
    )
    if (round % 2 === 0) {
      await bob.kill()
      bob = start.bob()
      // What was on disk is not asked for again.
      const resumed = await bob.until(isIn('receiving'))
      assert.ok(Number(resumed.done) >= done, `${resumed.done} after ${done}`)
    } else {
      await alice.kill()
      alice = start.alice()
    }
  }
  await Promise.all([bob.until(isIn('saved')), alice.until(isIn('delivered'))])
  const sha256 = await hashOf(path)
  // Started once more, neither has anything left to do.
  await Promise.all([alice.kill(), bob.kill()])
  bob = start.bob()
  await bob.until(isReady)
  alice = start.alice()
  await alice.until(isReady)
  while ((await readdir(received)).length > 1) await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(await readdir(received), ['film.raw'])
  assert.equal(await hashOf(join(received, 'film.raw')), sha256)
})

// Where the system lets a user mount file systems, the same on a real one.
if (canMount) {
  test('§5 a file that does not fit on the disk is refused before anything is sent', async (t) => {
    const { received, start } = await prepare(t, 3_000_000)
    const bob = start.bob(`mount -t tmpfs -o size=2m tmpfs '${received}'`)
    await bob.until(isReady)
    const alice = start.alice()
    assert.equal((await bob.until(({ event }) => event === 'refused')).code, 'ERR_FILE_FULL')
    assert.equal((await alice.until(isIn('failed'))).reason, 'ERR_FILE_FULL')
  })

  test('§5 a disk that fills up meanwhile has the file wait on both sides, and it goes on when there is room', async (t) => {
    const { received, start } = await prepare(t, 3_000_000)
    // There is room when it is offered, and none when a part of it is there.
    const bob = start.bob(`mount -t tmpfs -o size=4m tmpfs '${received}' && export FILL=1`)
    await bob.until(isReady)
    const alice = start.alice()
    const isFull = ({ reason }: Said): boolean => reason === 'ERR_FILE_FULL'
    assert.equal((await bob.until(isFull)).state, 'waiting')
    assert.equal((await alice.until(isFull)).state, 'offered')
    await Promise.all([bob.until(isIn('saved')), alice.until(isIn('delivered'))])
  })
}
