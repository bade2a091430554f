import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { encodeAddress } from '../../src/core/address.ts'
import { HandfastError } from '../../src/core/errors.ts'
import { CARD_AGE } from '../../src/core/limits/protocol-limits.ts'
import { COMMAND } from '../../src/directory/request-format.ts'
import type { Peer } from '../../src/peer/peer.ts'
import type { PeerEvent } from '../../src/peer/peer-events.ts'
import type { PeerParts } from '../../src/peer/peer-parts.ts'
import { openStore } from '../../src/store/store.ts'
import { alice, bob, codeOf, makeWorld, settle } from '../connection/sides.ts'
import { NOW } from '../core/identities.ts'
import { rewriting } from '../directory/client/liars.ts'
import { carol as carolIdentity, meet } from '../messages/residents.ts'
import { collect, isOfType } from '../messages/told.ts'
import { createTown, type Town } from '../messages/town.ts'

/** Peers whose clock is wrong, or whose nodes say so: what is refused, what is told, and that all is well once it is right. */

const DAY = 86_400
const carol = encodeAddress(carolIdentity.log.id)

/** Three nodes, each in a network of its own. */
const apart = () => createTown({ addressOf: (index) => ({ host: `10.0.${index}.1`, port: 49737 }) })
/** Three nodes of one network: a family's, or one liar's. */
const together = () => createTown()

const open = (t: TestContext, town: Town, ahead: number, changed: Partial<PeerParts> = {}) => {
  const world = makeWorld('wrong', NOW + ahead)
  const peer = town.open(bob, { world, ...changed })
  t.after(() => peer.close())
  return { world, peer, events: collect(peer) }
}

const noticesOf = (events: readonly PeerEvent[]) => events.filter(isOfType('clock'))

const refusalOf = async (work: Promise<unknown>): Promise<HandfastError> => {
  const error = await work.then(
    () => assert.fail('it was done'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof HandfastError, String(error))
  return error
}

const cardsAt = (town: Town): number =>
  town.directory.nodes.filter(({ asked }) => (asked.get(COMMAND.put) ?? 0) > 0).length

for (const [way, ahead] of [
  ['ahead', 3 * DAY],
  ['behind', -3 * DAY],
  ['of 1970', -NOW],
] as const)
  test(`§9 a clock ${way}: no card is signed, both times are named, and all is well once it is set`, async (t) => {
    const town = apart()
    const { world, peer, events } = open(t, town, ahead)
    const error = await refusalOf(peer.listen())
    assert.equal(error.code, 'ERR_CLOCK')
    assert.match(error.message, /this computer: \d{4}-.* 3 networks of nodes: 2026-01-01 00:00 UTC/)
    assert.equal(cardsAt(town), 0)
    await settle()
    assert.deepEqual(noticesOf(events), [{ type: 'clock', ahead, networks: 3, off: true }])
    assert.deepEqual(peer.clock.ahead === undefined, false)
    world.now = NOW
    assert.equal((await peer.listen()).accepted, 3)
    const found = await town.open(alice).lookup(peer.address)
    assert.deepEqual([found.freshness, found.card?.card.from], ['current', NOW])
  })

test('§9 below three networks it is told, and the nodes refuse what was signed: because of the clock', async (t) => {
  const town = together()
  const { world, peer, events } = open(t, town, 3 * DAY)
  const error = await refusalOf(peer.listen())
  assert.equal(error.code, 'ERR_CLOCK')
  assert.match(error.message, /1 network of nodes: .*ERR_CARD_AHEAD from 3/)
  await settle()
  assert.equal(noticesOf(events).length, 1)
  // The serial of that card is days ahead, and nobody goes on from it.
  world.now = NOW + 1
  assert.equal((await peer.listen()).accepted, 3)
})

test('§9 half an hour is nothing to speak of', async (t) => {
  for (const ahead of [-1800, 1800]) {
    const { peer, events } = open(t, apart(), ahead)
    assert.equal((await peer.listen()).accepted, 3)
    await settle()
    assert.deepEqual(noticesOf(events), [])
  }
})

test('§9 a minority of liars blocks nothing; a majority only until the owner says that the clock is right', async (t) => {
  const lie = (town: Town, liars: number): void => {
    for (const node of town.directory.nodes.slice(0, liars))
      node.behaviour = rewriting((answer) => ({ ...answer, now: NOW + 400 * DAY }))
  }
  const one = apart()
  lie(one, 1)
  const { peer, events } = open(t, one, 0)
  assert.equal((await peer.listen()).accepted, 3)
  await settle()
  assert.deepEqual(noticesOf(events), [])

  const many = apart()
  lie(many, 3)
  assert.equal(await codeOf(open(t, many, 0).peer.listen()), 'ERR_CLOCK')
  const sure = open(t, many, 0, { clockIsRight: true })
  assert.equal((await sure.peer.listen()).accepted, 3)
  await settle()
  assert.deepEqual(noticesOf(sure.events), [])
  // Nobody's word got into what is signed.
  const found = await sure.peer.lookup(sure.peer.address).catch(() => null)
  assert.equal(found?.card?.card.from, NOW)

  // All of one network: told, and nothing refused.
  const alone = together()
  lie(alone, 3)
  const told = open(t, alone, 0)
  assert.equal((await told.peer.listen()).accepted, 3)
  await settle()
  assert.equal(noticesOf(told.events).length, 1)
})

test('§9 while a peer runs its clock is set: what it announces is accepted, and found, within the minute', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const goOn = async (town: Town, world: { now: number }, minutes: number): Promise<void> => {
    for (let minute = 0; minute < minutes; minute++) {
      world.now += 60
      town.directory.now += 60
      t.mock.timers.tick(60_000)
      for (let turn = 0; turn < 20; turn++) await settle()
    }
  }
  const town = apart()
  const { world, peer, events } = open(t, town, 0)
  await peer.listen()
  const reader = town.open(alice, { world: makeWorld('reader', NOW) })
  const from = async (): Promise<number | undefined> => (await reader.lookup(peer.address)).card?.card.from
  const puts = (): number => town.directory.nodes.reduce((sum, { asked }) => sum + (asked.get(COMMAND.put) ?? 0), 0)

  // Nobody accepts what it would say by that clock, so it says nothing.
  world.now += 3 * DAY
  const before = puts()
  await goOn(town, world, 1)
  assert.deepEqual(
    events
      .filter(({ type }) => type === 'not-published')
      .map((event) => 'error' in event && (event.error as HandfastError).code),
    ['ERR_CLOCK'],
  )
  assert.equal(noticesOf(events).length, 1)
  assert.equal(await from(), NOW)
  // Set right again, within ten minutes: it is not hot, but not forgotten either.
  world.now -= 3 * DAY
  await goOn(town, world, 12)
  assert.ok(puts() > before)
  assert.ok(((await from()) ?? 0) > NOW)

  // A clock that jumps every minute costs no more than one announcement in ten.
  const calm = puts()
  await goOn(town, world, 15)
  assert.equal(puts(), calm)
  for (let jump = 0; jump < 20; jump++) {
    world.now += jump % 2 === 0 ? 2 * DAY : -2 * DAY
    await goOn(town, world, 1)
  }
  const failures = events.filter(({ type }) => type === 'not-published').length
  assert.ok(failures <= 4, `${failures}`)
  await goOn(town, world, 12)
  assert.ok(puts() > calm)
})

