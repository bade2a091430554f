import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { utf8 } from '../../src/core/bytes.ts'
import { secretKey } from '../../src/core/kdf.ts'
import { SEQUENCE_ID_BYTES, SEQUENCES_MAX, STRANGERS_MESSAGES_MAX } from '../../src/core/limits/message-limits.ts'
import { TRIM_EVERY } from '../../src/store/incoming-messages.ts'
import type { StoredMessage } from '../../src/store/message-rows.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { makeBytes, makeIdentity } from '../core/identities.ts'
import { written } from '../messages/written.ts'
import { makeTemporary } from './folders.ts'

const peer = (name: string | number): Uint8Array => makeBytes(`peer/${name}`, 32)
const sequence = (name: string | number): Uint8Array => makeBytes(`sequence/${name}`, SEQUENCE_ID_BYTES)
const body = (text: string): Uint8Array => utf8(text)
const APP = 'handfast'
const OWN = makeBytes('own', 32)
const PAIR = { own: makeBytes('device/own', 16), device: makeBytes('device/theirs', 16) }
const AT = 1_767_225_600_000

/** What stands for a place; whether it is right is not the store's to see. */
const c = (name: string | number, n: number): Uint8Array => makeBytes(`place/${name}/${n}`, 32)

/** Bob's message, or another's, as it is queued. */
const to = (name: string | number, text: string, app = APP, at = AT) =>
  written({ from: OWN, to: peer(name), app }, body(text), { at })
/** Message `n` of a sequence of theirs. */
const arrival = (name: string | number, n: number, app = APP) => ({
  ...{ device: PAIR.device, sequence: sequence(name), app, n, c: c(name, n) },
})
const from = (text: string, queued = AT) => ({
  ...{ m: makeBytes(`message/${text}`, 32), r: makeBytes('r', 16), at: AT, said: AT, queued, body: body(text) },
})

const open = (t: TestContext, folder: string | null, key = 'key'): Store => {
  const store = openStore(folder, secretKey(makeBytes(key, 32)))
  t.after(() => store.close())
  return store
}

/** Bob is written to, so many times, and each message has a place in one sequence. */
const writeSome = ({ messages }: Store, count: number, name = 1): readonly StoredMessage[] => {
  messages.beginSequence(peer('bob'), PAIR, { sequence: sequence(name), app: APP })
  return Array.from({ length: count }, (_, index) => {
    const message = messages.queue(to('bob', `${name}/${index}`, APP, AT + index))
    const place = { id: message.id, sequence: sequence(name), n: index + 1, c: c(name, index + 1) }
    messages.setPlace(peer('bob'), PAIR.device, 1, place)
    return message
  })
}

const ids = (messages: readonly { readonly id: number }[]): number[] => messages.map(({ id }) => id)

test('places are given in order, and say which message is there', (t) => {
  const store = open(t, null)
  const { messages } = store
  const [one, two, three] = writeSome(store, 3)
  assert.ok(one && two && three)
  assert.deepEqual(messages.sequences(peer('bob'), PAIR), [{ sequence: sequence(1), app: APP, got: 0 }])
  assert.deepEqual(messages.sequences(peer('bob'), { ...PAIR, own: makeBytes('another', 16) }), [])
  assert.deepEqual(messages.lastPlace(peer('bob'), sequence(1)), { n: 3, c: c(1, 3) })
  assert.deepEqual(messages.behind(peer('bob'), sequence(1), 1, 10), [
    { ...two, n: 2, c: c(1, 2) },
    { ...three, n: 3, c: c(1, 3) },
  ])
  const places = [0, 1, 2, 4].map((n) => messages.placeAt(peer('bob'), sequence(1), n))
  assert.deepEqual(places, [null, { place: 1, n: 1, c: c(1, 1), at: 1 }, { place: 2, n: 2, c: c(1, 2), at: 1 }, null])
  messages.queue(to('carol', 'x'))
  assert.deepEqual(messages.waiting().toSorted(Buffer.compare), [peer('bob'), peer('carol')].toSorted(Buffer.compare))
  assert.deepEqual(messages.unplaced(peer('carol'), APP, null, 10).length, 1)
  assert.deepEqual(messages.unplaced(peer('bob'), APP, sequence(1), 10), [])
  assert.deepEqual(messages.unplaced(peer('bob'), APP, sequence(2), 2), [one.id, two.id])
})

