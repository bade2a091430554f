import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { createIdentity } from '../../src/core/identity.ts'
import { seconds } from '../../src/core/world.ts'
import { createStorage } from '../../src/directory/node/storage.ts'
import { systemWorld } from '../../src/identity/system-world.ts'
import { initialize, openPeer } from '../../src/index.ts'
import { parseBootstrap } from '../../src/network/bootstrap-list.ts'
import { joinDirectory } from '../../src/network/directory-plugin.ts'
import { createNode } from '../../src/network/node.ts'
import { createTransport } from '../../src/network/transport.ts'
import { createPeer } from '../../src/peer/create-peer.ts'
import { openStore } from '../../src/store/store.ts'
import { makeTemporary, nextText } from '../connection/sides.ts'
import { codeOf, startNetwork } from '../network/loopback-network.ts'

/** Alice here and Bob in another process, over a real DHT on loopback. */

/** A network whose nodes store; the bootstrap list of one of them. */
const startDht = async (t: TestContext): Promise<string> => {
  const { nodes } = await startNetwork(t)
  for (const { dht } of nodes) joinDirectory(dht, createStorage())
  return `${nodes[0]?.host}:${nodes[0]?.port}`
}

type Event = Readonly<Record<string, unknown>>

const startBob = (t: TestContext, bootstrap: string, folder: string) => {
  const script = join(import.meta.dirname, 'peer-child.ts')
  const child = spawn(process.execPath, [script, bootstrap, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
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
  const [bootstrap, folder] = await Promise.all([startDht(t), makeTemporary(t)])
  const bob = startBob(t, bootstrap, folder)
  assert.equal((await bob.next('phrase')).words, 24)
  const { address, accepted } = await bob.next('listening')
  assert.equal(accepted, 3)

  await using alice = await openPeer({ bootstrap })
  await alice.publish()
  const found = await alice.lookup(String(address))
  assert.deepEqual([found.freshness, found.evidence.agreeing, found.fork], ['current', 3, null])

  const connection = await alice.connect(String(address))
  const seen = await bob.next('connected')
  assert.equal(connection.remote.address, address)
  assert.equal(seen.address, alice.address)
  assert.equal(seen.safetyNumber, connection.remote.safetyNumber)

  for (let count = 0; count < 200; count++) connection.send(`${count}`).catch(assert.fail)
  for (let count = 0; count < 200; count++) assert.equal(await nextText(connection), `you said: ${count}`)
  await connection.send(new Uint8Array([0, 255]))
  assert.deepEqual(await connection.receive(), { type: 'data', data: new Uint8Array([0, 255]) })

  const path = join(folder, 'big.bin')
  await writeFile(
    path,
    new Uint8Array(2_000_000).map((_, index) => index % 251),
  )
  const sent = await alice.files.send(String(address), path)
  assert.equal(sent.size, 2_000_000)
  const offer = await alice.files.receive({ from: String(address) })
  const taken = await offer?.accept(join(folder, 'back'))
  const back = await alice.files.finished(taken?.id ?? 0)
  assert.deepEqual(await readFile(back.path), await readFile(path))
  assert.deepEqual(await readdir(join(folder, 'received')), ['big.bin'])

  await connection.close()
  await bob.next('goodbye')
  assert.equal(await bob.exited, 0)
  // He is gone, but what he published is still there to be verified.
  assert.equal((await alice.lookup(String(address))).freshness, 'current')
})

test('§8 a stream that breaks on the way is a loss, one that was ended is not', async (t) => {
  const bootstrap = await startDht(t)
  const node = await createNode({ bootstrap: parseBootstrap(bootstrap) })
  t.after(() => node.close())
  const { identity } = createIdentity(seconds(systemWorld), systemWorld.random)
  const transport = createTransport(node, identity.transportSeed.export())
  const directory = joinDirectory(node.dht, createStorage())
  const parts = { identity, directory, transport, store: openStore(null), world: systemWorld, release: async () => {} }
  const bob = createPeer(parts)
  const listener = await bob.listen()
  await using alice = await openPeer({ bootstrap })
  const [ended, farEnded] = await Promise.all([alice.connect(bob.address), listener.accept()])
  const [broken, farBroken] = await Promise.all([alice.connect(bob.address), listener.accept()])
  for (const connection of [farEnded, farBroken]) await connection?.send('before')

  await farEnded?.close()
  await transport.close()
  assert.deepEqual([await nextText(ended), await nextText(broken)], ['before', 'before'])
  assert.equal(await ended.receive(), null)
  assert.equal(await codeOf(broken.receive()), 'ERR_CONNECTION_LOST')
  assert.equal(await codeOf(broken.send('late')), 'ERR_CONNECTION_LOST')
  assert.equal(await codeOf(farBroken?.receive() ?? Promise.resolve()), 'ERR_CONNECTION_CLOSED')
  await bob.close()
})

test('an identity outlives its process, and both sides its connections', async (t) => {
  const [bootstrap, folder] = await Promise.all([startDht(t), makeTemporary(t)])
  await using alice = await openPeer({ bootstrap, folder: join(folder, 'alice'), onRecoveryPhrase: () => {} })
  const addresses: unknown[] = []
  for (const round of [1, 2]) {
    const bob = startBob(t, bootstrap, folder)
    if (round === 1) await bob.next('phrase')
    const { address } = await bob.next('listening')
    addresses.push(address)
    const connection = await alice.connect(String(address))
    await bob.next('connected')
    await connection.send(`${round}`)
    assert.equal(await nextText(connection), `you said: ${round}`)
    await connection.close()
    assert.equal(await bob.exited, 0)
  }
  assert.equal(addresses[0], addresses[1])
  assert.deepEqual((await readdir(join(folder, 'alice'))).includes('handfast.db'), true)
})

test('without a folder, a phrase to show or a network, a peer does not open', async (t) => {
  const [bootstrap, folder] = await Promise.all([startDht(t), makeTemporary(t)])
  assert.equal(await codeOf(openPeer({ bootstrap: '' })), 'ERR_BOOTSTRAP_MISSING')
  assert.equal(await codeOf(openPeer({ bootstrap, folder: join(folder, 'none') })), 'ERR_STORE_MISSING')
  assert.deepEqual(await readdir(folder), [])
  const { address } = await initialize(join(folder, 'made'))
  await using peer = await openPeer({ bootstrap, folder: join(folder, 'made') })
  assert.equal(peer.address, address)
  assert.equal(await codeOf(initialize(join(folder, 'made'))), 'ERR_STORE_EXISTS')
})
