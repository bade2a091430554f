import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { encodeAddress } from '../../src/core/address.ts'
import { createIdentity, renewDevice } from '../../src/core/identity.ts'
import { seconds } from '../../src/core/world.ts'
import { publish } from '../../src/directory/client/publish.ts'
import { createStorage } from '../../src/directory/node/storage.ts'
import { backup, restore } from '../../src/identity/backup.ts'
import { recover } from '../../src/identity/replace-keys.ts'
import { systemWorld } from '../../src/identity/system-world.ts'
import { joinDirectory } from '../../src/network/directory-plugin.ts'
import { openNetworkChoice } from '../../src/peer/folder-network.ts'
import { openPeer } from '../../src/peer/open.ts'
import { createVault } from '../../src/store/vault.ts'
import { runCli } from '../cli/in-process.ts'
import { makeTemporary } from '../connection/sides.ts'
import { at } from '../core/identities.ts'
import { reaches, take } from '../messages/told.ts'
import { addressOf, codeOf, startNetwork } from '../network/loopback-network.ts'

/** What an old backup is worth over a real DHT on loopback: nothing after a rotation, and its floors for ever. */

const { random } = systemWorld
const now = (): number => seconds(systemWorld)
const sealed = { backupPassphrase: 'correct horse' }

const startDht = async (t: TestContext) => {
  const network = await startNetwork(t, 3)
  for (const { dht } of network.nodes) joinDirectory(dht, createStorage())
  const { host, port } = addressOf(at(network.nodes, 0))
  const put = async (log: Parameters<typeof publish>[1]['log']): Promise<void> => {
    const node = await network.join()
    await publish(joinDirectory(node.dht, createStorage()), { log }, AbortSignal.timeout(60_000))
  }
  return { network: `${host}:${port}`, put }
}

test('a backup brings a peer back that others can reach; after a rotation elsewhere its keys are void', async (t) => {
  const [{ network }, dir] = await Promise.all([startDht(t), makeTemporary(t)])
  const [laptop, file, second, third] = ['laptop', 'backup', 'second', 'third'].map((name) => join(dir, name))
  assert.ok(laptop !== undefined && file !== undefined && second !== undefined && third !== undefined)
  const { identity, phrase } = createIdentity(now(), random)
  const address = encodeAddress(identity.log.id)
  await createVault(laptop, identity, null)
  {
    // For good: what a peer is opened with is for that time.
    using chosen = await openNetworkChoice(laptop)
    chosen.choose(network)
  }
  {
    await using _ = await openPeer({ folder: laptop, network })
    // While the peer is open.
    await backup(laptop, file, sealed)
  }
  await restore(file, second, sealed)
  await using bob = await openPeer({ network })
  {
    // It remembers the network too.
    await using back = await openPeer({ folder: second, network: '' })
    assert.equal(back.address, address)
    const { id } = await bob.messages.send(address, 'is it you?')
    assert.deepEqual(await take(back, 1), ['is it you?'])
    await reaches(bob, 'delivered', id)
  }
  await recover({ address, phrase, folder: join(dir, 'new'), network })
  const restored = await restore(file, third, sealed)
  assert.equal(restored.address, address)
  const listening = await runCli(['listen', '--json', '--folder', third, '--network', network])
  assert.deepEqual([listening.code, JSON.parse(listening.stderr).error.code], [1, 'ERR_PEER_SUPERSEDED'])
})

test('§5 the floors of a backup hold: who is restored from it refuses an older log by name', async (t) => {
  const [today, past, dir] = await Promise.all([startDht(t), startDht(t), makeTemporary(t)])
  const [folder, file, fresh] = ['alice', 'backup', 'fresh'].map((name) => join(dir, name))
  assert.ok(folder !== undefined && file !== undefined && fresh !== undefined)
  const { identity: bob } = createIdentity(now(), random)
  const address = encodeAddress(bob.log.id)
  await today.put((await renewDevice(bob, now(), random)).log)
  // A network that somebody has taken back to how it was.
  await past.put(bob.log)

  await createVault(folder, createIdentity(now(), random).identity, null)
  const lookupIn = async (place: string, network: string): Promise<unknown> => {
    await using peer = await openPeer({ folder: place, network, listen: false })
    const { log } = await peer.lookup(address)
    return log.entries.length
  }
  const unseen = join(dir, 'unseen')
  await createVault(unseen, createIdentity(now(), random).identity, null)
  assert.equal(await lookupIn(unseen, past.network), 1)
  assert.equal(await lookupIn(folder, today.network), 2)

  assert.equal((await backup(folder, file, sealed)).floors, 1)
  await restore(file, fresh, sealed)
  for (let round = 0; round < 2; round++) assert.equal(await codeOf(lookupIn(fresh, past.network)), 'ERR_ROLLBACK')
  assert.equal(await lookupIn(fresh, today.network), 2)
})
