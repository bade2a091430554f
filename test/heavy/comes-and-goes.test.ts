import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { openPeer } from '../../src/peer/open.ts'
import type { Peer } from '../../src/peer/peer.ts'
import { type Child, startCli } from '../cli/child.ts'
import { kill, startNode } from '../cli/node/nodes.ts'
import { makeTemporary } from '../store/folders.ts'

/** Networks that are not there yet, that go and come back, or that are only two peers: real processes on 127.0.0.1. */

/** Ports that are free at this moment, and where something is to be later. */
const freePorts = async (count: number): Promise<readonly number[]> => {
  const sockets = Array.from({ length: count }, () => createSocket('udp4').bind(0, '127.0.0.1'))
  await Promise.all(sockets.map((socket) => once(socket, 'listening')))
  const ports = sockets.map((socket) => socket.address().port)
  await Promise.all(sockets.map((socket) => once(socket.close(), 'close')))
  return ports
}

const init = async (t: TestContext, folder: string): Promise<string> => {
  const made = startCli(t, ['init', '--json', '--folder', folder])
  const { address } = await made.event('created')
  assert.equal(await made.exit(), 0)
  return String(address)
}

const listen = (t: TestContext, folder: string, network: string, ...more: readonly string[]): Child =>
  startCli(t, ['listen', '--json', '--folder', folder, '--network', network, ...more])

const openAt = async (t: TestContext, network: string, folder?: string): Promise<Peer> => {
  const peer = await openPeer({ network, folder, onRecoveryPhrase: () => {}, listen: false })
  t.after(() => peer.close())
  return peer
}

/** Tries until it comes about: what is waited for is on the way, and nobody else tells when it is there. */
const until = async <T>(work: () => Promise<T>): Promise<T> => {
  for (;;) {
    try {
      return await work()
    } catch {
      await delay(250)
    }
  }
}

suite('a network that comes and goes', { concurrency: 2, timeout: 180_000 }, () => {
  test('a peer that starts before its network waits for it, says so, and is there when it comes', async (t) => {
    const folder = await makeTemporary(t)
    const [port = 0] = await freePorts(1)
    const network = `127.0.0.1:${port}`
    const address = await init(t, join(folder, 'bob'))
    const bob = listen(t, join(folder, 'bob'), network)
    const waiting = await bob.event('network')
    assert.deepEqual([waiting.state, waiting.nodes], ['waiting', 0])

    assert.equal(await bob.exit('SIGINT'), 0)
    assert.equal(bob.stderr(), '')

    const again = listen(t, join(folder, 'bob'), network)
    assert.equal((await again.event('network')).state, 'waiting')
    await startNode(t, '--port', `${port}`)
    assert.equal((await again.event('network')).state, 'joined')
    assert.ok(Number((await again.event('listening')).accepted) > 0)
    const alice = await openAt(t, network)
    assert.equal((await alice.connect(address)).remote.address, address)
    assert.equal(await again.exit('SIGTERM'), 0)
    assert.equal(again.stderr(), '')
  })

  test('all nodes restart at once, with nothing of what they knew, and a listener is found again', async (t) => {
    const folder = await makeTemporary(t)
    const ports = await freePorts(2)
    const list = ports.map((port) => `127.0.0.1:${port}`)
    const startAll = async (): Promise<readonly Child[]> => {
      const first = await startNode(t, '--port', `${ports[0]}`)
      const others = ports.slice(1).map((port) => startNode(t, '--port', `${port}`, '--network', list[0] ?? ''))
      return [first, ...(await Promise.all(others))]
    }
    const nodes = await startAll()
    const address = await init(t, folder)
    const bob = listen(t, folder, list.join())
    await bob.event('listening')
    await Promise.all(nodes.map(kill))
    await startAll()
    // HyperDHT by itself would tell the nodes where he is after five minutes.
    const alice = await openAt(t, list.join())
    const connection = await until(() => alice.connect(address))
    assert.equal(connection.remote.address, address)
  })

  test('a list of which nobody is left leads back by the nodes that were seen alive', async (t) => {
    const folder = await makeTemporary(t)
    const own = join(folder, 'bob')
    const first = await startNode(t)
    const second = await startNode(t, '--network', first.network)
    const made = await init(t, own)
    const bob = listen(t, own, first.network)
    await bob.event('listening')
    assert.equal(await bob.exit('SIGTERM'), 0)
    const known = await readFile(join(own, 'nodes.json'), 'utf8')
    assert.ok(known.includes(second.network))
    await kill(first)
    const again = listen(t, own, first.network)
    assert.ok(Number((await again.event('listening')).accepted) > 0)
    // A command that does one thing asks them too.
    const asking = startCli(t, ['lookup', made, '--json', '--network', first.network, '--folder', own])
    assert.equal((await asking.event('lookup')).freshness, 'current')
    assert.equal(await again.exit('SIGTERM'), 0)
  })
})

suite('two peers and nothing else', { concurrency: 2, timeout: 180_000 }, () => {
  test('they make a network, and talk both ways', async (t) => {
    const folder = await makeTemporary(t)
    const [port = 0] = await freePorts(1)
    const [bobs, alices] = [join(folder, 'bob'), join(folder, 'alice')]
    const [bob, alice] = [await init(t, bobs), await init(t, alices)]
    const first = listen(t, bobs, 'lan', '--port', `${port}`, '--to', alice)
    const { state, entrance } = await first.event('network')
    assert.deepEqual([state, entrance], ['waiting', `127.0.0.1:${port}`])

    const second = listen(t, alices, `127.0.0.1:${port}`, '--to', bob)
    assert.equal((await second.event('listening')).accepted, 1)
    assert.equal((await first.event('network')).state, 'joined')
    await first.event('listening')
    second.type('hello Bob')
    const { id } = await first.event('request')
    first.type(`/accept ${id}`)
    assert.equal((await first.event('message')).text, 'hello Bob')
    first.type('hello Alice')
    assert.equal((await second.event('message')).text, 'hello Alice')
    assert.deepEqual([await second.exit('SIGTERM'), await first.exit('SIGTERM')], [0, 0])
  })
})
