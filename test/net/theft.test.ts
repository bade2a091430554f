import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { encodeAddress } from '../../src/core/address.ts'
import { hex } from '../../src/core/bytes.ts'
import { createIdentity, type Identity, renewDevice } from '../../src/core/identity.ts'
import { type KeyLog, updateLog } from '../../src/core/key-log.ts'
import { seconds } from '../../src/core/world.ts'
import { createOwnDirectory } from '../../src/directory/client/own-directory.ts'
import { publish } from '../../src/directory/client/publish.ts'
import type { DirectoryNetwork } from '../../src/directory/network-port.ts'
import { createStorage } from '../../src/directory/node/storage.ts'
import { recover } from '../../src/identity/replace-keys.ts'
import { systemWorld } from '../../src/identity/system-world.ts'
import { joinDirectory } from '../../src/network/directory-plugin.ts'
import { createTransport } from '../../src/network/transport.ts'
import { createPeer } from '../../src/peer/create-peer.ts'
import type { Peer } from '../../src/peer/peer.ts'
import { makeFolder } from '../../src/store/private-files.ts'
import { openStore } from '../../src/store/store.ts'
import { openVault } from '../../src/store/vault.ts'
import { runCli } from '../cli/in-process.ts'
import { makeTemporary } from '../connection/sides.ts'
import { at } from '../core/identities.ts'
import { endOf, listenTo, reaches, take } from '../messages/told.ts'
import { addressOf, codeOf, startNetwork } from '../network/loopback-network.ts'

/** Theft and loss over a real DHT on loopback: real nodes, real folders, and a thief with every key of the laptop. */

const { random } = systemWorld
const now = (): number => seconds(systemWorld)

type Side = Peer & { readonly directory: DirectoryNetwork }

const startDht = async (t: TestContext) => {
  const [network, folder] = await Promise.all([startNetwork(t, 3), makeTemporary(t)])
  for (const { dht } of network.nodes) joinDirectory(dht, createStorage())
  const { host, port } = addressOf(at(network.nodes, 0))
  /** A peer with a node of its own; its memory is in the folder of that name. */
  const open = async (name: string, identity: Identity): Promise<Side> => {
    await makeFolder(folderOf(name))
    const node = await network.join()
    const store = openStore(folderOf(name))
    const directory = joinDirectory(node.dht, createStorage())
    const transport = createTransport(node, identity.transportSeed.export())
    const parts = {
      identity,
      directory: createOwnDirectory(directory),
      transport,
      store,
      network: node,
      world: systemWorld,
      release: node.close,
    }
    const peer = createPeer(parts)
    t.after(() => peer.close())
    return { ...peer, directory }
  }
  const folderOf = (name: string): string => join(folder, name)
  return { network: `${host}:${port}`, open, folderOf }
}

const put = ({ directory }: Side, log: KeyLog) => publish(directory, { log }, AbortSignal.timeout(60_000))

/** Says something to an address, and has it delivered to whoever holds that. */
const tell = async (from: Side, to: Side, text: string): Promise<void> => {
  const { id } = await from.messages.send(to.address, text)
  const [heard] = await Promise.all([take(to, 1), reaches(from, 'delivered', id)])
  assert.deepEqual(heard, [text])
}

const stranger = (): Identity => createIdentity(now(), random).identity

