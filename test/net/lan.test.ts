import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import type { Report } from './lan-child.ts'

/** Two people with a cable between them, and nothing else: network namespaces that are gone with their processes. */

const mapped = process.getuid?.() === 0 ? [] : ['--map-root-user']
const probe = spawnSync('unshare', [
  ...mapped,
  '--net',
  'ip',
  'link',
  'add',
  'one',
  'type',
  'veth',
  'peer',
  'name',
  'two',
])
const skip =
  probe.status === 0
    ? false
    : 'needs Linux with unshare(1), ip(8), veth devices and the right to make a network namespace'

test('two peers on 169.254/16, without a route, a list of nodes or a node in common, talk by address', {
  skip,
  timeout: 60_000,
}, () => {
  const child = new URL('lan-child.ts', import.meta.url).pathname
  const { status, stdout, stderr } = spawnSync('unshare', [...mapped, '--net', process.execPath, child], {
    encoding: 'utf8',
    timeout: 50_000,
  })
  assert.equal(status, 0, stderr)
  const report: Report = JSON.parse(stdout)
  assert.deepEqual(report.routes, ['', ''])
  assert.equal(report.without, 'ERR_LOOKUP_NOT_FOUND')
  assert.equal(report.stranger, false)
  assert.equal(report.found, '169.254.7.2')
  assert.equal(report.late, true)
  assert.equal(report.said, 'you said: hello')
})
