import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  STREAM_DATA_MAX,
  STREAM_UNSAID_MAX,
  STREAM_WINDOW,
  STREAMS_MAX,
} from '../../src/core/limits/connection-limits.ts'
import type { ByteStream } from '../../src/streams/byte-stream.ts'
import { codeOf, mallory as malloryIdentity, settle } from '../connection/sides.ts'
import { data, end, open, reset, room, type Said, unserved, window } from './stream-payloads.ts'
import { endOf, joinMallory, makeSide, NAME, nextOf } from './stream-sides.ts'

/** What an authenticated peer that keeps no rule can do with byte streams: end the connection, and nothing else. Mallory called: her ids are even. */

const start = async () => {
  const side = makeSide()
  return { ...(await joinMallory(side)), side, ...side.streams }
}
type Started = Awaited<ReturnType<typeof start>>

/** How the connection ends after these: null when all of them were borne. */
const verdict = async ({ mallory, bob }: Started, payloads: readonly Said[]): Promise<unknown> => {
  for (const payload of [...payloads, { k: 'bye' }]) await mallory.say(payload).catch(() => {})
  const { reason, error } = await bob.closed
  return reason === 'left' ? null : error !== null && 'code' in error ? error.code : error
}

/** Mallory's stream 0, which Bob has taken. */
const startTaken = async (): Promise<Started & { readonly stream: ByteStream }> => {
  const started = await start()
  const taking = nextOf(started.serve(NAME))
  await started.mallory.say(open(0))
  return { ...started, stream: await taking }
}

/** Bob's stream 1, before or after Mallory has accepted it. */
const startOpened = async (isAccepted: boolean) => {
  const started = await start()
  const opening = started.open(malloryIdentity.log.id, NAME)
  opening.catch(() => {})
  assert.equal((await started.mallory.hearUntil('stream')).id, 1)
  if (isAccepted) {
    await started.mallory.say(room(1))
    return { ...started, opening, stream: await opening }
  }
  return { ...started, opening, stream: null }
}

test('§2 ids are the next of their side: none is left out, repeated, or of the other side', async () => {
  for (const ids of [[2], [1], [0, 0], [0, 4], [0, 1], [0, 2, 0]])
    assert.equal(await verdict(await start(), ids.map(unserved)), 'ERR_FRAME', String(ids))
  assert.equal(await verdict(await start(), [0, 2, 4].map(unserved)), null)
})

test('§2 nothing is said of a stream that nobody has opened', async () => {
  for (const id of [0, 1, 2, 3])
    for (const payload of [room(id), data(id), end(id), reset(id)])
      assert.equal(await verdict(await start(), [...(id === 2 ? [unserved(0)] : []), payload]), 'ERR_FRAME')
})

test('§3 nothing but a reset is said of a stream before it is accepted', async () => {
  for (const payload of [room(0), room(0, 1), data(0), end(0)]) {
    const started = await start()
    started.serve(NAME)
    assert.equal(await verdict(started, [open(0), payload]), 'ERR_FRAME')
    const opened = await startOpened(false)
    if (payload.k !== 'stream-room') assert.equal(await verdict(opened, [{ ...payload, id: 1 }]), 'ERR_FRAME')
  }
  const started = await start()
  started.serve(NAME)
  assert.equal(await verdict(started, [open(0), reset(0)]), null)
})

test('§3 a window full of bytes that nobody reads is borne, and one byte more is not', async () => {
  assert.equal(await verdict(await startTaken(), window(0)), null)
  assert.equal(await verdict(await startTaken(), [...window(0), data(0)]), 'ERR_FRAME')
  assert.equal(await verdict(await startOpened(true), window(1)), null)
  assert.equal(await verdict(await startOpened(true), [...window(1), data(1)]), 'ERR_FRAME')
})

test('§3 room that opens more than the window, or none, ends the connection', async () => {
  for (const n of [0, 1, STREAM_WINDOW]) assert.equal(await verdict(await startTaken(), [room(0, n)]), 'ERR_FRAME')
  const started = await startTaken()
  started.stream.write(Buffer.alloc(10))
  await settle()
  assert.equal(await verdict(started, [room(0, 4), room(0, 6)]), null)
  const lying = await startTaken()
  lying.stream.write(Buffer.alloc(10))
  await settle()
  assert.equal(await verdict(lying, [room(0, 4), room(0, 7)]), 'ERR_FRAME')
})

test('§3 nothing follows an end, and it comes once', async () => {
  for (const payload of [data(0), end(0)])
    assert.equal(await verdict(await startTaken(), [end(0), payload]), 'ERR_FRAME')
})

