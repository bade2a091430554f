import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { initialize } from '../../src/identity/initialize.ts'
import { openHistory } from '../../src/peer/folder.ts'
import { createDht } from '../cli/dht.ts'
import { makeTemporary } from '../connection/sides.ts'
import { seededRandom } from '../core/test-bytes.ts'
import { runs } from '../runs.ts'

/** 5,000 messages both ways between two processes, of which one or the other is killed 200 times; or a tenth of both. */

const KILLS = runs(100)
/** What a process that is killed would write, so that the exchange lasts as long as the killing. */
const SHARE = 25
const MESSAGES = KILLS * SHARE
/**
 * A process is killed at one of its first so many steps: while it starts, opens, connects, writes, or takes in. Each gets so far by
 * itself: three to be there, and one for each message of its share.
 */
const STEPS = 3 + SHARE

const CHILD = join(import.meta.dirname, 'messages-child.ts')

test('messages arrive once and in order, whenever and however often either side is killed', {
  timeout: 900_000,
}, async (t) => {
  const parent = await makeTemporary(t)
  const folders = [join(parent, 'alice'), join(parent, 'bob')]
  const [dht, ...made] = await Promise.all([createDht(t), ...folders.map((folder) => initialize(folder))])
  const network = dht.get('node') ?? ''
  const env = { PATH: process.env.PATH, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(parent, 'compiled') }
  const running = new Set<ChildProcess>()
  t.after(() => {
    for (const child of running) child.kill('SIGKILL')
  })

  const start = (side: number, messages: number) => {
    const argv = [CHILD, folders[side] ?? '', network, made[1 - side]?.address ?? '', `${messages}`]
    const child = spawn(process.execPath, argv, { env, stdio: ['ignore', 'pipe', 'inherit'] })
    running.add(child)
    void once(child, 'exit').then(() => running.delete(child))
    return child
  }
  /** Runs one side, killed so many times, until it has read everything. */
  const run = async (side: number): Promise<void> => {
    const random = seededRandom(`kill/${side}`)
    for (let kills = 0; kills < KILLS; kills++) {
      const child = start(side, (kills + 1) * SHARE)
      let left = (random(1)[0] ?? 0) % STEPS
      for await (const _ of createInterface({ input: child.stdout })) if (left-- === 0) child.kill('SIGKILL')
    }
  }
  await Promise.all([run(0), run(1)])
  // What is left after the last kill is delivered by two that are left alone.
  await Promise.all(
    [0, 1].map(async (side) => {
      const child = start(side, MESSAGES)
      for await (const line of createInterface({ input: child.stdout })) if (line === 'read all') return
      assert.fail('ended by itself')
    }),
  )
  for (const child of running) {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  const expected = Array.from({ length: MESSAGES }, (_, index) => `${index}`)
  for (const [side, folder] of folders.entries()) {
    using history = await openHistory(folder, null)
    const all = [...history.read(made[1 - side]?.address ?? '', { limit: 4 * MESSAGES })]
    for (const direction of ['in', 'out'])
      assert.deepEqual(
        all.filter((message) => message.direction === direction).map(({ text }) => text),
        expected,
      )
    // A crash may have come between the application's own note and our own: then the last message was given again, and no other.
    const seen = (await readFile(join(folder, 'seen.txt'), 'utf8')).trimEnd().split('\n')
    const once = seen.filter((line, index) => line !== seen[index - 1])
    assert.deepEqual(
      once.map((line) => line.split(' ')[1]),
      expected,
    )
  }
})
