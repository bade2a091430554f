import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { type TestContext, test } from 'node:test'
import { createIdentity } from '../../src/core/identity.ts'
import { seconds } from '../../src/core/world.ts'
import { createOwnDirectory } from '../../src/directory/client/own-directory.ts'
import { createStorage } from '../../src/directory/node/storage.ts'
import { systemWorld } from '../../src/identity/system-world.ts'
import { initialize, openPeer } from '../../src/index.ts'
import { joinDirectory } from '../../src/network/directory-plugin.ts'
import { createNode } from '../../src/network/node.ts'
import { parseNodes } from '../../src/network/node-list.ts'
import { createTransport } from '../../src/network/transport.ts'
import { createPeer } from '../../src/peer/create-peer.ts'
import { openStore } from '../../src/store/store.ts'
import { makeTemporary } from '../connection/sides.ts'
import { collect, endOf, listenTo, reaches, take } from '../messages/told.ts'
import { codeOf, startNetwork } from '../network/loopback-network.ts'
import { QUICKLY } from '../node-command.ts'

/** Alice here and Bob in another process, over a real DHT on loopback. */

/** A network whose nodes store; the address of one of them. */
const startDht = async (t: TestContext): Promise<string> => {
  const { nodes } = await startNetwork(t)
  for (const { dht } of nodes) joinDirectory(dht, createStorage())
  return `${nodes[0]?.host}:${nodes[0]?.port}`
}

type Event = Readonly<Record<string, unknown>>

