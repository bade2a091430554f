import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deviceId } from '../../src/core/key-log-entry.ts'
import {
  PLACES_PER_MESSAGE,
  STRANGER_MESSAGES_MAX,
  UNKNOWN_APPLICATION_MESSAGES_MAX,
  UNKNOWN_APPLICATIONS_MESSAGES_MAX,
} from '../../src/core/limits/message-limits.ts'
import { STRANGER_MESSAGES } from '../../src/core/limits/stranger-rates.ts'
import { messageId, nextPlace, sequenceStart } from '../../src/core/places.ts'
import { encodeBody } from '../../src/messages/body.ts'
import { createInbox, type IncomingMessage } from '../../src/messages/inbox.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { alice, bob, makeWorld } from '../connection/sides.ts'
import { at, NOW } from '../core/identities.ts'
import { sequence } from './lines-alone.ts'
import { chain } from './written.ts'

/** How many messages of whom there is room for, and what becomes of the rest. */

const peer = alice.log.id
const sender = { peer, device: deviceId(at(alice.log.last.entry.devices, 0)) }
const messages = (name: string, app: string, count: number): IncomingMessage[] =>
  chain({ from: peer, to: bob.log.id, app }, sequence(name), count).map(({ m: _, ...said }) => ({
    ...{ s: sequence(name), app },
    ...said,
  }))

/** The place of message `n` of such a sequence. */
const placeOf = (s: Uint8Array, n: number, app = 'handfast') => ({
  n,
  c: at(chain({ from: peer, to: bob.log.id, app }, s, n), n - 1).c,
})

const start = (isContact: boolean, isRefused = false) => {
  const store = openStore(null)
  const world = makeWorld('inbox')
  store.applications.remember('handfast')
  const inbox = createInbox({
    ...{ own: bob.log.id, store, world },
    isContact: () => isContact,
    isRefused: () => isRefused,
  })
  return { store, inbox }
}

test('of what comes at once each sequence is taken as far as there is room for its application, whatever the others lack', () => {
  const { store, inbox } = start(true)
  const most = UNKNOWN_APPLICATION_MESSAGES_MAX
  const taken = inbox.take(sender, [...messages('a', 'chess', most + 2), ...messages('b', 'handfast', 3)])
  assert.deepEqual(taken.upTo, [
    { s: sequence('a'), ...placeOf(sequence('a'), most, 'chess') },
    { s: sequence('b'), ...placeOf(sequence('b'), 3) },
  ])
  assert.deepEqual(
    taken.refused.map(({ s, n }) => ({ s, n })),
    [{ s: sequence('a'), n: most + 1 }],
  )
  assert.equal(taken.fresh.length, most + 3)
  assert.equal(inbox.room(peer, 'chess'), 0)
  store.close()
})

test('what is here already is taken again where there is no room, and is not new', () => {
  const { store, inbox } = start(true)
  const all = messages('a', 'chess', UNKNOWN_APPLICATION_MESSAGES_MAX)
  inbox.take(sender, all)
  const { upTo, refused, fresh } = inbox.take(sender, all)
  assert.deepEqual([upTo.length, refused, fresh], [1, [], []])
  store.close()
})

test('applications that nobody opened share what little room there is, and a stranger has less', () => {
  const { store, inbox } = start(true)
  const each = UNKNOWN_APPLICATION_MESSAGES_MAX
  const count = UNKNOWN_APPLICATIONS_MESSAGES_MAX / each
  for (let index = 0; index < count; index++) {
    assert.equal(inbox.room(peer, `app${index}`), each)
    inbox.take(sender, messages(`${index}`, `app${index}`, each))
  }
  assert.equal(inbox.room(peer, 'another'), 0)
  assert.ok(inbox.room(peer, 'handfast') > each)
  store.close()
  const strange = start(false)
  assert.equal(strange.inbox.room(peer, 'handfast'), STRANGER_MESSAGES_MAX)
  strange.store.close()
})

