import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import {
  NETWORK_KNOCKS_MAX,
  STRANGER_CONNECTIONS_MAX,
  STRANGER_KNOCKS_MAX,
} from '../../src/core/limits/connection-limits.ts'

const BENCH = join(import.meta.dirname, '../../bench/crowd.ts')
// Of 1,000 streams the bench itself tells; so many a busy machine has as well.
const [STREAMS, NETWORKS, MESSAGES] = [400, 16, 20]

test('400 streams from 16 networks: contacts and strangers from elsewhere get in all the same, and memory stays small', {
  timeout: 600_000,
}, async () => {
  const argv = [BENCH, STREAMS, NETWORKS, MESSAGES].map(String)
  const { stdout } = await promisify(execFile)(process.execPath, argv)
  const { crowd, contacts, strangers, memory } = JSON.parse(stdout)
  // They came in numbers, and most were sent away: here are those that have a seat, and some that do not know yet that they lost it.
  assert.ok(crowd.came > STRANGER_CONNECTIONS_MAX + NETWORK_KNOCKS_MAX)
  assert.ok(crowd.refused > STREAMS)
  assert.ok(crowd.most <= 2 * (STRANGER_KNOCKS_MAX + STRANGER_CONNECTIONS_MAX))
  assert.deepEqual([contacts.quiet.brought, strangers.quiet.brought], [MESSAGES, MESSAGES])
  assert.equal(contacts.crowd.brought, MESSAGES)
  assert.ok(strangers.crowd.brought >= MESSAGES / 2)
  assert.ok(memory.most < 200, `${memory.most} MB`)
})
