import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { encodeAddress } from '../../src/core/address.ts'
import { createIdentity } from '../../src/core/identity.ts'
import { seconds } from '../../src/core/world.ts'
import { recover, rotate } from '../../src/identity/replace-keys.ts'
import { systemWorld } from '../../src/identity/system-world.ts'
import { openPeer } from '../../src/peer/open.ts'
import { createVault } from '../../src/store/vault.ts'
import { createTestNetwork, type TestNetwork } from '../../src/testing.ts'
import { makeTemporary } from '../connection/sides.ts'
import { eventOf, reaches, take } from '../messages/told.ts'
import { codeOf } from '../network/loopback-network.ts'

/** Whole peers on 50 nodes of HyperDHT that know nothing of Handfast: all that they do on nodes of their own they do here. */

const { random } = systemWorld
const now = (): number => seconds(systemWorld)

suite('on 50 stock nodes', () => {
  let network: TestNetwork
  before(async () => {
    network = await createTestNetwork({ nodes: 50, stock: true })
  })
  after(() => network.close())

  test('two peers find each other, talk, and see that nothing newer is known', async () => {
    const [alice, bob] = await Promise.all([network.openPeer(), network.openPeer()])
    const found = await bob.lookup(alice.address)
    assert.deepEqual([found.verdict.kind, found.trust.freshness], ['current', 'current'], found.verdict.reason)
    assert.deepEqual(
      found.evidence.places.map(({ what, closest, agreeing }) => [what, closest, agreeing]),
      ['log', 'slot', 'next'].map((what) => [what, 20, 20]),
    )
    // These nodes tell no time: nobody says anything of this clock.
    assert.deepEqual(found.clock, { ahead: null, networks: 0, off: false })
    const { id } = await bob.messages.send(alice.address, 'hello over nodes of strangers')
    assert.deepEqual(await take(alice, 1), ['hello over nodes of strangers'])
    await reaches(bob, 'delivered', id)
    await Promise.all([alice.close(), bob.close()])
  })

  test('who is away finds mail in his mailbox', async (t) => {
    const folder = await makeTemporary(t)
    const host = await network.openPeer({ mailbox: true })
    const bobs = join(folder, 'bob')
    await createVault(bobs, createIdentity(now(), random).identity, null)
    const opened = { folder: bobs, mailboxes: [host.address], listen: false }
    const { address } = await (async () => {
      await using bob = await network.openPeer(opened)
      await bob.publish()
      return { address: bob.address }
    })()
    await using alice = await network.openPeer()
    const left = eventOf(alice, (event) => event.type === 'in-mailboxes')
    await alice.messages.send(address, 'for when you are back')
    await left
    await using bob = await network.openPeer(opened)
    await bob.publish()
    assert.deepEqual((await bob.mailboxes.fetch()).failures, [])
    assert.deepEqual(await take(bob, 1), ['for when you are back'])
    await host.close()
  })

  test('a rotation reaches who knew the keys before, voids them for a thief, and the phrase recovers it elsewhere', async (t) => {
    const dir = await makeTemporary(t)
    const [laptop, stolen, fresh] = ['laptop', 'stolen', 'fresh'].map((name) => join(dir, name)) as [
      string,
      string,
      string,
    ]
    const { identity, phrase } = createIdentity(now(), random)
    const address = encodeAddress(identity.log.id)
    await Promise.all([laptop, stolen].map((folder) => createVault(folder, identity, null)))
    const on = network.network
    await using bob = await network.openPeer()
    {
      await using alice = await openPeer({ folder: laptop, network: on })
      assert.equal((await bob.lookup(alice.address)).verdict.kind, 'current')
    }
    const { publication } = await rotate({ folder: laptop, phrase, network: on })
    assert.ok(publication.accepted > 0)
    const changed = await bob.lookup(address)
    assert.deepEqual([changed.log.epoch, changed.freshness], [1, 'stale'])
    // The thief's slot is closed, and its keys are void.
    await using thief = await openPeer({ folder: stolen, network: on, listen: false })
    assert.equal(await codeOf(thief.publish()), 'ERR_PEER_SUPERSEDED')
    {
      await using alice = await openPeer({ folder: laptop, network: on })
      assert.equal((await bob.lookup(alice.address)).verdict.kind, 'current')
    }
    await recover({ address, phrase, folder: fresh, network: on })
    await using back = await openPeer({ folder: fresh, network: on })
    const again = await bob.lookup(address)
    assert.deepEqual([again.log.last.entry.status, again.verdict.kind], ['active', 'current'])
    assert.ok(again.log.epoch >= 2)
    const { id } = await bob.messages.send(address, 'is it still you?')
    assert.deepEqual(await take(back, 1), ['is it still you?'])
    await reaches(bob, 'delivered', id)
  })
})
