import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Answered } from '../../src/connection/twin-dial.ts'
import type { ContactEvent } from '../../src/contacts/contact-events.ts'
import { createOwnCheck, type OwnCheckParts } from '../../src/contacts/own-check.ts'
import { hex } from '../../src/core/bytes.ts'
import { signCard } from '../../src/core/card.ts'
import { renewDevice } from '../../src/core/identity.ts'
import { TWIN_DIALS, TWIN_RETRY, TWIN_TOLD_MS } from '../../src/core/limits/own-check-limits.ts'
import { publish } from '../../src/directory/client/publish.ts'
import { openStore } from '../../src/store/store.ts'
import { codeOf, alice as identity, makeWorld } from '../connection/sides.ts'
import { makeBytes, makePrekeys, NOW } from '../core/identities.ts'
import { seededRandom } from '../core/test-bytes.ts'
import { createMemoryNetwork, silent } from '../directory/memory-network.ts'

/** What a peer does when it looks after its own data folder: T1 to T5 of docs/spec/store.md §6. */

const prekeys = makePrekeys('own check')
const strange = makeBytes('strange', 16)
const deadline = (): AbortSignal => AbortSignal.timeout(60_000)

/** One who stands behind a card, and answers with this incarnation. */
type Standing = { readonly inc: Uint8Array }

const start = (changed: Partial<OwnCheckParts> = {}) => {
  const town = createMemoryNetwork(3)
  const world = makeWorld('own check')
  const { self } = openStore(null)
  const events: ContactEvent[] = []
  const heard: string[] = []
  /** Who answers, dial by dial; the last one again and again. */
  const standing: (Standing | null)[] = [null]
  let stopped: unknown = null
  const ask = async (): Promise<Answered | null> => {
    const one = standing.length > 1 ? standing.shift() : standing[0]
    heard.push('asked')
    if (one === null || one === undefined) return null
    const note = (what: string) => async () => void heard.push(what)
    return { inc: one.inc, tell: note('told'), end: note('ended') }
  }
  const check = createOwnCheck({
    ...{ identity, directory: town.directory, self, world, ask, deadline, jumped: () => false, takeOver: false },
    emit: (event) => events.push(event),
    stop: (error) => {
      stopped = error
    },
    ...changed,
  })
  const announce = async (inc: Uint8Array, serial: number, of = identity): Promise<void> => {
    const keys = { spk: prekeys.spk.publicKey, kem: prekeys.kem.publicKey, transport: makeBytes('transport', 32) }
    const signed = signCard(of.log, of.sign, { device: 0, now: serial, inc, ...keys })
    await publish(town.network, { log: of.log, card: { signed, kem: keys.kem } }, deadline())
  }
  return {
    ...{ town, world, self, events, heard, standing, check, announce },
    inc: () => hex(self.state().inc),
    stopped: () => stopped,
  }
}
const types = (events: readonly ContactEvent[]): readonly string[] => events.map(({ type }) => type)
const clock = NOW * 1000

test('T1 a directory that has nothing of us, or what we know, changes nothing', async () => {
  const { check, self, announce, inc, events, heard } = start()
  const before = inc()
  assert.equal(await check.look(), false)
  const serial = self.issue(clock)
  await announce(self.state().inc, serial)
  assert.equal(await check.look(), false)
  // Signed, and killed before it was published.
  self.issue(clock + 60_000)
  assert.equal(await check.look(), false)
  assert.deepEqual([inc(), events, heard], [before, [], []])
})

test('T1 a silent directory stops nobody, and is asked again', async () => {
  const { check, town, self, announce, inc, events } = start()
  const before = inc()
  await announce(self.state().inc, clock + 5)
  for (const node of town.nodes) node.behaviour = silent
  await check.ready()
  assert.deepEqual([inc(), events], [before, []])
  for (const node of town.nodes) node.behaviour = null
  await check.ready()
  assert.deepEqual(types(events), ['rolled-back'])
})

test('T1 cards under another head, and of other keys, are not of this store', async () => {
  const { check, announce, inc, events, heard } = start()
  const before = inc()
  await announce(strange, clock, await renewDevice(identity, NOW, seededRandom('renewed')))
  assert.equal(await check.look(), false)
  assert.deepEqual([inc(), events, heard], [before, [], []])
})

test('T2 a later card of our own incarnation: the folder went back, and begins anew above it', async () => {
  const { check, self, announce, inc, events, heard } = start()
  const { inc: mine } = self.state()
  self.issue(clock)
  await announce(mine, clock + 1)
  assert.equal(await check.look(), true)
  assert.notEqual(inc(), hex(mine))
  assert.deepEqual([self.state().issued, self.state().former.map(hex)], [clock + 1, [hex(mine)]])
  assert.deepEqual(events, [{ type: 'rolled-back', since: NOW }])
  assert.deepEqual(heard, [])
  assert.equal(check.isAnnounced(), false)
  assert.equal(await check.look(), false, 'that is known now')
})

