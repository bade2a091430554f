import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { utf8 } from '../../src/core/bytes.ts'
import { secretKey } from '../../src/core/kdf.ts'
import {
  APPLICATIONS_MAX,
  SEQUENCE_ID_BYTES,
  SEQUENCES_MAX,
  STRANGERS_MESSAGES_MAX,
} from '../../src/core/limits/message-limits.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { makeBytes, makeIdentity } from '../core/identities.ts'
import { makeTemporary } from './folders.ts'

const peer = (name: string | number): Uint8Array => makeBytes(`peer/${name}`, 32)
const sequence = (name: string | number): Uint8Array => makeBytes(`sequence/${name}`, SEQUENCE_ID_BYTES)
const body = (text: string): Uint8Array => utf8(text)
const APP = 'handfast'
const place = (name: string | number, number: number, before = number - 1) => ({
  ...{ sequence: sequence(name), app: APP, number, before },
})
const AT = 1_767_225_600_000

const open = (t: TestContext, folder: string | null, key = 'key'): Store => {
  const store = openStore(folder, secretKey(makeBytes(key, 32)))
  t.after(() => store.close())
  return store
}

test('our messages to a peer are numbered in one sequence, whatever sequence is offered later', (t) => {
  const { messages } = open(t, null)
  const [one, two] = [
    messages.queue(peer('bob'), APP, body('one'), AT, sequence(1)),
    messages.queue(peer('bob'), APP, Uint8Array.of(0, 255), AT, sequence(2)),
  ]
  const other = messages.queue(peer('carol'), APP, body('x'), AT, sequence(3))
  assert.deepEqual([one.number, two.number, other.number], [1, 2, 1])
  assert.deepEqual([two.sequence, other.sequence], [sequence(1), sequence(3)])
  assert.deepEqual(messages.pending(peer('bob'), sequence(1), 1, 10), [two])
  assert.deepEqual(messages.waiting().toSorted(Buffer.compare), [peer('bob'), peer('carol')].toSorted(Buffer.compare))
})

test('states go one way: what was delivered is not sent again, and does not fail', (t) => {
  const { messages } = open(t, null)
  for (let index = 0; index < 4; index++) messages.queue(peer('bob'), APP, body(`${index}`), AT + index, sequence(1))
  const numbers = (changed: readonly { number: number }[]): number[] => changed.map(({ number }) => number)
  assert.deepEqual(numbers(messages.markSent(peer('bob'), sequence(1), 2)), [1, 2])
  assert.deepEqual(numbers(messages.markSent(peer('bob'), sequence(1), 2)), [])
  assert.deepEqual(numbers(messages.markDelivered(peer('bob'), sequence(1), 1)), [1])
  assert.deepEqual(numbers(messages.markSent(peer('bob'), sequence(1), 4)), [3, 4])
  assert.deepEqual(numbers(messages.markFailed(peer('bob'), 'ERR_MESSAGE_EXPIRED', AT + 2)), [2])
  assert.deepEqual(numbers(messages.pending(peer('bob'), sequence(1), 0, 10)), [3, 4])
  assert.deepEqual(
    messages.history(peer('bob'), APP, 1e9, 10).map(({ state, reason }) => [state, reason]),
    [
      ['delivered', null],
      ['failed', 'ERR_MESSAGE_EXPIRED'],
      ['sent', null],
      ['sent', null],
    ],
  )
})

test('their messages are taken in order, once, and a gap changes nothing', (t) => {
  const { messages } = open(t, null)
  const receive = (number: number, name = 1, before = number - 1) =>
    messages.receive(peer('bob'), place(name, number, before), AT, body(`${number}`))
  assert.equal(receive(1)?.state, 'arrived')
  assert.equal(receive(1), null)
  assert.throws(() => receive(3), { code: 'ERR_MESSAGE_GAP' })
  assert.deepEqual(messages.places(peer('bob')), [{ sequence: sequence(1), app: APP, have: 1 }])
  assert.equal(receive(2)?.number, 2)
  // A sequence that is new here may begin anywhere.
  assert.equal(receive(40, 2)?.number, 40)
  assert.throws(() => receive(42, 2), { code: 'ERR_MESSAGE_GAP' })
  // What its sender gave up is not waited for.
  assert.equal(receive(44, 1, 2)?.number, 44)
  assert.equal(receive(3), null)
  assert.deepEqual(messages.places(peer('bob')), [
    { sequence: sequence(1), app: APP, have: 44 },
    { sequence: sequence(2), app: APP, have: 40 },
  ])
  assert.deepEqual(messages.places(peer('carol')), [])
})