test('what is covered is delivered, whatever was thought of it; what is lost is sent again or gone', (t) => {
  const store = open(t, null)
  const { messages } = store
  const written = writeSome(store, 4)
  const [one, two, three, four] = ids(written)
  const upTo = (n: number) => ({ sequence: sequence(1), n })
  assert.deepEqual(ids(messages.markSent(peer('bob'), upTo(2), 0)), [one, two])
  assert.deepEqual(ids(messages.markSent(peer('bob'), upTo(2), 0)), [])
  assert.deepEqual(ids(messages.markCovered(peer('bob'), upTo(1), 0)), [one])
  assert.deepEqual(ids(messages.markSent(peer('bob'), upTo(4), 2)), [three, four])
  // Given up after two of the four, what was in their sequence begins another.
  assert.deepEqual(ids(messages.markFailed(peer('bob'), 'ERR_MESSAGE_EXPIRED', AT + 2)), [two])
  assert.deepEqual(messages.sequences(peer('bob'), PAIR), [])
  assert.deepEqual(ids(messages.markCovered(peer('bob'), upTo(3), 1)), [two, three])
  assert.deepEqual(messages.uncovered(peer('bob'), 0, [upTo(1)]), [
    { id: two, state: 'delivered', placed: 2 },
    { id: three, state: 'delivered', placed: 3 },
  ])
  assert.deepEqual(ids(messages.uncovered(peer('bob'), AT + 2, [upTo(1)])), [three])
  assert.deepEqual(messages.uncovered(peer('bob'), 0, [upTo(3)]), [])
  messages.markLost(two ?? 0, 'sent', AT + 99)
  messages.markLost(three ?? 0, 'gone', AT + 99)
  const states = () => messages.history(peer('bob'), APP, 1e9, 10).map(({ state, queued }) => [state, queued - AT])
  assert.deepEqual(states(), [
    ['delivered', 0],
    ['sent', 99],
    ['gone', 2],
    ['sent', 3],
  ])
  assert.deepEqual([messages.countWaiting(peer('bob'), APP), messages.countGone(peer('bob'), APP)], [2, 1])
  assert.deepEqual(ids(messages.requeueGone(peer('bob'), APP, AT + 100)), [three])
  assert.deepEqual(states()[2], ['queued', 100])
})

test('so many are sent again to one peer on a day, and no more', (t) => {
  const { messages } = open(t, null)
  const grant = (day: number, count: number, name = 'bob'): number => messages.grantRepairs(peer(name), day, count, 10)
  assert.deepEqual([grant(1, 7), grant(1, 7), grant(1, 7), grant(1, 7, 'carol'), grant(2, 12)], [7, 3, 0, 7, 10])
})

test('their messages are taken once, in whatever sequence they come, and earlier places are remembered', (t) => {
  const { messages } = open(t, null)
  assert.equal(messages.receive(peer('bob'), arrival(1, 1), from('one'))?.state, 'arrived')
  assert.equal(messages.receive(peer('bob'), arrival(1, 2), from('two'))?.state, 'arrived')
  assert.deepEqual(messages.places(peer('bob')), [{ sequence: sequence(1), app: APP, have: 2, c: c(1, 2) }])
  assert.equal(messages.receive(peer('bob'), arrival(2, 1), from('two')), null)
  assert.deepEqual(messages.places(peer('bob')), [
    { sequence: sequence(2), app: APP, have: 1, c: c(2, 1) },
    { sequence: sequence(1), app: APP, have: 2, c: c(1, 2) },
  ])
  assert.deepEqual(messages.earlierPlace(peer('bob'), sequence(1), 1), { n: 1, c: c(1, 1) })
  assert.equal(messages.earlierPlace(peer('bob'), sequence(1), 3), null)
  assert.deepEqual(
    ['bob', 'carol'].map((name) => messages.hasArrived(peer(name), from('one').m)),
    [true, false],
  )
  assert.deepEqual([messages.places(peer('carol')), messages.placeIn(peer('carol'), sequence(1))], [[], null])
})

test('places are forgotten after their time; what was said stays, and is known when it comes again', (t) => {
  const store = open(t, null)
  const { messages } = store
  writeSome(store, 1)
  messages.receive(peer('bob'), arrival(1, 1), from('one', 1000))
  messages.forgetPlaces(1)
  assert.deepEqual(
    [messages.sequences(peer('bob'), PAIR).length, messages.earlierPlace(peer('bob'), sequence(1), 1)?.n],
    [1, 1],
  )
  messages.forgetPlaces(2)
  // What comes next would commit to a place that nobody remembers: it begins another sequence.
  assert.deepEqual(messages.sequences(peer('bob'), PAIR), [])
  assert.equal(messages.earlierPlace(peer('bob'), sequence(1), 1), null)
  assert.equal(messages.history(peer('bob'), APP, 1e9, 10).length, 2)
  assert.ok(messages.hasArrived(peer('bob'), from('one').m))
})

test('of many sequences the latest are remembered, and those in which something came lately are said', (t) => {
  const { messages } = open(t, null)
  for (let name = 0; name < SEQUENCES_MAX + 3; name++)
    messages.receive(peer('bob'), arrival(name, 1), from(`${name}`, name * 1000))
  const names = Array.from({ length: SEQUENCES_MAX }, (_, index) => sequence(SEQUENCES_MAX + 2 - index))
  assert.deepEqual(
    messages.places(peer('bob')).map((place) => place.sequence),
    names,
  )
  assert.equal(messages.places(peer('bob'), SEQUENCES_MAX).length, 3)
})

