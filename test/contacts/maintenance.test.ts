import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { encodeAddress } from '../../src/core/address.ts'
import { createIdentity, renewDevice } from '../../src/core/identity.ts'
import { CONTACT_REPUBLISH } from '../../src/core/limits/connection-limits.ts'
import { CARD_REISSUE } from '../../src/core/limits/protocol-limits.ts'
import { RECORD_AGE_MAX, RECORD_REPAIR } from '../../src/core/limits/record-limits.ts'
import { rotateIdentity } from '../../src/core/recovery.ts'
import { createStorage } from '../../src/directory/node/storage.ts'
import { COMMAND } from '../../src/directory/request-format.ts'
import { alice, bob, codeOf, makeWorld, settle } from '../connection/sides.ts'
import { NOW } from '../core/identities.ts'
import { seededRandom } from '../core/test-bytes.ts'
import { silent } from '../directory/memory-network.ts'
import { aboutTrust, collect, endOf } from '../messages/told.ts'
import { createTown, type Town } from '../messages/town.ts'

/** What a listening peer does for itself and for its contacts while hours pass. */

const { identity: carol, phrase } = createIdentity(NOW, seededRandom('maintenance/carol'))
const address = encodeAddress(carol.log.id)

type Pace = { readonly town: Town; readonly world: { now: number } }

/** Time goes by for clocks and timers alike: a clock that jumps is another thing. */
const goOn = async (t: TestContext, { town, world }: Pace, seconds: number): Promise<void> => {
  for (let minute = 0; minute < seconds / 60; minute++) {
    world.now += 60
    town.directory.now += 60
    t.mock.timers.tick(60_000)
  }
  for (let turn = 0; turn < 20; turn++) await settle()
}

const start = async (t: TestContext) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const town = createTown()
  const world = makeWorld('maintenance')
  const peer = town.open(bob, { world })
  const events = collect(peer)
  t.after(() => peer.close())
  /** Rounds of six hours, each to its end. */
  const pass = async (rounds: number): Promise<void> => {
    for (let round = 0; round < rounds; round++) await goOn(t, { town, world }, CARD_REISSUE)
  }
  return { town, world, events, bob: peer, pass }
}

test('§4 contacts keep each other alive: a log is found for as long as a contact of its owner is online', async (t) => {
  const { town, world, bob: b, pass } = await start(t)
  const c = town.open(carol, { world })
  await c.listen()
  await b.connect(address)
  await c.close()
  const days = RECORD_AGE_MAX / CARD_REISSUE
  await pass(days + 2)
  // Nobody did it while Bob was not listening either.
  assert.equal(await codeOf(town.open(alice, { world }).lookup(address)), 'ERR_LOOKUP_NOT_FOUND')

  await b.listen()
  for (let turn = 0; turn < 20; turn++) await settle()
  await pass(2 * days)
  const found = await town.open(alice, { world }).lookup(address)
  assert.deepEqual([found.log.last.hash, found.freshness], [carol.log.last.hash, 'stale'])
  assert.deepEqual([found.card, found.trust.freshness], [null, 'stale'])
})

test('§4 a log is put back once a day, not at every round, and a forked one not at all', async (t) => {
  const { town, world, bob: b, pass } = await start(t)
  await town.publish(carol.log)
  const c = town.open(carol, { world })
  await c.listen()
  await b.connect(address)
  await c.close()
  await b.listen()
  const last = (): number | undefined => b.store.contacts.get(carol.log.id)?.published
  for (let turn = 0; turn < 20; turn++) await settle()
  const first = last()
  assert.equal(first, NOW)
  await pass(CONTACT_REPUBLISH / CARD_REISSUE - 1)
  assert.equal(last(), first)
  await pass(1)
  assert.equal(last(), NOW + CONTACT_REPUBLISH)
  const [one, two] = await Promise.all(['one', 'two'].map((name) => renewDevice(carol, NOW, seededRandom(name))))
  assert.ok(one !== undefined && two !== undefined)
  await town.publish(one.log)
  await town.publish(two.log)
  await b.lookup(address)
  await pass(CONTACT_REPUBLISH / CARD_REISSUE)
  assert.equal(last(), NOW + CONTACT_REPUBLISH)
})

