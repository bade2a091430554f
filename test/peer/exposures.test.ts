import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeAddress } from '../../src/core/address.ts'
import { createIdentity, type Identity, renewDevice } from '../../src/core/identity.ts'
import { MESSAGE_AGE_MAX, MESSAGES_AGAIN_MAX } from '../../src/core/limits/message-limits.ts'
import { ownDeviceId } from '../../src/core/places.ts'
import { rotateIdentity } from '../../src/core/recovery.ts'
import type { MessageEvent } from '../../src/messages/message-events.ts'
import { createExposures } from '../../src/peer/exposures.ts'
import { openStore } from '../../src/store/store.ts'
import { makeWorld } from '../connection/sides.ts'
import { makeBytes, NOW } from '../core/identities.ts'
import { seededRandom } from '../core/test-bytes.ts'

/** What is sent again, and what is not, when a contact has taken keys back. */

const { identity: alice, phrase } = createIdentity(NOW, seededRandom('exposures/alice'))
const peer = alice.log.id
const rotated = rotateIdentity(alice.log, phrase, NOW, seededRandom('exposures/rotated'))
const app = 'handfast'

const start = () => {
  const [store, world] = [openStore(null), makeWorld('exposures')]
  const events: MessageEvent[] = []
  const queued: Uint8Array[] = []
  const { messages } = store
  const expose = createExposures({
    ...{ store, world, onMessages: () => {} },
    ...{ queued: (whom) => void queued.push(whom), emit: (event) => void events.push(event) },
  })
  let written = 0
  /** That message, or a new one, has a place in the sequence of one of her devices. */
  const place = (identity: Identity, { age = 0, id: known }: { age?: number; id?: number } = {}) => {
    written += 1
    const [at, m] = [world.clock() - age * 1000, makeBytes(`message ${written}`, 32)]
    const ours = { peer, app, m, r: makeBytes('random', 16), at, body: new Uint8Array(1) }
    const id = known ?? messages.queue(ours).id
    const pair = { own: makeBytes('own', 16), device: ownDeviceId(identity) }
    if (messages.sequences(peer, pair).length === 0) messages.beginSequence(peer, pair, { sequence: pair.device, app })
    const n = (messages.lastPlace(peer, pair.device)?.n ?? 0) + 1
    messages.setPlace(peer, pair.device, 1, { id, sequence: pair.device, n, c: m })
    return { id, proven: { sequence: pair.device, n } }
  }
  /** The same, and it came there. */
  const came = (identity: Identity, about: { age?: number; id?: number } = {}): number => {
    const { id, proven } = place(identity, about)
    messages.markCovered(peer, proven, proven.n - 1)
    messages.markGot(peer, proven.sequence, proven.n)
    return id
  }
  const waiting = (): readonly number[] => messages.waitingIds(peer, app, 1_000)
  return { store, messages, expose, events, queued, place, came, waiting }
}

test('§10 not more than the latest 256 of the last 30 days are sent again, as the messages that they were', () => {
  const { messages, expose, events, queued, came, waiting } = start()
  for (let index = 0; index < 5; index++) came(alice, { age: MESSAGE_AGE_MAX + 60 })
  const ids = Array.from({ length: MESSAGES_AGAIN_MAX + 10 }, () => came(alice))
  const before = messages.history(peer, app, 1e9, 1e3)
  const tell = expose(rotated.log)
  assert.deepEqual(events, [])
  tell()
  const count = 5 + MESSAGES_AGAIN_MAX + 10
  const told = { type: 'exposed', address: encodeAddress(peer), files: 0, received: 0, receivedFiles: 0 }
  assert.deepEqual([...events], [{ ...told, messages: count, again: MESSAGES_AGAIN_MAX }])
  assert.deepEqual([waiting(), queued.length], [ids.slice(10), 1])
  const after = messages.history(peer, app, 1e9, 1e3)
  assert.ok(after.every(({ exposed }) => exposed))
  assert.deepEqual(
    after.map(({ m, at }) => [m, at]),
    before.map(({ m, at }) => [m, at]),
  )
  expose(rotated.log)()
  assert.equal(events.length, 1)
})