test('a time that is far ahead of our clock is shown as an hour ahead, and its message has the id it was given', () => {
  const { store, inbox } = start(true)
  const between = { from: peer, to: bob.log.id, app: 'handfast' }
  const content = { r: sequence('r'), at: (NOW + 86_400) * 1000, b: encodeBody('from tomorrow') }
  const m = messageId(between, content)
  const place = nextPlace(sequenceStart(between, sequence('a')), m)
  const { fresh } = inbox.take(sender, [{ s: sequence('a'), app: 'handfast', ...place, ...content }])
  assert.deepEqual([fresh[0]?.at, fresh[0]?.m], [(NOW + 3600) * 1000, m])
  store.close()
})

test('of who was refused nothing is taken, of however much room there is', () => {
  const { store, inbox } = start(false, true)
  assert.equal(inbox.room(peer, 'handfast'), 0)
  const taken = inbox.take(sender, messages('a', 'handfast', 2))
  assert.deepEqual([taken.fresh.length, taken.refused.length], [0, 1])
  store.close()
})

test('what a full disk undoes counts once against the rate of a stranger, however often it is tried', () => {
  const { store, inbox } = start(false)
  const all = messages('a', 'handfast', STRANGER_MESSAGES_MAX)
  const undone = new Error('the disk is full')
  const tries = Math.ceil(STRANGER_MESSAGES.count.burst / all.length) + 1
  for (let time = 0; time < tries; time++)
    assert.throws(
      () =>
        store.transaction(() => {
          assert.equal(inbox.take(sender, all).fresh.length, all.length)
          throw undone
        }),
      undone,
    )
  const { fresh, refused } = inbox.take(sender, all)
  assert.deepEqual([fresh.length, refused], [all.length, []])
  // What is said anew counts as ever.
  let taken = all.length
  for (let round = 0; round < tries; round++) {
    for (const { id } of store.messages.history(peer, 'handfast', Number.MAX_SAFE_INTEGER, 1000))
      if (store.messages.get(id)?.state === 'arrived') store.messages.markTaken(id)
    taken += inbox.take(sender, messages(`more ${round}`, 'handfast', STRANGER_MESSAGES_MAX)).fresh.length
  }
  assert.equal(taken, STRANGER_MESSAGES.count.burst)
  store.close()
})

/** One message, said so many times, each time as the first of another sequence. */
const repeated = (from: number, count: number): IncomingMessage[] => {
  const [one] = chain({ from: peer, to: bob.log.id, app: 'handfast' }, sequence('a'), 1)
  const { m, r, at: when, b } = one ?? assert.fail('no message')
  return Array.from({ length: count }, (_, index) => {
    const s = sequence(`again ${from + index}`)
    const place = nextPlace(sequenceStart({ from: peer, to: bob.log.id, app: 'handfast' }, s), m)
    return { s, app: 'handfast', ...place, r, at: when, b }
  })
}

const placesOf = ({ messages: kept }: Store, count: number): number =>
  Array.from({ length: count }, (_, index) => kept.earlierPlace(peer, sequence(`again ${index}`), 1)).filter(
    (place) => place !== null,
  ).length

test('who says the same again and again, each time in another place, fills nothing by it', () => {
  const { store, inbox } = start(true)
  for (let from = 0; from < 500; from += 50) {
    const { refused, upTo } = inbox.take(sender, repeated(from, 50))
    assert.deepEqual([refused.length, upTo.length], [0, 50])
  }
  assert.equal(placesOf(store, 500), PLACES_PER_MESSAGE)
  // It has come, all the same.
  assert.equal(inbox.take(sender, repeated(0, 1)).fresh.length, 0)
  store.close()
})

test('of a stranger what is said again counts as what is said', () => {
  const { store, inbox } = start(false)
  let taken = 0
  for (let from = 0; from < 2 * STRANGER_MESSAGES.count.burst; from += 16)
    taken += inbox.take(sender, repeated(from, 16)).upTo.length
  assert.equal(taken, STRANGER_MESSAGES.count.burst)
  store.close()
})
