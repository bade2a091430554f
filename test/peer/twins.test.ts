import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { openChannel } from '../../src/connection/channel.ts'
import { encodeAddress } from '../../src/core/address.ts'
import { hex } from '../../src/core/bytes.ts'
import { CLOCK_JUMP_MS } from '../../src/core/limits/own-check-limits.ts'
import { seconds } from '../../src/core/world.ts'
import { lookup } from '../../src/directory/client/lookup.ts'
import type { PeerParts } from '../../src/peer/peer-parts.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { alice, bob, codeOf, makeWorld, settle } from '../connection/sides.ts'
import { NOW } from '../core/identities.ts'
import { collect } from '../messages/told.ts'
import { createTown, transportKeyOf } from '../messages/town.ts'

/** Whole peers on copies of one data folder, and on one that went back (docs/spec/store.md §6). */

const start = (t: TestContext) => {
  const town = createTown()
  const worlds: { now: number }[] = []
  const open = (store: Store, changed: Partial<PeerParts> = {}) => {
    const world = makeWorld('twins')
    world.now = worlds.at(-1)?.now ?? NOW
    worlds.push(world)
    // Who never listened under the key they share takes nothing from who does.
    const own = town.transports.add(transportKeyOf(alice))
    let listens = false
    const transport = {
      ...own,
      listen: () => {
        listens = true
        return own.listen()
      },
      close: async () => (listens ? own.close() : undefined),
    }
    const peer = town.open(alice, { store, world, transport, ...changed })
    t.after(() => peer.close())
    return { peer, store, events: collect(peer) }
  }
  const pass = (time: number): void => {
    for (const world of worlds) world.now += time
    town.directory.now += time
  }
  const shown = async () => {
    const world = makeWorld('shown')
    world.now = town.directory.now
    const signal = AbortSignal.timeout(60_000)
    const { devices } = await lookup(town.directory.network, alice.log.id, { now: seconds(world), signal })
    return devices.map(({ device, card }) => [device, hex(card.card.inc), card.card.serial])
  }
  return { town, open, pass, shown }
}

const calm = async (): Promise<void> => {
  for (let turn = 0; turn < 40; turn++) await settle()
}

test('the second of two copies is refused, and the first goes on as if nothing was', async (t) => {
  const { open, pass, shown } = start(t)
  const first = open(openStore(null))
  await first.peer.listen()
  const before = await shown()
  pass(60)
  const second = open(openStore(null))
  assert.equal(await codeOf(second.peer.listen()), 'ERR_STORE_TWIN')
  await calm()
  assert.deepEqual(await shown(), before)
  assert.equal(second.store.self.state().issued, 0)
  const told = second.events.find(({ type }) => type === 'twin')
  assert.ok(told?.type === 'twin' && told.error.code === 'ERR_STORE_TWIN')
  assert.equal(await codeOf(second.peer.publish()), 'ERR_STORE_TWIN')
  assert.equal(await codeOf(second.peer.connect(encodeAddress(bob.log.id))), 'ERR_STORE_TWIN')
  assert.deepEqual(
    first.events.filter(({ type }) => type === 'twin' || type === 'rolled-back'),
    [],
  )
})

test('who takes over goes on, and the first one stops: it ends its connections, and can be read', async (t) => {
  const { town, open, pass, shown } = start(t)
  const first = open(openStore(null))
  await first.peer.listen()
  const b = town.open(bob)
  t.after(() => b.close())
  await b.listen()
  await first.peer.connect(b.address)
  await b.messages.send(first.peer.address, 'before')
  await first.peer.messages.receive()
  // Its first look at its own records is over: the next is in an hour.
  await calm()
  // Less than what makes it look by itself.
  pass(CLOCK_JUMP_MS / 2000)
  const second = open(openStore(null), { takeOver: true })
  await second.peer.listen()
  await calm()
  assert.equal(first.events.filter(({ type }) => type === 'disconnected').length, 1)
  assert.equal(first.events.filter(({ type }) => type === 'twin').length, 1)
  assert.deepEqual(
    second.events.filter(({ type }) => type === 'twin'),
    [],
  )
  assert.equal(second.events.filter(({ type }) => type === 'rolled-back').length, 1)
  const { inc, issued } = second.store.self.state()
  assert.deepEqual(await shown(), [[0, hex(inc), issued]])
  assert.deepEqual(
    first.peer.messages.history(b.address).map(({ text }) => text),
    ['before'],
  )
  assert.equal(await codeOf(first.peer.publish()), 'ERR_STORE_TWIN')
  await first.peer.close()
})

test('nobody can stop a peer by saying that he is its twin', async (t) => {
  const { town, open } = start(t)
  const first = open(openStore(null))
  await first.peer.listen()
  const { card } = await town.open(bob).lookup(first.peer.address)
  assert.ok(card !== null)
  const stranger = town.transports.add(transportKeyOf(bob))
  const channel = openChannel(await stranger.connect(card.card.transport))
  await channel.send({ t: 'open', v: 1, id: alice.log.id, head: null })
  await channel.expect('card', 1_000)
  await channel.send({ t: 'error', code: 'ERR_STORE_TWIN' })
  await calm()
  assert.deepEqual(
    first.events.filter(({ type }) => type === 'twin' || type === 'rolled-back'),
    [],
  )
  await first.peer.publish()
})

test('a store that went back while it ran finds it out at its next announcement', async (t) => {
  const { open, shown } = start(t)
  const store = openStore(null)
  const first = open(store)
  await first.peer.publish()
  const [[, inc] = []] = await shown()
  const { self } = store
  // Put back while it runs: it has forgotten what it signed.
  const back = { ...store, self: { ...self, state: () => ({ ...self.state(), issued: 0 }) } }
  const again = open(back)
  await again.peer.publish()
  assert.deepEqual(
    again.events.filter(({ type }) => type === 'rolled-back'),
    [{ type: 'rolled-back', since: NOW }],
  )
  assert.notEqual((await shown())[0]?.[1], inc)
})

test('cards and hellos name the incarnation, and a lookup shows each device’s latest card', async (t) => {
  const { town, open, shown } = start(t)
  const { peer, store } = open(openStore(null))
  await peer.listen()
  const { inc, issued } = store.self.state()
  assert.deepEqual(await shown(), [[0, hex(inc), issued]])
  const found = await town.open(bob).lookup(peer.address)
  assert.deepEqual(
    found.devices.map(({ device, card, freshness }) => [device, hex(card.card.inc), freshness]),
    [[0, hex(inc), 'current']],
  )
})

test('a new folder that nobody has announced is announced before anything is fetched from a mailbox', async (t) => {
  const { town, open, shown } = start(t)
  const box = town.openMailbox(bob)
  t.after(() => box.close())
  await box.listen()
  const { peer } = open(openStore(null))
  peer.mailboxes.name([box.address])
  assert.deepEqual((await peer.mailboxes.fetch()).failures, [])
  assert.equal((await shown()).length, 1)
})