test('§9 a computer that slept announces itself anew when it wakes', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const town = apart()
  const { world, peer } = open(t, town, 0)
  await peer.listen()
  // Timers stand still, and the card has run out meanwhile.
  const slept = CARD_AGE + 60
  world.now += slept
  town.directory.now += slept
  const reader = town.open(alice, { world: makeWorld('reader', NOW + slept + 60) })
  assert.equal((await reader.lookup(peer.address)).freshness, 'stale')
  world.now += 60
  town.directory.now += 60
  t.mock.timers.tick(60_000)
  for (let turn = 0; turn < 40; turn++) await settle()
  assert.equal((await reader.lookup(peer.address)).freshness, 'current')
})

test('§7 by a clock that is off nobody is called stale, and the clock is named instead', async (t) => {
  const town = apart()
  const alicePeer = town.open(alice)
  t.after(() => alicePeer.close())
  await alicePeer.listen()
  for (const ahead of [3 * DAY, -3 * DAY]) {
    const { peer, events } = open(t, town, ahead)
    const found = await peer.lookup(alicePeer.address)
    assert.equal(found.trust.freshness, 'stale')
    assert.match(found.trust.reason, /a clock that is off .*: this computer: .*, 3 networks of nodes: 2026-01-01/)
    assert.deepEqual(found.clock, { ahead, networks: 3, off: true })
    assert.deepEqual(peer.clock, found.clock)
    const error = await refusalOf(peer.connect(alicePeer.address))
    // By one that is ahead the card has run out, by one that is behind it has not begun: both times either way.
    assert.equal(error.code, ahead > 0 ? 'ERR_CARD_EXPIRED' : 'ERR_CLOCK')
    assert.match(error.message, /this computer: .* UTC, .*: .* UTC/)
    await settle()
    assert.equal(noticesOf(events).length, 1)
  }
})

test('nothing is thrown away for its age while the clock is doubted', async (t) => {
  const town = apart()
  const store = openStore(null)
  const kept = { ...store, close: () => {} }
  t.after(() => store.close())
  const before = open(t, town, 0, { store: kept })
  await before.peer.messages.send(carol, 'waiting')
  await before.peer.close()
  const stateOf = (peer: Peer): string[] => peer.messages.history(carol).map(({ state }) => state)
  const { peer, world } = open(t, town, 40 * DAY, { store: kept, clockIsRight: false })
  await peer.publish().catch(() => {})
  assert.equal(peer.clock.off, true)
  await peer.messages.send(carol, 'another')
  for (let turn = 0; turn < 50; turn++) await settle()
  assert.deepEqual(stateOf(peer), ['queued', 'queued'])
  assert.equal(world.now, NOW + 40 * DAY)
})

test('§3 what waits in a mailbox is not lost to a clock that was set back since the card it was made for', async (t) => {
  const { town, a, b } = await meet(t)
  // Within what clocks may differ by both times, and by more than that between them.
  await b.visit(async () => {}, { world: makeWorld('fast', NOW + 3000) })
  await a.write(b.address, 'one')
  const slow = town.open(bob, { world: makeWorld('slow', NOW - 1200), store: { ...b.store, close: () => {} } })
  t.after(() => slow.close())
  assert.partialDeepStrictEqual(await slow.mailboxes.fetch(), { taken: 1, failures: [] })
})
