import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { initialize } from '../../src/identity/initialize.ts'
import { createDht } from '../cli/dht.ts'
import { createMallory } from '../cli/mallory.ts'
import { startPaused } from '../cli/paused.ts'

/**
 * A program that reads `listen --json` stands still, and a stranger knows the address: he sends 96 MiB that there is no room for. Whatever he
 * sends, the process keeps next to nothing of it.
 */

const MESSAGES = 3_000
/** What a collector of garbage leaves lying about, in MiB. */
const SLACK = 32

test('a stranger and a reader that stands still', { timeout: 600_000 }, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'handfast-heavy-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  const folder = join(dir, 'alice')
  const [{ address }, dht] = await Promise.all([initialize(folder), createDht(t)])
  const network = dht.get('node') ?? ''
  const listen = startPaused(t, ['listen', '--folder', folder, '--network', network])
  await listen.until('listening')
  const mallory = await createMallory(t, network, address)

  // So much every process of Node takes once it is busy.
  await mallory.flood(300)
  const before = listen.memory()
  await mallory.flood(MESSAGES)
  const grown = listen.memory() - before
  t.diagnostic(`${Math.round(before)} MiB and ${Math.round(grown)} more`)
  assert.ok(grown < SLACK, `${Math.round(grown)} MiB more`)

  assert.equal(await listen.end('SIGINT'), 0)
})
