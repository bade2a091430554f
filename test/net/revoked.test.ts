import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { encodeAddress } from '../../src/core/address.ts'
import { createIdentity, type Identity } from '../../src/core/identity.ts'
import { type KeyLog, type PartialLog, prefixOf } from '../../src/core/key-log.ts'
import { ownBase, recoveryBase, rotateIdentity } from '../../src/core/recovery.ts'
import { seconds } from '../../src/core/world.ts'
import { createOwnDirectory } from '../../src/directory/client/own-directory.ts'
import { publish } from '../../src/directory/client/publish.ts'
import type { DirectoryNetwork } from '../../src/directory/network-port.ts'
import { createStorage } from '../../src/directory/node/storage.ts'
import { systemWorld } from '../../src/identity/system-world.ts'
import { joinDirectory } from '../../src/network/directory-plugin.ts'
import { createTransport } from '../../src/network/transport.ts'
import { createPeer } from '../../src/peer/create-peer.ts'
import type { Peer } from '../../src/peer/peer.ts'
import { openStore } from '../../src/store/store.ts'
import { at } from '../core/identities.ts'
import { codeOf, startNetwork } from '../network/loopback-network.ts'

/** Keys that were revoked long ago, over a real DHT on loopback: whatever of the public log is shown, they do not come back. */

const { random } = systemWorld
const now = (): number => seconds(systemWorld)

type Side = Peer & { readonly directory: DirectoryNetwork }

const startDht = async (t: TestContext) => {
  const network = await startNetwork(t, 3)
  for (const { dht } of network.nodes) joinDirectory(dht, createStorage())
  return async (identity: Identity): Promise<Side> => {
    const node = await network.join()
    const store = openStore(null)
    const directory = joinDirectory(node.dht, createStorage())
    const transport = createTransport(node, identity.transportSeed.export())
    const peer = createPeer({
      identity,
      directory: createOwnDirectory(directory),
      transport,
      store,
      network: node,
      world: systemWorld,
      release: node.close,
    })
    t.after(() => peer.close())
    return { ...peer, directory }
  }
}

test('§3 the thief of the first device cuts a recovery off behind a bridge: no node serves that, and nobody talks to her', async (t) => {
  const open = await startDht(t)
  const { identity: first, phrase } = createIdentity(now(), random)
  const address = encodeAddress(first.log.id)
  const once = rotateIdentity(ownBase(first.log, phrase), phrase, now(), random)
  const twice = rotateIdentity(ownBase(once.log, phrase), phrase, now(), random)
  const recovered = rotateIdentity(recoveryBase(twice.log, phrase), phrase, now(), random)
  const [bob, carol] = await Promise.all([1, 2].map(() => open(createIdentity(now(), random).identity)))
  assert.ok(bob !== undefined && carol !== undefined)
  const put = (log: PartialLog) => publish(bob.directory, { log: log as KeyLog }, AbortSignal.timeout(60_000))

  // Bob knows the identity from before its rotations; Carol has never heard of it.
  await put(first.log)
  assert.equal((await bob.lookup(address)).log.epoch, 0)
  await put(twice.log)
  const cut = prefixOf(recovered.log, 2)
  assert.deepEqual([cut.epoch, cut.last.entry.status], [2, 'bridge'])
  await put(cut)
  for (const side of [bob, carol]) {
    const { log, fork } = await side.lookup(address)
    assert.deepEqual([log.last.hash, fork], [twice.log.last.hash, null])
  }

  // She calls with it: a program of hers, since ours would not open such an identity.
  const mallory = await open({ ...first, log: cut as KeyLog })
  for (const side of [bob, carol]) {
    await side.listen()
    await assert.rejects(mallory.connect(side.address), { code: 'ERR_REMOTE', message: /ERR_LOG_BRIDGE/ })
    assert.equal(await codeOf(side.connect(address)), 'ERR_PEER_NO_CARD')
  }

  await put(recovered.log)
  for (const side of [bob, carol]) assert.deepEqual((await side.lookup(address)).log.last.hash, recovered.log.last.hash)
  const owner = await open(recovered)
  await owner.listen()
  const { remote } = await carol.connect(address)
  assert.deepEqual([remote.epoch, at(recovered.log.entries, 3).hash], [3, recovered.log.last.hash])
})