test('T3 an earlier card of a store that this one was is no news; of another it is told, once', async () => {
  const { check, self, announce, inc, events } = start()
  const { inc: former } = self.state()
  await announce(former, clock - 9)
  self.issue(clock)
  self.draw()
  const before = inc()
  await check.look()
  assert.deepEqual(events, [])
  await announce(strange, clock - 1)
  await check.look()
  await check.look()
  assert.deepEqual([types(events), inc()], [['copied'], before])
})

test('T4 another store of this device answers: we stop, and nothing has changed', async () => {
  const { check, self, announce, inc, events, standing, heard, stopped } = start()
  const before = inc()
  await announce(strange, clock + 1)
  standing[0] = { inc: strange }
  assert.equal(await codeOf(check.ready()), 'ERR_STORE_TWIN')
  assert.deepEqual([inc(), self.state().issued, events, heard], [before, 0, [], ['asked', 'ended']])
  assert.equal((stopped() as { code?: string }).code, 'ERR_STORE_TWIN')
  // What was stopped stays so, without asking anybody.
  for (const again of [check.ready(), check.look(), check.told()]) assert.equal(await codeOf(again), 'ERR_STORE_TWIN')
  assert.equal(heard.length, 2)
})

test('T4 that we answer ourselves says nothing: another dial may find the other one', async () => {
  const { check, self, announce, standing, heard } = start()
  await announce(strange, clock + 1)
  const { inc } = self.state()
  standing.splice(0, 1, { inc }, { inc }, { inc: strange })
  assert.equal(await codeOf(check.look()), 'ERR_STORE_TWIN')
  assert.equal(heard.filter((one) => one === 'asked').length, 3)
})

test('T5 nobody else answers: it begins anew as after T2, and for the same reason once in 6 h', async () => {
  const { check, self, world, town, announce, inc, events, standing, heard } = start()
  const first = inc()
  await announce(strange, clock + 1)
  standing[0] = { inc: self.state().inc }
  assert.equal(await check.look(), true)
  assert.equal(heard.filter((one) => one === 'asked').length, TWIN_DIALS)
  const second = inc()
  assert.notEqual(second, first)
  assert.deepEqual([types(events), self.state().issued], [['rolled-back'], clock + 1])

  standing[0] = null
  await announce(strange, clock + 2)
  assert.equal(await check.look(), false)
  assert.equal(inc(), second)
  world.now += TWIN_RETRY
  town.now = world.now
  assert.equal(await check.look(), true)
  assert.notEqual(inc(), second)
  assert.deepEqual(types(events), ['rolled-back', 'rolled-back'])
})

test('who takes over goes on, and tells the other one when its own card is there', async () => {
  const { check, self, announce, inc, events, standing, heard, stopped } = start({ takeOver: true })
  const before = inc()
  await announce(strange, clock + 1)
  standing[0] = { inc: strange }
  assert.equal(await check.look(), true)
  assert.notEqual(inc(), before)
  assert.deepEqual([heard, stopped(), types(events)], [['asked'], null, ['rolled-back']])
  await announce(self.state().inc, self.issue(clock))
  check.announced()
  assert.deepEqual(heard, ['asked', 'told'])
  // It holds for the first look: who slept while another went on stops when it wakes.
  await announce(strange, clock + 9)
  assert.equal(await codeOf(check.look()), 'ERR_STORE_TWIN')
})

test('who is told that it has a twin looks at once, and stops when there is a later card of another', async () => {
  const { check, world, town, announce, events, heard, stopped } = start()
  assert.equal(await check.told(), false, 'anybody can say so')
  await announce(strange, clock + 1)
  assert.equal(await check.told(), false, 'and is not believed twice a minute')
  world.now += TWIN_TOLD_MS / 1000
  town.now = world.now
  assert.equal(await codeOf(check.told()), 'ERR_STORE_TWIN')
  assert.deepEqual([events, heard], [[], []])
  assert.notEqual(stopped(), null)
})

test('it is looked again when the clocks part ways, and not otherwise', async () => {
  let jumped = false
  const { check, self, announce, events } = start({ jumped: () => jumped })
  await check.ready()
  await announce(self.state().inc, clock + 1)
  await check.ready()
  assert.deepEqual(events, [])
  jumped = true
  await check.ready()
  assert.deepEqual(types(events), ['rolled-back'])
})

test('a card of ours in the directory is what mail waits for', async () => {
  const { check, self, announce } = start()
  await check.ready()
  assert.equal(check.isAnnounced(), false)
  await announce(self.state().inc, self.issue(clock))
  await check.look()
  assert.equal(check.isAnnounced(), true)
  self.draw()
  assert.equal(check.isAnnounced(), false)
})
