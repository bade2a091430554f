import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeAddress } from '../../src/core/address.ts'
import { createIdentity, renewDevice } from '../../src/core/identity.ts'
import { MESSAGE_AGE_MAX, MESSAGES_AGAIN_MAX } from '../../src/core/limits/message-limits.ts'
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
const sequence = makeBytes('sequence', 16)

const start = (folder: null = null) => {
  const [store, world] = [openStore(folder), makeWorld('exposures')]
  const events: MessageEvent[] = []
  const queued: Uint8Array[] = []
  const { messages, exposures } = store
  const expose = createExposures({
    ...{ store, world, onMessages: () => {} },
    ...{ queued: (whom) => void queued.push(whom), emit: (event) => void events.push(event) },
  })
  /** A message that came to one of her devices. */
  const came = (device: Uint8Array, age = 0): number => {
    const { id, number } = messages.queue(peer, 'handfast', new Uint8Array(1), world.clock() - age * 1000, sequence)
    exposures.went(peer, sequence, number, device)
    messages.markSent(peer, sequence, number)
    exposures.came(peer, messages.markDelivered(peer, sequence, number), device)
    return id
  }
  const waiting = (): readonly number[] => messages.pending(peer, sequence, 0, 1_000).map(({ number }) => number)
  return { store, messages, exposures, expose, events, queued, came, waiting }
}

const [old, next] = [alice.ik.publicKey, rotated.ik.publicKey]

test('§6 not more than the latest 256 of the last 30 days are sent again, and they do not wait for those before', () => {
  const { messages, expose, events, queued, came, waiting } = start()
  for (let index = 0; index < 5; index++) came(old, MESSAGE_AGE_MAX + 60)
  for (let index = 0; index < MESSAGES_AGAIN_MAX + 10; index++) came(old)
  const tell = expose(rotated.log)
  assert.deepEqual(events, [])
  tell()
  const count = 5 + MESSAGES_AGAIN_MAX + 10
  const told = { type: 'exposed', address: encodeAddress(peer), files: 0 }
  assert.deepEqual([...events], [{ ...told, messages: count, again: MESSAGES_AGAIN_MAX }])
  assert.deepEqual([waiting().length, waiting()[0], queued.length], [MESSAGES_AGAIN_MAX, 16, 1])
  // Whoever has none of them takes the first: it follows nothing that is still to come.
  assert.deepEqual([messages.before(peer, sequence, 16), messages.before(peer, sequence, 17)], [0, 16])
  assert.ok(messages.history(peer, 'handfast', 1e9, 1e3).every(({ exposed }) => exposed))
  expose(rotated.log)()
  assert.equal(events.length, 1)
})

test('§6 what came to keys that stand as well is told, and not sent again; what a younger log keeps is not even told', async () => {
  const { store, messages, exposures, expose, events, came, waiting } = start()
  const id = came(old)
  expose(alice.log)()
  expose((await renewDevice(alice, NOW, seededRandom('exposures/renewed'))).log)()
  assert.deepEqual(events, [])
  exposures.came(peer, [{ id }], next)
  came(next)
  expose(rotated.log)()
  assert.deepEqual([events.length, waiting()], [1, []])
  assert.deepEqual(
    messages.history(peer, 'handfast', 1e9, 10).map(({ state, exposed }) => [state, exposed]),
    [
      ['delivered', true],
      ['delivered', false],
    ],
  )
  store.close()
})

test('§6 whoever has retired is sent nothing again, and parcels for the former keys are dropped', () => {
  const retired = rotateIdentity(alice.log, phrase, NOW, seededRandom('exposures/retired'), 'retired')
  const { store, expose, events, came, waiting } = start()
  came(old)
  store.mailboxOutbox.queue(peer, makeBytes('mailbox', 32), NOW, {
    sequence,
    upto: 1,
    parcel: makeBytes('parcel', 2048),
  })
  expose(retired.log)()
  assert.deepEqual([events.length, waiting(), store.mailboxOutbox.queued(peer)], [1, [], []])
  assert.partialDeepStrictEqual(events, [{ messages: 1, again: 0 }])
})
