/**
 * Peers connect through firewalls and NATs, as real processes in network namespaces. `npm run nat` tries every pair; here are those that
 * most people are: at home, and behind a firewall.
 */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { laboratoryCommand, laboratoryEnvironment, whatIsMissing } from './enter.ts'

const MAIN = join(import.meta.dirname, 'main.ts')
/** `.ci/run` installs what it needs. */
const missing = whatIsMissing()
const skip = missing === null ? false : `needs network namespaces: ${missing}`

type Pair = { readonly from: string; readonly to: string; readonly outcomes: readonly { readonly path: string }[] }

const run = async (argv: readonly string[]): Promise<{ code: number; out: string; err: string }> => {
  const [tool, args] = laboratoryCommand(MAIN, argv)
  const child = spawn(tool, args, { env: laboratoryEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] })
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code, out, err }
}

test('with one node for all, peers connect directly where there is a way, and else through the relay', {
  skip,
}, async () => {
  const pairs = ['open:port', 'fire:fire', 'sym:sym']
  const { code, out, err } = await run([
    '--only',
    pairs.join(','),
    '--nodes',
    '1',
    '--parallel',
    '2',
    '--relay',
    '--json',
  ])
  assert.equal(code, 0, err)
  const found: Pair[] = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(found.map(({ from, to, outcomes }) => `${from}:${to} ${outcomes.map(({ path }) => path)}`).sort(), [
    'fire:fire direct',
    'open:port direct',
    'sym:sym relayed',
  ])
})

/** Processes whose environment has `mark`. */
const marked = (mark: string): readonly string[] =>
  readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/environ`, 'latin1').includes(mark)
    } catch {
      return false
    }
  })

test('a laboratory whose starter is killed is gone, with all that ran in it', { skip }, async () => {
  const mark = `HANDFAST_NAT_MARK=${process.pid}-${Date.now()}`
  const [tool, args] = laboratoryCommand(join(import.meta.dirname, 'idle-laboratory.ts'), [])
  const starter = `const { spawn } = require('node:child_process'); spawn(process.argv[1], process.argv.slice(2), { stdio: 'inherit' })`
  const [name = '', value = ''] = mark.split('=')
  const child = spawn(process.execPath, ['-e', starter, tool, ...args], {
    env: { ...laboratoryEnvironment(), [name]: value },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  // The starter, what makes the namespaces, the first process in them and one on a host.
  assert.ok(marked(mark).length >= 4)
  child.kill('SIGKILL')
  // Its end is the end of the last process that could write to it.
  child.stdout.resume()
  await once(child.stdout, 'close')
  while (marked(mark).length > 0) await new Promise((resolve) => setImmediate(resolve))
})
