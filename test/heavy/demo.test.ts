/** The demo as people run it: every step verified, and nothing left behind, however it ends. */

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'

const ROOT = join(import.meta.dirname, '..', '..')

const STEPS = [
  'network',
  'identities',
  'publication',
  'lookup',
  'handshake',
  'messages',
  'stream',
  'file',
  'eavesdropper',
  'forged-card',
  'lying-nodes',
  'between',
  'replay',
  'outdated-log',
  'strangers',
  'loopback',
]

type Demo = {
  readonly process: ChildProcess
  /** where it keeps its temporary files */
  readonly folder: string
  output(): string
  /** Its exit code, once it and every process it started are gone: they all hold its stderr open. */
  readonly gone: Promise<number | null>
}

const startDemo = async (t: TestContext, ...args: string[]): Promise<Demo> => {
  const folder = await mkdtemp(join(tmpdir(), 'handfast-demo-test-'))
  const child = spawn(process.execPath, ['demo/main.ts', ...args], {
    cwd: ROOT,
    env: { ...process.env, TMPDIR: folder, TMP: folder, TEMP: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8')
    stream.on('data', (text: string) => {
      output += text
    })
  }
  const gone = once(child, 'close').then(() => child.exitCode)
  t.after(async () => {
    child.kill('SIGKILL')
    await gone
    await rm(folder, { recursive: true, force: true })
  })
  return { process: child, folder, output: () => output, gone }
}

/** Resolves once the demo has said `text`. */
const untilSaid = async ({ process: child, output }: Demo, text: string): Promise<void> => {
  while (!output().includes(text)) {
    assert.equal(child.exitCode, null, output())
    if (child.stdout !== null) await once(child.stdout, 'data')
  }
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

type Report = {
  readonly ok: boolean
  readonly failure: string | null
  readonly processes: readonly number[]
  readonly steps: readonly { readonly id: string; readonly ok: boolean; readonly checks: readonly { ok: boolean }[] }[]
}

test('the demo verifies every step and leaves nothing behind', async (t) => {
  const demo = await startDemo(t, '--json')
  assert.equal(await demo.gone, 0, demo.output())
  const report: Report = JSON.parse(demo.output())
  assert.deepEqual(
    report.steps.map(({ id }) => id),
    STEPS,
  )
  for (const { id, ok, checks } of report.steps) {
    assert.ok(ok, id)
    assert.ok(checks.length > 0 && checks.every((check) => check.ok), id)
  }
  assert.equal(report.ok, true)
  assert.equal(report.failure, null)
  assert.equal(report.processes.length, 4)
  assert.deepEqual(report.processes.filter(isAlive), [])
  assert.deepEqual(await readdir(demo.folder), [])
})

for (const step of [' 1  ', ' 4  ']) {
  test(`a demo that is interrupted in step ${step.trim()} says so and leaves nothing behind`, async (t) => {
    const demo = await startDemo(t)
    await untilSaid(demo, step)
    assert.equal((await readdir(demo.folder)).length, 1)
    demo.process.kill('SIGINT')
    assert.equal(await demo.gone, 130, demo.output())
    assert.deepEqual(await readdir(demo.folder), [])
  })
}

test('a demo that loses one of its processes fails and leaves nothing behind', async (t) => {
  const demo = await startDemo(t)
  await untilSaid(demo, 'root keys')
  const pids = [...demo.output().matchAll(/process (\d+)/g)].map(([, pid]) => Number(pid))
  assert.equal(pids.length, 2)
  process.kill(pids[1] ?? 0, 'SIGKILL')
  assert.equal(await demo.gone, 1, demo.output())
  assert.deepEqual(await readdir(demo.folder), [])
})

test('processes of a demo that is killed end by themselves', async (t) => {
  const demo = await startDemo(t)
  await untilSaid(demo, 'root keys')
  demo.process.kill('SIGKILL')
  assert.equal(await demo.gone, null)
})

test('an unknown option is refused', async (t) => {
  const demo = await startDemo(t, '--fast')
  assert.equal(await demo.gone, 2)
})
