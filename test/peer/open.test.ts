import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createStorage } from '../../src/directory/node/storage.ts'
import { joinDirectory } from '../../src/network/directory-plugin.ts'
import { type OpenOptions, openPeer, openReader } from '../../src/peer/open.ts'
import type { Peer } from '../../src/peer/peer.ts'
import { codeOf, isSettled, makeTemporary } from '../connection/sides.ts'
import { collect, said } from '../messages/told.ts'
import { startNetwork } from '../network/loopback-network.ts'

/** Peers opened on data folders, over a real DHT on loopback. */

const start = async (t: TestContext) => {
  const { nodes } = await startNetwork(t)
  for (const { dht } of nodes) joinDirectory(dht, createStorage())
  const network = `${nodes[0]?.host}:${nodes[0]?.port}`
  const folder = join(await makeTemporary(t), 'data')
  const open = async (options: Partial<OpenOptions> = {}): Promise<Peer> => {
    const peer = await openPeer({ network, folder, ...options })
    t.after(() => peer.close())
    return peer
  }
  return { network, folder, open }
}

/** Whether anything is in the folder. */
const isUntouched = async (folder: string): Promise<boolean> => (await readdir(folder).catch(() => [])).length === 0

test('a folder without an identity is refused, nothing is written, and what to do next is said', async (t) => {
  const { folder, open } = await start(t)
  const error = await open().then(
    () => assert.fail(),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof Error && 'code' in error)
  assert.equal(error.code, 'ERR_STORE_MISSING')
  assert.match(error.message, /onRecoveryPhrase/)
  assert.ok(await isUntouched(folder))
  // What is wrong with the options is found before an identity is made.
  const phrases: string[] = []
  const onRecoveryPhrase = (phrase: string): void => void phrases.push(phrase)
  assert.equal(await codeOf(open({ onRecoveryPhrase, app: 'Chess' })), 'ERR_PEER_APPLICATION')
  assert.equal(await codeOf(open({ onRecoveryPhrase, network: 'nowhere' })), 'ERR_NETWORK_FORMAT')
  assert.deepEqual([phrases, await isUntouched(folder)], [[], true])
})

test('an identity is made for whoever takes its phrase, and told of; the phrase goes nowhere else', async (t) => {
  const { folder, open } = await start(t)
  const phrases: string[] = []
  const onRecoveryPhrase = (phrase: string): void => void phrases.push(phrase)
  const peer = await open({ onRecoveryPhrase })
  const [phrase = ''] = phrases
  assert.equal(phrase.split(' ').length, 24)
  const events = collect(peer)
  assert.equal(await isSettled(peer.messages.receive()), false)
  const [first, second] = events.filter(({ type }) => type !== 'network')
  assert.deepEqual(first, { type: 'created', address: peer.address })
  assert.equal(second?.type, 'listening')
  const words = phrase.split(' ').slice(0, 3).join(' ')
  assert.ok(!JSON.stringify(events, (_, value) => (typeof value === 'bigint' ? `${value}` : value)).includes(words))
  await peer.close()
  // The next time it is there.
  const again = await open({ onRecoveryPhrase, listen: false })
  assert.deepEqual([again.address, phrases.length], [peer.address, 1])
  assert.ok(!(await isUntouched(folder)))
})

test('a peer is online when it is opened, unless it is told not to be', async (t) => {
  const { open, network } = await start(t)
  const a = await open({ onRecoveryPhrase: () => {}, listen: false })
  const b = await openPeer({ network })
  t.after(() => b.close())
  assert.equal(await codeOf(b.lookup(a.address)), 'ERR_LOOKUP_NOT_FOUND')
  // It sends all the same, once it may.
  await a.messages.send(b.address, 'hello')
  assert.equal(a.messages.waiting(b.address), 1)
  assert.equal((await a.listen()).accepted > 0, true)
  const message = await b.messages.receive()
  assert.deepEqual([said(message), message?.from], ['hello', a.address])
  assert.equal((await b.lookup(a.address)).freshness, 'current')
})

test('who only reads needs no identity, and makes none', async (t) => {
  const { folder, network } = await start(t)
  const b = await openPeer({ network })
  t.after(() => b.close())
  const reader = await openReader({ network, folder })
  t.after(() => reader.close())
  assert.equal((await reader.lookup(b.address)).freshness, 'current')
  assert.ok(await isUntouched(folder))
})