const startBob = (t: TestContext, network: string, folder: string) => {
  const script = join(import.meta.dirname, 'peer-child.ts')
  const child = spawn(process.execPath, [...QUICKLY, script, network, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const exited = once(child, 'exit')
  return {
    next: async (event: string): Promise<Event> => {
      const said: Event = JSON.parse(String((await lines.next()).value))
      assert.equal(said.event, event)
      return said
    },
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    /** its exit code; null when a signal ended it */
    exited: exited.then(([code]) => code),
  }
}

test('two processes find each other by address, talk, exchange files and part', async (t) => {
  const [network, folder] = await Promise.all([startDht(t), makeTemporary(t)])
  const bob = startBob(t, network, folder)
  assert.equal((await bob.next('phrase')).words, 24)
  const created = await bob.next('created')
  const { address, accepted } = await bob.next('listening')
  assert.equal(created.address, address)
  assert.equal(accepted, 3)

  await using alice = await openPeer({ network })
  const found = await alice.lookup(`handfast:${address}`)
  assert.deepEqual([found.freshness, found.evidence.agreeing, found.fork], ['current', 3, null])

  await alice.addContact(String(address), { name: 'bob' })
  const connection = await alice.connect('bob')
  const seen = await bob.next('connected')
  assert.equal(connection.remote.address, address)
  assert.equal(seen.address, alice.address)
  assert.equal(seen.safetyNumber, connection.remote.safetyNumber)

  const numbers = Array.from({ length: 200 }, (_, count) => `${count}`)
  await Promise.all(numbers.map((text) => alice.messages.send('bob', text)))
  assert.deepEqual(
    await take(alice, 200),
    numbers.map((text) => `you said: ${text}`),
  )
  await alice.messages.send('bob', new Uint8Array([0, 255]))
  assert.deepEqual(await take(alice, 1), [new Uint8Array([0, 255])])

  const stream = await alice.dial('bob', 'echo/1')
  assert.deepEqual([stream.remote.address, stream.protocol], [address, 'echo/1'])
  const bytes = new Uint8Array(1_000_000).map((_, index) => index % 249)
  const [echoed] = await Promise.all([buffer(stream), pipeline(Readable.from([bytes]), stream)])
  assert.ok(bytes.every((byte, index) => echoed[index] === byte))
  assert.equal(echoed.length, bytes.length)
  assert.equal(await codeOf(alice.dial('bob', 'chess/1')), 'ERR_STREAM_PROTOCOL')
  assert.equal(await codeOf(alice.dial('bob', 'echo/1', { app: 'other' })), 'ERR_STREAM_PROTOCOL')

  const path = join(folder, 'big.bin')
  await writeFile(
    path,
    new Uint8Array(2_000_000).map((_, index) => index % 251),
  )
  const sent = await alice.files.send('bob', path)
  assert.equal(sent.size, 2_000_000)
  const offer = await alice.files.receive({ from: 'bob' })
  const taken = await offer?.accept(join(folder, 'back'))
  const back = await alice.files.finished(taken?.id ?? 0)
  assert.deepEqual(await readFile(back.path), await readFile(path))
  assert.deepEqual(await readdir(join(folder, 'received')), ['big.bin'])

  await connection.close()
  assert.equal((await bob.next('goodbye')).reason, 'left')
  assert.equal(await bob.exited, 0)
  // He is gone, but what he published is still there to be verified.
  assert.equal((await alice.lookup(String(address))).freshness, 'current')
})

test('§8 a stream that breaks on the way is a loss, one that was ended is not', async (t) => {
  const network = await startDht(t)
  const node = await createNode({ bootstrap: parseNodes(network) })
  t.after(() => node.close())
  const { identity } = createIdentity(seconds(systemWorld), systemWorld.random)
  const transport = createTransport(node, identity.transportSeed.export())
  const directory = createOwnDirectory(joinDirectory(node.dht, createStorage()))
  const parts = { identity, directory, transport, store: openStore(null), network: node, world: systemWorld }
  const bob = createPeer({ ...parts, release: async () => {} })
  const { accept } = await listenTo(bob)
  const told = collect(bob)
  await using alice = await openPeer({ network })
  const connections = [await alice.connect(bob.address), await alice.connect(bob.address)] as const
  for (const _ of connections) assert.equal((await accept())?.address, alice.address)
  const [ended, broken] = connections
  const { id } = await alice.messages.send(bob.address, 'before')
  await Promise.all([reaches(alice, 'delivered', id), take(bob, 1)])

  await ended.close()
  assert.equal(await endOf(ended), 'closed')
  await transport.close()
  assert.equal(await endOf(broken), 'ERR_CONNECTION_LOST')
  assert.equal((await alice.messages.send(bob.address, 'late')).state, 'queued')
  assert.equal(alice.messages.waiting(bob.address), 1)
  await bob.close()
  const endings = told.flatMap((event) => (event.type === 'disconnected' ? [event.reason] : []))
  assert.deepEqual(endings, ['left', 'lost'])
})

test('an identity outlives its process, and both sides its connections', async (t) => {
  const [network, folder] = await Promise.all([startDht(t), makeTemporary(t)])
  await using alice = await openPeer({ network, folder: join(folder, 'alice'), onRecoveryPhrase: () => {} })
  const addresses: unknown[] = []
  for (const round of [1, 2]) {
    const bob = startBob(t, network, folder)
    if (round === 1) for (const event of ['phrase', 'created']) await bob.next(event)
    const { address } = await bob.next('listening')
    addresses.push(address)
    const connection = await alice.connect(String(address))
    await bob.next('connected')
    await alice.messages.send(String(address), `${round}`)
    assert.deepEqual(await take(alice, 1), [`you said: ${round}`])
    await connection.close()
    assert.equal(await bob.exited, 0)
  }
  assert.equal(addresses[0], addresses[1])
  assert.deepEqual((await readdir(join(folder, 'alice'))).includes('handfast.db'), true)
})

test('without a folder, a phrase to show or a network, a peer does not open', async (t) => {
  const [network, folder] = await Promise.all([startDht(t), makeTemporary(t)])
  assert.equal(await codeOf(openPeer({ network: '' })), 'ERR_NETWORK_MISSING')
  assert.equal(await codeOf(openPeer({ network, folder: join(folder, 'none') })), 'ERR_STORE_MISSING')
  assert.deepEqual(await readdir(folder), [])
  const { address } = await initialize(join(folder, 'made'))
  await using peer = await openPeer({ network, folder: join(folder, 'made') })
  assert.equal(peer.address, address)
  assert.equal(await codeOf(initialize(join(folder, 'made'))), 'ERR_STORE_EXISTS')
})
