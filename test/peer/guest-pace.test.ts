import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GUEST_FRAMES, GUEST_PAUSE_MS, GUESTS_FRAMES } from '../../src/core/limits/mailbox-limits.ts'
import type { MailboxHost } from '../../src/mailbox/host.ts'
import { createGuestPace } from '../../src/peer/guest-pace.ts'
import { createMailboxGuests } from '../../src/peer/mailbox-guests.ts'
import { createPair } from '../connection/memory-transport.ts'
import { bob, createPuppet, makeWorld, mallory, settle, shakeHands } from '../connection/sides.ts'
import { makeBytes } from '../core/identities.ts'

/** Whatever guests of a mailbox say, it is read at a rate: whoever its owner talks to must not wait for it. */

/** How many frames from there come through without a pause, of so many. */
const quick = (pace: (host: string) => number, host: string, many: number): number =>
  Array.from({ length: many }, () => pace(host)).filter((pause) => pause === 0).length

test('a network has its rate, and those that ask for little are not shut out by those that never stop', () => {
  const world = makeWorld('guests')
  const pace = createGuestPace(world)
  assert.equal(quick(pace, '192.0.2.1', GUEST_FRAMES.burst), GUEST_FRAMES.burst)
  assert.deepEqual([pace('192.0.2.2'), pace('192.0.2.3')], [GUEST_PAUSE_MS, GUEST_PAUSE_MS])
  for (const network of [1, 2, 3, 4]) quick(pace, `198.51.${network}.1`, 2 * GUEST_FRAMES.burst)
  world.now += 1
  assert.equal(quick(pace, '198.51.1.1', 100), GUEST_FRAMES.perSecond)
  assert.equal(quick(pace, '203.0.113.1', 50), 50)
})

test('a whole room of parcels is fetched without a pause, and a crowd has no more than all may', () => {
  assert.ok(GUEST_FRAMES.burst >= 5_000)
  const pace = createGuestPace(makeWorld('crowd'))
  const all = Array.from({ length: 16 }, (_, network) => quick(pace, `198.51.${network}.1`, GUEST_FRAMES.burst))
  assert.equal(
    all.reduce((sum, some) => sum + some, 0),
    GUESTS_FRAMES.burst,
  )
})

test('a guest that says more than may be at a time is not read on', async () => {
  const { nearChannel, nearMet, farChannel, farMet } = await shakeHands(createPair(), mallory, bob)
  let heard = 0
  const world = makeWorld('host')
  const closed = Promise.withResolvers<void>()
  const mailbox = {
    serve: async (line) => {
      const next = () => line.receive({ signal: new AbortController().signal }).catch(() => null)
      while ((await next()) !== null) heard += 1
      closed.resolve()
    },
  } as Pick<MailboxHost, 'serve'> as MailboxHost
  const guests = createMailboxGuests({ mailbox, talks: false, identity: bob, world })
  const visitor = { heard: () => {}, proved: () => {}, leave: () => {} }
  guests.receive(farChannel, farMet, { adopt: () => {}, visitor })
  const puppet = createPuppet(nearChannel, nearMet.session)
  // No guest has anything to say in these, so they are passed over; but they have come.
  const frame = { t: 'chunk', id: makeBytes('id', 16), i: 0, d: makeBytes('d', 100) }
  for (let said = 0; said < GUEST_FRAMES.burst; said++) await puppet.sendFrame(frame)
  for (let said = 0; said < 10; said++) await puppet.say({ k: 'visit', d: Uint8Array.of(1) })
  await settle()
  assert.equal(heard, 1)
  await puppet.channel.stream.close()
  await closed.promise
})