test('§3 address and phrase bring an identity back from a thief who has every key of the laptop', async (t) => {
  const { network, open, folderOf } = await startDht(t)
  const { identity: laptop, phrase } = createIdentity(now(), random)
  const address = encodeAddress(laptop.log.id)
  const [alice, bob, carol] = await Promise.all([
    open('laptop', laptop),
    open('bob', stranger()),
    open('carol', stranger()),
  ])
  await alice.listen()
  for (const contact of [bob, carol]) assert.equal((await contact.lookup(address)).change, 'none')

  // The thief gives the address keys that only she has, and both contacts follow her.
  const stolen = await renewDevice(laptop, now(), random)
  const mallory = await open('mallory', stolen)
  const listening = await listenTo(mallory)
  assert.equal(await codeOf(alice.publish()), 'ERR_PEER_SUPERSEDED')
  for (const contact of [bob, carol]) {
    const [near, far] = await Promise.all([contact.connect(address), listening.accept()])
    assert.deepEqual([near.remote.change, near.remote.seq, far?.address], ['updated', 1, contact.address])
    await tell(contact, mallory, 'for Alice')
    await near.close()
  }
  // Then she shuts the owner out.
  const retirement = updateLog(stolen.log, stolen.root, {
    devices: stolen.log.last.entry.devices,
    status: 'retired',
    time: now(),
  })
  await put(mallory, retirement)
  assert.equal(await codeOf(bob.connect(address)), 'ERR_PEER_RETIRED')

  const folder = folderOf('new')
  const { log, publication } = await recover({ address, phrase, folder, network })
  assert.deepEqual([log.epoch, publication.accepted, publication.refusals.size], [1, 3, 0])

  const reader = await open('reader', stranger())
  const seenBy = async (side: Side) => {
    const { log: found, fork, change, evidence } = await side.lookup(address)
    return [hex(found.last.hash), fork, change, evidence.agreeing, evidence.older]
  }
  const head = hex(log.last.hash)
  assert.deepEqual(await seenBy(reader), [head, null, 'none', 3, 0])
  assert.deepEqual(await seenBy(bob), [head, null, 'superseded', 3, 0])

  // Whatever she publishes now is refused, or loses; and nobody talks to her.
  assert.equal(await codeOf(mallory.publish()), 'ERR_PEER_SUPERSEDED')
  const longer = [1, 2, 3].reduce((grown) => updateLog(grown, stolen.root, { ...grown.last.entry }), stolen.log)
  await put(mallory, longer)
  assert.deepEqual(await seenBy(reader), [head, null, 'none', 3, 0])
  const bobListening = await listenTo(bob)
  for (const side of [mallory, alice]) {
    assert.equal(await side.connect(bob.address).then(endOf), 'ERR_REMOTE')
  }
  assert.equal(await codeOf(bob.connect(address)), 'ERR_PEER_NO_CARD')

  const { identity } = await openVault(folder, null)
  const back = await open('back', identity)
  const backListening = await listenTo(back)
  assert.equal(back.address, address)
  const [near, far] = await Promise.all([carol.connect(address), backListening.accept()])
  assert.deepEqual([near.remote.change, near.remote.epoch, near.remote.head], ['superseded', 1, head])
  assert.equal(far?.address, carol.address)
  const [toBob, fromAlice] = await Promise.all([back.connect(bob.address), bobListening.accept()])
  // The first that came to Bob after all those attempts is the owner.
  assert.equal(fromAlice?.head, head)
  await tell(carol, back, 'is it you?')
  await Promise.all([near.close(), toBob.close()])
})

test('§6 a fork is kept, served, provable by its file alone, and stops all sending until the owner rotates', async (t) => {
  const { network, open, folderOf } = await startDht(t)
  const { identity: laptop, phrase } = createIdentity(now(), random)
  const address = encodeAddress(laptop.log.id)
  const [one, other] = [await renewDevice(laptop, now(), random), await renewDevice(laptop, now(), random)]
  const stranded = stranger()
  const [alice, mallory, bob] = await Promise.all([open('one', one), open('other', other), open('bob', stranded)])
  await alice.listen()
  assert.deepEqual((await bob.lookup(address)).log.last.hash, one.log.last.hash)
  const honest = await runCli(['export-proof', address, '--network', network])
  assert.deepEqual([honest.code, honest.stdout], [1, ''])
  assert.match(honest.stderr, /ERR_PROOF/)
  await put(mallory, other.log)

  for (const round of ['before', 'after a restart']) {
    const contact = round === 'before' ? bob : await open('bob', stranded)
    const { fork } = await contact.lookup(address)
    assert.deepEqual(fork?.last.hash, other.log.last.hash)
    assert.equal(await codeOf(contact.connect(address)), 'ERR_LOG_FORK')
    await contact.close()
  }
  assert.equal(await codeOf(alice.publish()), undefined)

  const path = join(folderOf('.'), 'proof.json')
  const exported = await runCli(['export-proof', address, '--out', path, '--json', '--network', network])
  assert.deepEqual(JSON.parse(exported.stdout), { event: 'proof', address, path, proof: null })
  assert.equal((await runCli(['export-proof', address, '--out', path, '--network', network])).code, 1)
  const text = await readFile(path, 'utf8')
  for (const input of [
    [path, ''],
    ['-', text],
  ] as const) {
    const checked = await runCli(['check-proof', input[0], '--json'], { stdin: input[1] })
    const { event, address: proven, parting } = JSON.parse(checked.stdout)
    assert.deepEqual([checked.code, event, proven, parting], [0, 'proven', address, 1])
  }
  const { a, ...rest } = JSON.parse(text)
  await writeFile(path, JSON.stringify({ ...rest, a, b: a }))
  const refused = await runCli(['check-proof', path, '--json'])
  assert.deepEqual([refused.code, refused.stdout, JSON.parse(refused.stderr).error.code], [1, '', 'ERR_PROOF'])

  await recover({ address, phrase, folder: folderOf('new'), network })
  const again = await open('bob', stranded)
  const { fork, change } = await again.lookup(address)
  assert.deepEqual([fork, change], [null, 'superseded'])
})