test('§2 an owner is told that another branch of the own log is about, once', async (t) => {
  const { town, world } = await start(t)
  const own = await renewDevice(carol, NOW, seededRandom('own'))
  const c = town.open(own, { world })
  const events = collect(c)
  t.after(() => c.close())
  await c.listen()
  for (let turn = 0; turn < 20; turn++) await settle()
  assert.deepEqual(aboutTrust(events), [])
  await town.publish((await renewDevice(carol, NOW, seededRandom('theirs'))).log)
  for (let round = 0; round < 3; round++) await goOn(t, { town, world }, CARD_REISSUE)
  assert.deepEqual(aboutTrust(events), [{ type: 'forked', address }])
})

test('§2 a machine whose keys are void is told at its next round; silence is told as what it is', async (t) => {
  const { town, world } = await start(t)
  const c = town.open(carol, { world })
  const events = collect(c)
  t.after(() => c.close())
  await c.listen()
  const pass = (): Promise<void> => goOn(t, { town, world }, CARD_REISSUE)
  for (const node of town.directory.nodes) node.behaviour = silent
  await pass()
  for (const node of town.directory.nodes) node.behaviour = null
  await town.publish(rotateIdentity(carol.log, phrase, NOW, seededRandom('rotated')).log)
  await pass()
  const codes = aboutTrust(events).map((event) => {
    const error = 'error' in event ? event.error : undefined
    return [event.type, error instanceof Error && 'code' in error ? error.code : undefined]
  })
  assert.deepEqual(codes, [
    ['not-published', 'ERR_PUBLISH_REFUSED'],
    ['superseded', 'ERR_PEER_SUPERSEDED'],
  ])
})

test('§6 an owner is told once that others do not find what was published, and again after they did', async (t) => {
  const { town, events, bob: b, pass } = await start(t)
  await b.listen()
  for (let turn = 0; turn < 20; turn++) await settle()
  const told = () => events.filter(({ type }) => type === 'unconfirmed').length
  assert.equal(told(), 0)
  // Nodes that accept everything, and say to everybody that they hold nothing.
  const lie = (): void => {
    for (const node of town.directory.nodes) {
      const empty = createStorage()
      node.behaviour = ({ command, value, honest }) =>
        command === COMMAND.put ? honest() : empty.handle(command, value, { now: NOW, proven: true })
    }
  }
  lie()
  await pass(3)
  assert.equal(told(), 1)
  const [one] = town.directory.nodes
  assert.ok(one)
  one.behaviour = null
  await pass(2)
  assert.equal(told(), 1)
  for (const node of town.directory.nodes) node.behaviour = null
  await pass(1)
  lie()
  one.behaviour = null
  await pass(1)
  assert.equal(told(), 2)
})

for (const who of ['a node', 'every node'] as const)
  test(`§6 ${who} that lost the records has them again within the hour`, async (t) => {
    const { town, world, bob: b } = await start(t)
    await b.listen()
    for (let turn = 0; turn < 20; turn++) await settle()
    const nodes = who === 'a node' ? town.directory.nodes.slice(0, 1) : town.directory.nodes
    const empty = nodes.map((node) => {
      assert.equal(node.storage.size, 1)
      const storage = createStorage()
      Object.assign(node, { storage })
      return storage
    })
    await goOn(t, { town, world }, RECORD_REPAIR)
    assert.deepEqual(
      empty.map(({ size }) => size),
      nodes.map(() => 1),
    )
  })

test('§2 who talks with a thief for hours is told when the owner has taken the identity back', async (t) => {
  const { town, world, bob: b, events, pass } = await start(t)
  const stolen = await renewDevice(carol, NOW, seededRandom('stolen'))
  const thief = town.open(stolen, { world })
  t.after(() => thief.close())
  await thief.listen()
  const near = await b.connect(address)
  await b.listen()
  await town.publish(rotateIdentity(carol.log, phrase, NOW, seededRandom('rotated')).log)
  await pass(1)
  assert.equal(await endOf(near), 'ERR_KEYS_REPLACED')
  assert.deepEqual(aboutTrust(events), [{ type: 'changed', address, change: 'superseded' }])
})
