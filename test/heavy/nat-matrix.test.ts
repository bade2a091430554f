/** Every kind of network dials every other, once, with a relay that the one who is dialled names. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import type { Outcome } from '../nat/conversation.ts'
import { laboratoryCommand, laboratoryEnvironment, whatIsMissing } from '../nat/enter.ts'
import { ALL_PAIRS } from '../nat/options.ts'

const MAIN = join(import.meta.dirname, '../nat/main.ts')
const missing = whatIsMissing()
const skip = missing === null ? false : `needs network namespaces: ${missing}`

type Pair = { readonly from: string; readonly to: string; readonly outcomes: readonly Outcome[] }

test('all who have UDP reach each other, and who has none is told so', { skip, timeout: 600_000 }, async () => {
  const [tool, args] = laboratoryCommand(MAIN, ['--relay', '--parallel', '3', '--json'])
  const child = spawn(tool, args, { env: laboratoryEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] })
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  assert.equal(code, 0, err)
  const pairs: Pair[] = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(pairs.map(({ from, to }) => `${from}:${to}`).sort(), [...ALL_PAIRS].sort())
  for (const { from, to, outcomes } of pairs)
    for (const { path, code: why } of outcomes) {
      const isAble = from !== 'none' && to !== 'none'
      assert.equal(path !== 'none', isAble, `${from}:${to} ${path} ${why}`)
      // Who listens there goes on asking for a network.
      const reason = to === 'none' ? 'waits for a network' : 'ERR_NETWORK_UNREACHABLE'
      if (!isAble) assert.equal(why, reason, `${from}:${to}`)
    }
  // Between two NATs that give each partner another port there is no other way.
  assert.equal(pairs.find(({ from, to }) => from === 'sym' && to === 'sym')?.outcomes[0]?.path, 'relayed')
})
