import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OFFLINE_SESSION_SEND_AGE, PARCEL_AGAIN } from '../../src/core/limits/message-limits.ts'
import { chooseSession } from '../../src/messages/offline-session.ts'
import type { OfflineSession } from '../../src/store/offline-session-store.ts'
import { at, makeBytes, makeIdentity } from '../core/identities.ts'
import { makeTalkingSides } from '../core/sessions.ts'

const NOW = 10_000_000
const { log } = makeIdentity('Bob')
const device = at(log.last.entry.devices, 0)
const own = makeBytes('own', 33)
const { alice } = makeTalkingSides('mail keys')

const sessionOf = (h1: number, changed: Partial<OfflineSession> = {}): OfflineSession => ({
  h1: new Uint8Array(32).fill(h1),
  ours: true,
  live: true,
  begun: NOW,
  heard: null,
  session: alice.session,
  hello: null,
  log,
  device,
  own,
  inc: makeBytes('inc', 16),
  ...changed,
})
const chosen = (...sessions: readonly OfflineSession[]): number | null => chosenIn(makeBytes('inc', 16), ...sessions)
/** The same when their store is known to live a certain life. */
const chosenIn = (inc: Uint8Array, ...sessions: readonly OfflineSession[]): number | null =>
  chooseSession(sessions, { device, inc }, own, NOW)?.h1[0] ?? null

test('of a session of each side both choose the one with the smaller h1', () => {
  const [small, large] = [
    { ours: sessionOf(1), theirs: sessionOf(1, { ours: false, heard: NOW }) },
    { ours: sessionOf(2), theirs: sessionOf(2, { ours: false, heard: NOW }) },
  ]
  assert.equal(chosen(small.ours, large.theirs), 1)
  assert.equal(chosen(large.theirs, small.ours), 1)
  assert.equal(chosen(large.ours, small.theirs), 1)
  assert.equal(chosen(small.theirs, large.ours), 1)
})

test('one that may not be sent in, cannot send, or is of other keys is passed over', () => {
  assert.equal(chosen(), null)
  assert.equal(chosen(sessionOf(1, { live: false }), sessionOf(2, { ours: false, heard: NOW })), 2)
  assert.equal(chosen(sessionOf(1, { session: { ...alice.session, sending: null } })), null)
  assert.equal(chosen(sessionOf(1, { own: makeBytes('other', 33) })), null)
  assert.equal(chosen(sessionOf(1, { device: { ...device, dh: makeBytes('dh', 33) } })), null)
  assert.equal(chosen(sessionOf(1, { device: { ...device, sign: makeBytes('sign', 33) } })), null)
})

test('one of ours that nobody answered for a week leads nowhere; an answered one lasts for two after what came last', () => {
  assert.equal(chosen(sessionOf(1, { begun: NOW - PARCEL_AGAIN + 1 })), 1)
  assert.equal(chosen(sessionOf(1, { begun: NOW - PARCEL_AGAIN })), null)
  for (const ours of [true, false]) {
    const heard = NOW - OFFLINE_SESSION_SEND_AGE
    assert.equal(chosen(sessionOf(1, { ours, begun: 1, heard: heard + 1 })), 1)
    assert.equal(chosen(sessionOf(1, { ours, begun: 1, heard })), null)
  }
})

test('one that began with another life of their store is passed over', () => {
  const [one, two] = [makeBytes('one', 16), makeBytes('two', 16)]
  assert.equal(chosenIn(two, sessionOf(1, { inc: one }), sessionOf(2, { ours: false, heard: NOW, inc: two })), 2)
  assert.equal(chosenIn(one, sessionOf(1, { inc: two })), null)
  assert.equal(chosenIn(one, sessionOf(1, { inc: one })), 1)
})
