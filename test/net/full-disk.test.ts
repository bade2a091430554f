import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { createStorage } from '../../src/directory/node/storage.ts'
import { initialize, openPeer } from '../../src/index.ts'
import { joinDirectory } from '../../src/network/directory-plugin.ts'
import type { PeerEvent } from '../../src/peer/peer-events.ts'
import { makeTemporary } from '../connection/sides.ts'
import { startNetwork } from '../network/loopback-network.ts'
import { QUICKLY } from '../node-command.ts'
import { canMount } from '../store/writer.ts'

/** Messages to somebody whose disk is really full. */

const SCRIPT = join(import.meta.dirname, 'full-disk-child.ts')

/** Starts Bob in a namespace of his own, where his folder is copied to a disk of 4 MiB. */
const startBob = (t: TestContext, network: string, folder: string) => {
  const mount = `mkdir '${folder}.disk' && mount -t tmpfs -o size=4m,mode=700 tmpfs '${folder}.disk' && cp -a '${folder}/.' '${folder}.disk'`
  const node = [process.execPath, ...QUICKLY, SCRIPT, network, `${folder}.disk`]
  const child: ChildProcess = spawn('unshare', ['-Urm', 'sh', '-c', `${mount} && exec "$@"`, 'sh', ...node], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  t.after(async () => {
    child.kill('SIGKILL')
    await exited
  })
  assert.ok(child.stdout !== null && child.stdin !== null)
  const { stdin } = child
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const heard: Record<string, unknown>[] = []
  return {
    heard,
    tell: (line: string) => void stdin.write(`${line}\n`),
    until: async (name: string): Promise<Record<string, unknown>> => {
      for (;;) {
        const { value, done } = await lines.next()
        if (done === true) assert.fail('it ended without saying so')
        const said: Record<string, unknown> = JSON.parse(value)
        heard.push(said)
        if (said.event === name) return said
      }
    },
  }
}

const openAlice = async (network: string, folder: string) => {
  const peer = await openPeer({ network, folder })
  const events = peer.events()[Symbol.asyncIterator]()
  const heard: PeerEvent[] = []
  const until = async (isIt: (event: PeerEvent) => boolean): Promise<void> => {
    for (;;) {
      const { value, done } = await events.next()
      if (done === true) assert.fail('it ended without saying so')
      heard.push(value)
      if (isIt(value)) return
    }
  }
  return { peer, heard, until }
}

const isHeld =
  (code: string | null) =>
  (event: PeerEvent): boolean =>
    event.type === 'held' && !event.here && event.code === code
const isDelivered =
  (id: number) =>
  (event: PeerEvent): boolean =>
    event.type === 'delivery' && event.message.id === id && event.message.state === 'delivered'

if (canMount)
  test('messages to a disk that is full wait, on the connection and on the next; both sides know why, and none is lost', async (t) => {
    const [{ nodes }, dir] = await Promise.all([startNetwork(t), makeTemporary(t)])
    for (const { dht } of nodes) joinDirectory(dht, createStorage())
    const network = `${nodes[0]?.host}:${nodes[0]?.port}`
    const folders = { alice: join(dir, 'alice'), bob: join(dir, 'bob') }
    const [, { address }] = await Promise.all([initialize(folders.alice), initialize(folders.bob)])
    const bob = startBob(t, network, folders.bob)
    await bob.until('listening')
    let alice = await openAlice(network, folders.alice)
    t.after(() => alice.peer.close())
    const { id: first } = await alice.peer.messages.send(address, 'message0')
    await alice.until(isDelivered(first))

    bob.tell('fill')
    await bob.until('done')
    const sent: number[] = []
    for (let n = 1; n <= 5; n++)
      sent.push((await alice.peer.messages.send(address, `message${n}${'x'.repeat(30_000)}`)).id)
    await alice.until(isHeld('ERR_STORE_FULL'))
    const held = await bob.until('held')
    assert.deepEqual([held.here, held.code], [true, 'ERR_STORE_FULL'])
    assert.ok(bob.heard.every(({ event }) => event !== 'disconnected'))
    assert.equal(alice.peer.messages.waiting(address), 5)

    // Another connection cannot even be written down: she is told so, and tries again later.
    await alice.peer.close()
    alice = await openAlice(network, folders.alice)
    await alice.until(isHeld('ERR_STORE_FULL'))
    bob.tell('free')
    await alice.until(isDelivered(sent.at(-1) ?? -1))
    while (bob.heard.filter(({ event }) => event === 'message').length < 6) await bob.until('message')
    assert.deepEqual(
      bob.heard.filter(({ event }) => event === 'message').map(({ text }) => text),
      ['message0', 'message1', 'message2', 'message3', 'message4', 'message5'],
    )
  })
