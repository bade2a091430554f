/**
 * How soon two peers with a cable between them find each other: `node bench/lan.ts [rounds]`, as root or where user namespaces are allowed. Prints
 * the least, the middle and the most of milliseconds from the question to "connected" with both up, and of seconds from the start of `chat`.
 */

import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { laboratoryCommand, laboratoryEnvironment, whatIsMissing } from '../test/nat/enter.ts'
import type { Round } from '../test/nat/lan.ts'

const [rounds = '10'] = process.argv.slice(2)
const missing = whatIsMissing()
if (missing !== null) throw new Error(missing)

const [tool, args] = laboratoryCommand(join(import.meta.dirname, '../test/nat/lan.ts'), [rounds])
const child = spawn(tool, args, { env: laboratoryEnvironment(), stdio: ['ignore', 'pipe', 'inherit'] })
const all: readonly Round[] = (await text(child.stdout))
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line))

const spread = (values: readonly number[]): readonly number[] => {
  const sorted = values.toSorted((a, b) => a - b)
  return [0, Math.floor(sorted.length / 2), sorted.length - 1].map((at) => Math.round((sorted[at] ?? 0) * 100) / 100)
}

process.stdout.write(
  `${JSON.stringify({ rounds: all.length, connected: spread(all.map((one) => one.connected)), chat: spread(all.map((one) => one.started)) })}\n`,
)
