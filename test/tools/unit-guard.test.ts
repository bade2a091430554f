import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'

/** What a unit test cannot do, even by a way that no import shows. */

const GUARD = join(import.meta.dirname, '../../tools/unit-guard.mjs')

const TRIES: readonly string[] = [
  "await fetch('http://127.0.0.1:8000').catch((error) => { throw error.cause })",
  "process.getBuiltinModule('node:net').connect(9, '127.0.0.1')",
  "(await import('node:' + 'net')).createServer().listen(0, '127.0.0.1')",
  "(await import('node:' + 'http')).get('http://127.0.0.1:8000')",
  "(await import('node:' + 'dgram')).createSocket('udp4')",
  "(await import('node:' + 'child_process')).spawn('true')",
  "(await import('node:' + 'child_process')).spawnSync('true')",
  "(await import('node:' + 'child_process')).execFileSync('true')",
  "new (await import('node:' + 'worker_threads')).Worker('0', { eval: true })",
]

for (const code of TRIES)
  test(`${code} is refused`, () => {
    const argv = ['--import', GUARD, '--input-type=module', '--eval', code]
    const { status, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8' })
    assert.match(stderr, /a unit test opens no socket and starts no process or thread/)
    assert.equal(status, 1)
  })