test('§10 what came to keys that stand as well is told, and not sent again; what a younger log keeps is not even told', async () => {
  const { store, messages, expose, events, came, waiting } = start()
  const id = came(alice)
  expose(alice.log)()
  expose((await renewDevice(alice, NOW, seededRandom('exposures/renewed'))).log)()
  assert.deepEqual(events, [])
  came(rotated, { id })
  came(rotated)
  expose(rotated.log)()
  assert.deepEqual([events.length, waiting()], [1, []])
  assert.deepEqual(
    messages.history(peer, app, 1e9, 10).map(({ state, exposed }) => [state, exposed]),
    [
      ['delivered', true],
      ['delivered', false],
    ],
  )
  store.close()
})

test('§10 what only has a place for keys that stand, and is not confirmed there, is sent again; so is what is gone', () => {
  const { messages, expose, came, place, waiting } = start()
  const ids = [came(alice), came(alice)]
  place(rotated, { id: ids[0] ?? 0 })
  messages.markLost(ids[1] ?? 0, 'gone', 1)
  expose(rotated.log)()
  assert.deepEqual(waiting(), ids)
})

test('§10 the mark stays when places are forgotten, and a second theft is told as the first one was', () => {
  const again = rotateIdentity(rotated.log, phrase, NOW, seededRandom('exposures/again'))
  const { messages, expose, events, came, waiting } = start()
  const id = came(alice)
  expose(rotated.log)()
  came(rotated, { id })
  assert.deepEqual(waiting(), [])
  expose(again.log)()
  assert.deepEqual([events.length, waiting()], [2, [id]])
  messages.forgetPlaces(10)
  assert.equal(messages.get(id)?.exposed, true)
})

test('§10 whoever has retired is sent nothing again, and parcels for the former keys are dropped', () => {
  const retired = rotateIdentity(alice.log, phrase, NOW, seededRandom('exposures/retired'), 'retired')
  const { store, expose, events, came, waiting } = start()
  came(alice)
  store.mailboxOutbox.queue(peer, makeBytes('mailbox', 32), NOW, {
    sequence: ownDeviceId(alice),
    upto: 1,
    parcel: makeBytes('parcel', 2048),
  })
  expose(retired.log)()
  assert.deepEqual([events.length, waiting(), store.mailboxOutbox.queued(peer)], [1, [], []])
  assert.partialDeepStrictEqual(events, [{ messages: 1, again: 0 }])
})

test('§10 what came from keys that were taken back is told and marked, and what came from others is not', () => {
  const { store, messages, expose, events, waiting } = start()
  const receive = (identity: Identity, text: string): void => {
    const device = ownDeviceId(identity)
    const n = (messages.placeIn(peer, device)?.have ?? 0) + 1
    const [m, r] = [makeBytes(text, 32), makeBytes('random', 16)]
    const said = { at: 1, said: 1, queued: 1, body: new Uint8Array(1) }
    store.transaction(() => messages.receive(peer, { device, sequence: device, app, n, c: m }, { ...said, m, r }))
  }
  for (const text of ['one', 'two']) receive(alice, text)
  expose(alice.log)()
  receive(rotated, 'three')
  assert.deepEqual(store.exposures.peers(), [peer])
  expose(rotated.log)()
  const told = {
    type: 'exposed',
    address: encodeAddress(peer),
    messages: 0,
    files: 0,
    received: 2,
    receivedFiles: 0,
    again: 0,
  }
  assert.deepEqual([...events], [told])
  assert.deepEqual(
    messages.history(peer, app, 1e9, 10).map(({ state, exposed }) => [state, exposed]),
    [
      ['arrived', true],
      ['arrived', true],
      ['arrived', false],
    ],
  )
  expose(rotated.log)()
  assert.deepEqual([events.length, waiting()], [1, []])
})