test('of many sequences the latest are remembered', (t) => {
  const { messages } = open(t, null)
  for (let name = 0; name < SEQUENCES_MAX + 3; name++) messages.receive(peer('bob'), place(name, 1), AT, body('x'))
  const names = Array.from({ length: SEQUENCES_MAX }, (_, index) => sequence(SEQUENCES_MAX + 2 - index))
  assert.deepEqual(
    messages.places(peer('bob')).map((place) => place.sequence),
    names,
  )
})

test('what strangers said is kept for the latest only, what contacts said for ever', (t) => {
  const { messages, contacts, transaction } = open(t, null)
  const { log } = makeIdentity('Carol')
  contacts.keep(log, 1)
  transaction(() => {
    for (let index = 0; index < STRANGERS_MESSAGES_MAX + 5; index++)
      for (const id of [peer(index), log.id]) {
        const number = id === log.id ? index + 1 : 1
        const message = messages.receive(id, place('x', number), AT, body(`${index}`))
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
  assert.equal(messages.places(log.id).length, 1)
})

test('messages survive the process, and nothing of what they say is in the clear on the disk', async (t) => {
  const folder = await makeTemporary(t)
  const first = open(t, folder)
  const secret = 'a sentence that nobody else should read'
  first.messages.queue(peer('bob'), APP, body(secret), AT, sequence(1))
  first.messages.receive(peer('bob'), place(2, 1), AT, body(secret))
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
  store.messages.receive(peer('bob'), place(1, 1), AT, body('from Bob'))
  const read = (from: string, by = store): unknown => by.messages.history(peer(from), APP, 1e9, 10)
  assert.throws(() => read('bob', open(t, folder, 'another key')), { code: 'ERR_STORE_CORRUPT' })
  const raw = new DatabaseSync(join(folder, 'handfast.db'))
  t.after(() => raw.close())
  raw.prepare('UPDATE messages SET peer = ?').run(peer('carol'))
  assert.throws(() => read('carol'), { code: 'ERR_STORE_CORRUPT' })
  raw.prepare('UPDATE messages SET peer = ?, out = 1').run(peer('bob'))
  assert.throws(() => read('bob'), { code: 'ERR_STORE_CORRUPT' })
  raw.prepare('UPDATE messages SET out = 0, sealed = zeroblob(100)').run()
  assert.throws(() => read('bob'), { code: 'ERR_STORE_CORRUPT' })
})

test('changes of one turn share a transaction, and fail together', async (t) => {
  const { group, messages } = open(t, null)
  const queue = (text: string) => group.run(() => messages.queue(peer('bob'), APP, body(text), AT, sequence(1)).number)
  assert.deepEqual(await Promise.all([queue('a'), queue('b')]), [1, 2])
  const fail = group.run(() => {
    throw new Error('no')
  })
  const outcomes = await Promise.allSettled([queue('c'), fail, queue('d')])
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['rejected', 'rejected', 'rejected'],
  )
  assert.equal(await queue('e'), 3)
})

test('each application has sequences, messages and a history of its own', (t) => {
  const { messages, applications } = open(t, null)
  const chess = messages.queue(peer('bob'), 'chess', body('e4'), AT, sequence('chess'))
  const other = messages.queue(peer('bob'), APP, body('hello'), AT, sequence('talk'))
  assert.deepEqual([chess.number, other.number], [1, 1])
  assert.deepEqual(
    messages.sequences(peer('bob')).map(({ app }) => app),
    ['chess', APP],
  )
  messages.receive(peer('bob'), { sequence: sequence('theirs'), app: 'chess', number: 1, before: 0 }, AT, body('e5'))
  assert.equal(messages.arrived(APP, null, 0), null)
  assert.equal(messages.arrived('chess', peer('bob'), 0)?.app, 'chess')
  assert.deepEqual([messages.countArrived(peer('bob'), 'chess'), messages.countUnknown(peer('bob'))], [1, 1])
  applications.remember('chess')
  assert.equal(messages.countUnknown(peer('bob')), 0)
  assert.equal(messages.history(peer('bob'), APP, 1e9, 10).length, 1)
  assert.deepEqual([messages.countWaiting(peer('bob'), 'chess'), messages.countWaiting(peer('bob'), 'go')], [1, 0])
  // A sequence does not change what it is for.
  const moved = { sequence: sequence('theirs'), app: APP, number: 2, before: 1 }
  assert.throws(() => messages.receive(peer('bob'), moved, AT, body('x')), { code: 'ERR_MESSAGE_GAP' })
})

test('of applications as many are remembered as there is a bound for', (t) => {
  const { applications } = open(t, null)
  for (let index = 0; index < APPLICATIONS_MAX + 3; index++) applications.remember(`app-${index}`)
  assert.equal(applications.all().length, APPLICATIONS_MAX)
  assert.deepEqual([applications.has('app-0'), applications.has(`app-${APPLICATIONS_MAX}`)], [true, false])
})
