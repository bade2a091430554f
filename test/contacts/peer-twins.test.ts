import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ContactEvent } from '../../src/contacts/contact-events.ts'
import { createJumpWatch } from '../../src/contacts/jump-watch.ts'
import { createPeerTwins } from '../../src/contacts/peer-twins.ts'
import { createTrustStore } from '../../src/contacts/trust-store.ts'
import { CLOCK_JUMP_MS, CLOCK_LOOK_MS } from '../../src/core/limits/own-check-limits.ts'
import { openStore } from '../../src/store/store.ts'
import { makeWorld } from '../connection/sides.ts'
import { at, makeBytes, makeIdentity, makePrekeys, NOW, publicOf, publishCard } from '../core/identities.ts'

/** Two data folders of a contact that take turns, and a machine that slept. */

const bob = makeIdentity('Bob', { devices: 2 })
const prekeys = makePrekeys('Bob')
const [phone, laptop] = [at(publicOf(bob.devices), 0), at(publicOf(bob.devices), 1)]
const [a, b, c] = [makeBytes('a', 16), makeBytes('b', 16), makeBytes('c', 16)]

const twins = (contact = true) => {
  const events: ContactEvent[] = []
  return {
    events,
    ...createPeerTwins(
      () => contact,
      (event) => events.push(event),
    ),
  }
}

test('a device that answers with one incarnation after the other has one folder, which went back', () => {
  const { met, events } = twins()
  for (const inc of [a, a, b, b, c, c]) met(bob.log, phone, inc)
  assert.deepEqual(events, [])
})

test('one that goes back to the incarnation before has two that take turns, which is told once', () => {
  const { met, events } = twins()
  for (const inc of [a, b, a, b, a]) met(bob.log, phone, inc)
  assert.deepEqual(events, [{ type: 'peer-twin', address: bob.address }])
})

test('two devices have an incarnation each, and of strangers nothing is kept', () => {
  const devices = twins()
  for (const device of [phone, laptop, phone, laptop]) devices.met(bob.log, device, device === phone ? a : b)
  const strangers = twins(false)
  for (const inc of [a, b, a]) strangers.met(bob.log, phone, inc)
  assert.deepEqual([devices.events, strangers.events], [[], []])
})

test('the same of published cards, in the order of their serials, whatever nodes show', () => {
  for (const [order, told] of [
    [[a, b, c], 0],
    [[a, b, a], 1],
  ] as const) {
    const store = openStore(null)
    const events: ContactEvent[] = []
    store.contacts.keep(bob.log, NOW)
    const { accept } = createTrustStore(store, makeWorld('twins'), (event) => events.push(event))
    for (const [index, inc] of order.entries()) {
      const card = publishCard(bob, prekeys, { now: NOW + index, inc })
      // Nodes show it again and again.
      for (const _ of ['once', 'twice']) accept(bob.log, card, true)
    }
    assert.equal(events.filter(({ type }) => type === 'peer-twin').length, told)
    store.close()
  }
})

test('the clocks part ways when a machine slept, when its clock was set, and when nobody looked for long', () => {
  const clocks = { wall: NOW * 1000, counting: 5 }
  const watch = createJumpWatch({ clock: () => clocks.wall, counting: () => clocks.counting })
  const pass = (wall: number, counting = wall): boolean => {
    clocks.wall += wall
    clocks.counting += counting
    return watch.jumped()
  }
  try {
    assert.equal(pass(CLOCK_LOOK_MS), false)
    assert.equal(pass(CLOCK_LOOK_MS + CLOCK_JUMP_MS), false, 'timers are late')
    assert.equal(pass(3_600_000, CLOCK_LOOK_MS), true, 'asleep')
    assert.equal(pass(CLOCK_LOOK_MS), false)
    assert.equal(pass(-3_600_000, CLOCK_LOOK_MS), true, 'set back')
    assert.equal(pass(3_600_000), true, 'stopped')
  } finally {
    watch.stop()
  }
})
