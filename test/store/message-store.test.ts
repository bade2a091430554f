import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { secretKey } from '../../src/core/kdf.ts'
import { MESSAGE_STREAMS_MAX, STRANGERS_MESSAGES_MAX } from '../../src/core/limits.ts'
import { STREAM_BYTES } from '../../src/store/message-store.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { makeBytes, makeIdentity } from '../core/identities.ts'
import { makeTemporary } from './folders.ts'

const peer = (name: string | number): Uint8Array => makeBytes(`peer/${name}`, 32)
const stream = (name: string | number): Uint8Array => makeBytes(`stream/${name}`, STREAM_BYTES)
const place = (name: string | number, number: number, before = number - 1) => ({ stream: stream(name), number, before })
const AT = 1_767_225_600_000

const open = (t: TestContext, folder: string | null, key = 'key'): Store => {
  const store = openStore(folder, secretKey(makeBytes(key, 32)))
  t.after(() => store.close())
  return store
}

test('our messages to a peer are numbered in one stream, whatever stream is offered later', (t) => {
  const { messages } = open(t, null)
  const [one, two] = [
    messages.queue(peer('bob'), { text: 'one' }, AT, stream(1)),
    messages.queue(peer('bob'), { data: Uint8Array.of(0, 255) }, AT, stream(2)),
  ]
  const other = messages.queue(peer('carol'), { text: '' }, AT, stream(3))
  assert.deepEqual([one.number, two.number, other.number], [1, 2, 1])
  assert.deepEqual([two.stream, other.stream], [stream(1), stream(3)])
  assert.deepEqual(messages.pending(peer('bob'), 1, 10), [two])
  assert.deepEqual(messages.waiting().toSorted(Buffer.compare), [peer('bob'), peer('carol')].toSorted(Buffer.compare))
})

test('states go one way: what was delivered is not sent again, and does not fail', (t) => {
  const { messages } = open(t, null)
  for (let index = 0; index < 4; index++) messages.queue(peer('bob'), { text: `${index}` }, AT + index, stream(1))
  const numbers = (changed: readonly { number: number }[]): number[] => changed.map(({ number }) => number)
  assert.deepEqual(numbers(messages.markSent(peer('bob'), 2)), [1, 2])
  assert.deepEqual(numbers(messages.markSent(peer('bob'), 2)), [])
  assert.deepEqual(numbers(messages.markDelivered(peer('bob'), 1)), [1])
  assert.deepEqual(numbers(messages.markSent(peer('bob'), 4)), [3, 4])
  assert.deepEqual(numbers(messages.markFailed(peer('bob'), 'ERR_MESSAGE_EXPIRED', AT + 2)), [2])
  assert.deepEqual(numbers(messages.pending(peer('bob'), 0, 10)), [3, 4])
  assert.deepEqual(
    messages.history(peer('bob'), 1e9, 10).map(({ state, reason }) => [state, reason]),
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
    messages.receive(peer('bob'), place(name, number, before), AT, { text: `${number}` })
  assert.equal(receive(1)?.state, 'arrived')
  assert.equal(receive(1), null)
  assert.throws(() => receive(3), { code: 'ERR_MESSAGE_GAP' })
  assert.deepEqual(messages.places(peer('bob')), [{ stream: stream(1), have: 1 }])
  assert.equal(receive(2)?.number, 2)
  // A stream that is new here may begin anywhere.
  assert.equal(receive(40, 2)?.number, 40)
  assert.throws(() => receive(42, 2), { code: 'ERR_MESSAGE_GAP' })
  // What its sender gave up is not waited for.
  assert.equal(receive(44, 1, 2)?.number, 44)
  assert.equal(receive(3), null)
  assert.deepEqual(messages.places(peer('bob')), [
    { stream: stream(1), have: 44 },
    { stream: stream(2), have: 40 },
  ])
  assert.deepEqual(messages.places(peer('carol')), [])
})

test('of many streams the latest are remembered', (t) => {
  const { messages } = open(t, null)
  for (let name = 0; name < MESSAGE_STREAMS_MAX + 3; name++)
    messages.receive(peer('bob'), place(name, 1), AT, { text: 'x' })
  const names = Array.from({ length: MESSAGE_STREAMS_MAX }, (_, index) => stream(MESSAGE_STREAMS_MAX + 2 - index))
  assert.deepEqual(
    messages.places(peer('bob')).map((place) => place.stream),
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
        const message = messages.receive(id, place('x', number), AT, { text: `${index}` })
        messages.markTaken(message?.id ?? 0)
      }
    messages.trimStrangers()
  })
  assert.equal(messages.history(log.id, 1e9, 1e6).length, STRANGERS_MESSAGES_MAX + 5)
  assert.deepEqual(
    [4, 5].map((index) => messages.history(peer(index), 1e9, 10).length),
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
  first.messages.queue(peer('bob'), { text: secret }, AT, stream(1))
  first.messages.receive(peer('bob'), place(2, 1), AT, { text: secret })
  first.close()
  for (const name of await readdir(folder))
    assert.ok(!(await readFile(join(folder, name))).includes(secret), `${name} tells`)
  const again = open(t, folder)
  const said = again.messages.history(peer('bob'), 1e9, 10).map(({ body, out }) => [body, out])
  assert.deepEqual(said, [
    [{ text: secret }, true],
    [{ text: secret }, false],
  ])
})

test('a row under another key, changed, or moved to another conversation is damaged, not believed', async (t) => {
  const folder = await makeTemporary(t)
  const store = open(t, folder)
  store.messages.receive(peer('bob'), place(1, 1), AT, { text: 'from Bob' })
  const read = (from: string, by = store): unknown => by.messages.history(peer(from), 1e9, 10)
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
  const queue = (text: string) => group.run(() => messages.queue(peer('bob'), { text }, AT, stream(1)).number)
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
