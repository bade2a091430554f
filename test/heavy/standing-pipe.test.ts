import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { decodeAddress } from '../../src/core/address.ts'
import { MESSAGE_BYTES_MAX } from '../../src/core/limits/message-limits.ts'
import { initialize } from '../../src/identity/initialize.ts'
import { openPeer } from '../../src/peer/open.ts'
import type { Peer } from '../../src/peer/peer.ts'
import { openStore } from '../../src/store/store.ts'
import { openVault } from '../../src/store/vault.ts'
import { createDht } from '../cli/dht.ts'
import { createMallory } from '../cli/mallory.ts'
import { startPaused } from '../cli/paused.ts'
import { written } from '../messages/written.ts'

/** Whoever reads a command's output stands still: real processes, pipes and strangers. */

const prepare = async (t: TestContext) => {
  const dir = mkdtempSync(join(tmpdir(), 'handfast-cli-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  const folder = join(dir, 'alice')
  const { address } = await initialize(folder)
  return { folder, address }
}

/** Resolves when all that the peer sent is on the other side's disk. */
const untilDelivered = async (peer: Peer, address: string): Promise<void> => {
  const events = peer.events()
  if (peer.messages.waiting(address) === 0) return
  for await (const { type } of events) if (type === 'delivery' && peer.messages.waiting(address) === 0) return
}

const any = (): boolean => true

test('a reader that stands still: memory stays small, and nothing is lost by a kill or an interrupt', async (t) => {
  const [{ folder, address }, dht] = await Promise.all([prepare(t), createDht(t)])
  const network = dht.get('node') ?? ''
  const bob = await openPeer({ network, listen: false })
  t.after(() => bob.close())
  const known = openStore(folder)
  known.contacts.keep(bob.identity.log, 1)
  known.close()

  const listen = () => startPaused(t, ['listen', '--folder', folder, '--network', network])
  const first = listen()
  await first.until('listening')
  const count = 60
  const padding = ' '.repeat(MESSAGE_BYTES_MAX - 10)
  for (let index = 0; index < count; index++) await bob.messages.send(address, `${index}${padding}`)
  await untilDelivered(bob, address)

  const mallory = await createMallory(t, network, address)
  await mallory.flood(100)
  await mallory.comeAndGo()
  assert.ok(first.memory() < 250, `${first.memory()} MiB`)

  const heard = new Set<number>()
  const hear = (events: readonly Readonly<Record<string, unknown>>[]): void => {
    for (const { event, text } of events) if (event === 'message') heard.add(Number.parseInt(`${text}`, 10))
  }
  assert.equal(await first.end('SIGKILL'), -1)
  hear(await first.read())
  // A pipe, and what this process has read of it, hold some 10 of that size; the others are on her disk still.
  assert.ok(heard.size < count / 2)

  const second = listen()
  hear(await second.read(({ event }) => event === 'message'))
  assert.equal(await second.end('SIGINT'), 0)
  hear(await second.read())

  const third = listen()
  hear(await third.read(({ text }) => Number.parseInt(`${text}`, 10) === count - 1))
  assert.deepEqual(
    Array.from({ length: count }, (_, index) => index).filter((index) => !heard.has(index)),
    [],
  )
  assert.equal(await third.end('SIGTERM'), 0)
})

test('a history of any length is read while it is printed, and printed while it is read', async (t) => {
  const { folder } = await prepare(t)
  const { address } = await initialize(join(folder, '../bob'))
  const { identity, storeKey } = await openVault(folder, null)
  const store = openStore(folder, storeKey)
  const count = 1_000
  const between = { from: identity.log.id, to: decodeAddress(address), app: 'handfast' }
  const padding = ' '.repeat(MESSAGE_BYTES_MAX - 10)
  store.transaction(() => {
    for (let at = 0; at < count; at++) store.messages.queue(written(between, `${at}${padding}`, { at }))
  })
  store.close()

  const show = () => startPaused(t, ['messages', address, '--folder', folder, '--limit', `${count - 1}`])
  const command = show()
  const texts: number[] = []
  let most = 0
  for (let events = await command.read(any); events.length > 0; events = await command.read(any)) {
    texts.push(...events.map(({ text }) => Number.parseInt(`${text}`, 10)))
    if (texts.length < count / 2) most = Math.max(most, command.memory('VmHWM'))
  }
  assert.deepEqual(
    texts,
    Array.from({ length: count - 1 }, (_, index) => index + 1),
  )
  assert.ok(most < 160, `${most} MiB`)

  const [enough, interrupted] = [show(), show()]
  await Promise.all([enough.until('past-message'), interrupted.until('past-message')])
  assert.deepEqual(await Promise.all([enough.leave(), interrupted.end('SIGINT')]), [1, 130])
})