test('§3 of a stream that is over, room and a reset may be late, and nothing else', async () => {
  const cases: readonly (readonly [Said, unknown])[] = [
    [room(0), null],
    [reset(0), null],
    [data(0), 'ERR_FRAME'],
    [end(0), 'ERR_FRAME'],
  ]
  for (const [payload, expected] of cases) {
    const ended = await startTaken()
    ended.stream.end().resume()
    await ended.mallory.say(end(0))
    assert.equal(await endOf(ended.stream), null)
    assert.equal(await verdict(ended, [payload]), expected)
    assert.equal(await verdict(await startTaken(), [reset(0), payload]), expected)
  }
})

test('§3 bytes that come late for a stream that Bob has reset are borne to the end of the window', async () => {
  const startReset = async () => {
    const started = await startTaken()
    started.stream.destroy()
    assert.equal((await started.mallory.hearUntil('stream-reset')).code, 'ERR_STREAM_RESET')
    return started
  }
  assert.equal(await verdict(await startReset(), [...window(0), end(0), reset(0)]), null)
  assert.equal(await verdict(await startReset(), [...window(0), data(0)]), 'ERR_FRAME')
  assert.equal(await verdict(await startReset(), [end(0), end(0)]), 'ERR_FRAME')
  assert.equal(await verdict(await startReset(), [reset(0), data(0)]), 'ERR_FRAME')
})

test('§2 what is out of shape ends the connection', async () => {
  for (const payload of [
    { ...open(0), protocol: 'No Name' },
    { ...open(0), app: '' },
    open(2 ** 32),
    data(0, 0),
    data(0, STREAM_DATA_MAX + 1),
    room(0, STREAM_WINDOW + 1),
    { ...end(0), more: 1 },
    { k: 'stream-reset', id: 0 },
  ])
    assert.equal(await verdict(await startTaken(), [payload]), 'ERR_FRAME')
})

test('§2 who opens 33 streams without hearing of the first is cut off, also when all are refused', async () => {
  const ids = Array.from({ length: STREAMS_MAX + 1 }, (_, index) => 2 * index)
  assert.equal(
    await verdict(
      await start(),
      ids.slice(1).map((id) => unserved(id - 2)),
    ),
    null,
  )
  assert.equal(await verdict(await start(), ids.map(unserved)), 'ERR_FRAME')
  const served = await start()
  served.serve(NAME)
  assert.equal(await verdict(served, ids.map(open)), 'ERR_FRAME')
})

test('§2 who takes none of the answers it causes is cut off', async () => {
  const { pair, mallory, bob } = await start()
  pair.toNear.hold()
  const before = pair.toNear.sent.length
  let isOver = false
  void bob.closed.then(() => {
    isOver = true
  })
  for (let index = 0; index < 2_000 && !isOver; index++) {
    for (const payload of [unserved(2 * index), reset(2 * index)]) await mallory.say(payload).catch(() => {})
    await settle()
  }
  assert.equal(await bob.closed.then(({ error }) => codeOf(Promise.reject(error))), 'ERR_FRAME')
  assert.ok(pair.toNear.sent.length - before <= STREAM_UNSAID_MAX + 3)
})

test('§5 a refusal is told by its code; one that is none of a stream’s is only a hint', async () => {
  const codes: readonly (readonly [string, string])[] = [
    ['ERR_STREAM_PROTOCOL', 'ERR_STREAM_PROTOCOL'],
    ['ERR_STREAM_LIMIT', 'ERR_STREAM_LIMIT'],
    ['ERR_STREAM_RESET', 'ERR_STREAM_RESET'],
    ['ERR_STREAM_SERVED', 'ERR_STREAM_RESET'],
    ['ERR_STORE_FULL', 'ERR_STREAM_RESET'],
    ['ERR_NO_SUCH', 'ERR_STREAM_RESET'],
  ]
  for (const [code, expected] of codes) {
    const { mallory, opening } = await startOpened(false)
    await mallory.say({ k: 'stream-reset', id: 1, code })
    assert.equal(await codeOf(opening), expected)
  }
})

test('§3 nothing of Bob’s stream is sent beyond the room that Mallory gave', async () => {
  const { mallory, stream } = await startTaken()
  stream.write(Buffer.alloc(2 * STREAM_WINDOW))
  let heard = 0
  while (heard < STREAM_WINDOW) heard += ((await mallory.hearUntil('stream-data')).d as Uint8Array).length
  await mallory.say(unserved(2))
  assert.equal((await mallory.hear())?.k, 'stream-reset')
  await mallory.say(room(0, 5))
  assert.equal(((await mallory.hearUntil('stream-data')).d as Uint8Array).length, 5)
})

test('§2 a name that is none is one that nobody serves, and ends nothing', async () => {
  const started = await start()
  started.serve(NAME)
  for (const [index, odd] of [{ protocol: 'Chess/1' }, { app: '' }, { protocol: 'a b' }].entries()) {
    await started.mallory.say({ ...open(2 * index), ...odd })
    assert.equal((await started.mallory.hearUntil('stream-reset')).code, 'ERR_STREAM_PROTOCOL')
  }
  assert.equal(await verdict(started, []), null)
})
