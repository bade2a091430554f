import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { laboratoryCommand, laboratoryEnvironment, whatIsMissing } from '../nat/enter.ts'
import type { Round } from '../nat/lan.ts'

/** Two people who chose `lan`, with a cable between them and nothing else: the commands that a person types. */

const missing = whatIsMissing()
const skip = missing === null ? false : `needs network namespaces: ${missing}`

test('init --network lan, listen there and chat here: they meet by address alone', {
  skip,
  timeout: 120_000,
}, async () => {
  const [tool, args] = laboratoryCommand(new URL('../nat/lan.ts', import.meta.url).pathname, [])
  const child = spawn(tool, args, { env: laboratoryEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] })
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  assert.equal(code, 0, err)
  const { routes, trust, said }: Round = JSON.parse(out)
  assert.deepEqual(routes, ['', ''])
  assert.equal(said, 'hello')
  assert.deepEqual(Object(trust).identity, 'pinned')
})