test('what strangers said is kept for the latest only, what contacts said for ever', (t) => {
  const { messages, contacts, transaction } = open(t, null)
  const { log } = makeIdentity('Carol')
  contacts.keep(log, 1)
  transaction(() => {
    for (let index = 0; index < STRANGERS_MESSAGES_MAX + 5; index++)
      for (const id of [peer(index), log.id]) {
        const n = id === log.id ? index + 1 : 1
        const message = messages.receive(id, arrival('x', n), from(`${index}`))
        messages.markTaken(message?.id ?? 0)
      }
    messages.trimStrangers()
  })
  assert.equal(messages.history(log.id, APP, 1e9, 1e6).length, STRANGERS_MESSAGES_MAX + 5)
  assert.deepEqual(
    [4, 5].map((index) => messages.history(peer(index), APP, 1e9, 10).length),
    [0, 1],
  )
  assert.deepEqual(
    [4, 5].map((index) => messages.places(peer(index)).length),
    [0, 1],
  )
  // It does not come again all the same.
  assert.ok(messages.hasArrived(peer(4), from('4').m))
  // Once in so many times: it goes through all that was ever said.
  const kept = (): number => messages.history(peer(5), APP, 1e9, 10).length
  messages.markTaken(messages.receive(peer('new'), arrival('x', 1), from('new'))?.id ?? 0)
  for (let times = 1; times < TRIM_EVERY; times++) messages.trimStrangers()
  assert.equal(kept(), 1)
  messages.trimStrangers()
  assert.equal(kept(), 0)
  assert.equal(messages.places(log.id).length, 1)
})

test('messages survive the process, and nothing of what they say is in the clear on the disk', async (t) => {
  const folder = await makeTemporary(t)
  const first = open(t, folder)
  const secret = 'a sentence that nobody else should read'
  first.messages.queue(to('bob', secret))
  first.messages.receive(peer('bob'), arrival(2, 1), from(secret))
  first.close()
  for (const name of await readdir(folder))
    assert.ok(!(await readFile(join(folder, name))).includes(secret), `${name} tells`)
  const again = open(t, folder)
  const said = again.messages.history(peer('bob'), APP, 1e9, 10).map(({ body, out }) => [body, out])
  assert.deepEqual(said, [
    [body(secret), true],
    [body(secret), false],
  ])
})

test('a row under another key, changed, or moved to another conversation is damaged, not believed', async (t) => {
  const folder = await makeTemporary(t)
  const store = open(t, folder)
  store.messages.receive(peer('bob'), arrival(1, 1), from('from Bob'))
  const read = (from: string, by = store): unknown => by.messages.history(peer(from), APP, 1e9, 10)
  assert.throws(() => read('bob', open(t, folder, 'another key')), { code: 'ERR_STORE_CORRUPT' })
  const raw = new DatabaseSync(join(folder, 'handfast.db'))
  t.after(() => raw.close())
  raw.prepare('UPDATE messages SET peer = ?').run(peer('carol'))
  assert.throws(() => read('carol'), { code: 'ERR_STORE_CORRUPT' })
  raw.prepare('UPDATE messages SET peer = ?, out = 1').run(peer('bob'))
  assert.throws(() => read('bob'), { code: 'ERR_STORE_CORRUPT' })
  raw.prepare('UPDATE messages SET out = 0, m = zeroblob(32)').run()
  assert.throws(() => read('bob'), { code: 'ERR_STORE_CORRUPT' })
  raw.prepare('UPDATE messages SET sealed = zeroblob(100)').run()
  assert.throws(() => read('bob'), { code: 'ERR_STORE_CORRUPT' })
})

test('each application has sequences, messages and a history of its own', (t) => {
  const { messages, applications } = open(t, null)
  messages.queue(to('bob', 'e4', 'chess'))
  messages.queue(to('bob', 'hello'))
  assert.deepEqual(messages.waitingApps(peer('bob')), ['chess', APP])
  messages.receive(peer('bob'), arrival('theirs', 1, 'chess'), from('e5'))
  assert.equal(messages.arrived(APP, null, 0), null)
  assert.equal(messages.arrived('chess', peer('bob'), 0)?.app, 'chess')
  assert.deepEqual([messages.countArrived(peer('bob'), 'chess'), messages.countUnknown(peer('bob'))], [1, 1])
  applications.remember('chess')
  assert.equal(messages.countUnknown(peer('bob')), 0)
  assert.equal(messages.history(peer('bob'), APP, 1e9, 10).length, 1)
  assert.deepEqual([messages.countWaiting(peer('bob'), 'chess'), messages.countWaiting(peer('bob'), 'go')], [1, 0])
})
