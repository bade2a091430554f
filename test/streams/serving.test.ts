import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { STRANGER_STREAMS_MAX, STREAM_WINDOW, STREAMS_MAX } from '../../src/core/limits/connection-limits.ts'
import { alice, bob, codeOf, isSettled, mallory, settle } from '../connection/sides.ts'
import { makeBytes } from '../core/identities.ts'
import { endOf, makeSide, NAME, nextOf, openPair, readAll, startSides } from './stream-sides.ts'

/** Who opens streams, who serves them, and how many there may be, on a real connection. */

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index)

test('§2 nobody serves it: the opener is told, and a name is served once at a time', async (t) => {
  const { near, far, toBob } = await startSides(t)
  assert.equal(await codeOf(near.streams.open(toBob, NAME)), 'ERR_STREAM_PROTOCOL')
  const leaving = new AbortController()
  const loop = far.streams.serve(NAME, { signal: leaving.signal })
  assert.throws(() => far.streams.serve(NAME), { code: 'ERR_STREAM_SERVED' })
  for (const other of [
    { ...NAME, app: 'other' },
    { ...NAME, protocol: 'test/2' },
  ])
    assert.equal(await codeOf(near.streams.open(toBob, other)), 'ERR_STREAM_PROTOCOL')
  const [{ protocol }] = await Promise.all([nextOf(loop), near.streams.open(toBob, NAME)])
  assert.equal(protocol, NAME.protocol)
  leaving.abort()
  far.streams.serve(NAME)
})

test('§2 a loop ends, without an error, by its signal, by leaving it and with the peer; who waits is refused', async (t) => {
  const { near, far, toBob } = await startSides(t)
  const leaving = new AbortController()
  const endings: readonly ((loop: AsyncIterable<unknown>) => void)[] = [
    () => leaving.abort(),
    (loop) => void loop[Symbol.asyncIterator]().return?.(),
    () => far.closing.abort(),
  ]
  for (const end of endings) {
    const loop = far.streams.serve(NAME, { signal: leaving.signal.aborted ? undefined : leaving.signal })
    const [opening, taken] = [near.streams.open(toBob, NAME), near.streams.open(toBob, NAME)]
    const theirs = await nextOf(loop)
    const ours = await opening
    assert.equal(await isSettled(taken), false)
    end(loop)
    assert.equal(await codeOf(taken), 'ERR_STREAM_PROTOCOL')
    for await (const _ of loop) assert.fail('the loop goes on')
    // What was taken goes on.
    ours.end('still here')
    assert.equal(String(await readAll(theirs)), 'still here')
    theirs.end()
  }
  for await (const _ of far.streams.serve(NAME)) assert.fail('the peer has ended')
  assert.equal(await codeOf(far.streams.open(alice.log.id, NAME)), 'ERR_PEER_CLOSED')
})

test('§2 a loop that waits ends as well, and gets streams in their order', async (t) => {
  const { near, far, toBob } = await startSides(t)
  const leaving = new AbortController()
  const got: string[] = []
  const serving = (async () => {
    for await (const stream of far.streams.serve(NAME, { signal: leaving.signal }))
      got.push(String(await readAll(stream)))
  })()
  const streams = await Promise.all(
    numbers(5).map(() => near.streams.open(toBob, NAME).then((stream) => stream.end(`${got.length}`))),
  )
  while (got.length < streams.length) await settle()
  assert.deepEqual(got, ['0', '1', '2', '3', '4'])
  leaving.abort()
  await serving
})

test('§2 an aborted signal ends the wait, and the other side does not get that stream', async (t) => {
  const { near, far, toBob } = await startSides(t)
  const loop = far.streams.serve(NAME)
  const aborting = new AbortController()
  const opening = near.streams.open(toBob, NAME, aborting.signal)
  await settle()
  const reason = new Error('no more')
  aborting.abort(reason)
  await assert.rejects(opening, (error) => error === reason)
  await assert.rejects(near.streams.open(toBob, NAME, aborting.signal), (error) => error === reason)
  const [ours, theirs] = await Promise.all([near.streams.open(toBob, NAME), nextOf(loop)])
  ours.end('the next one')
  assert.equal(String(await readAll(theirs)), 'the next one')
})

test('§2 it may be accepted just as it is given up, and late bytes of it harm nothing', async (t) => {
  const { near, far, toBob, bob: connection } = await startSides(t)
  const loop = far.streams.serve(NAME)
  const aborting = new AbortController()
  const taking = nextOf(loop)
  const opening = near.streams.open(toBob, NAME, aborting.signal)
  aborting.abort()
  const theirs = await taking
  theirs.write(makeBytes('late', STREAM_WINDOW))
  await assert.rejects(opening, { name: 'AbortError' })
  assert.equal(await codeOf(readAll(theirs)), 'ERR_STREAM_RESET')
  assert.equal(await isSettled(connection.closed), false)
})

test('§2 names are checked before anything is said', async (t) => {
  const { near, toBob } = await startSides(t)
  for (const name of ['', 'Chess', ' ', 'x'.repeat(65), '/1']) {
    assert.equal(await codeOf(near.streams.open(toBob, { ...NAME, protocol: name })), 'ERR_STREAM_NAME')
    assert.throws(() => near.streams.serve({ ...NAME, app: name }), { code: 'ERR_STREAM_NAME' })
  }
})

test('§2 32 streams at once each carry their own; a 33rd is refused here, until one is over', async (t) => {
  const sides = await startSides(t)
  const pairs: Awaited<ReturnType<typeof openPair>>[] = []
  for (const _ of numbers(STREAMS_MAX)) pairs.push(await openPair(sides))
  assert.equal(await codeOf(sides.near.streams.open(sides.toBob, NAME)), 'ERR_STREAM_LIMIT')
  // The other side has as many of its own.
  const back = await openPair({ near: sides.far, far: sides.near, toBob: sides.toAlice })
  assert.ok(back.ours.writable)
  const data = pairs.map((_, index) => makeBytes(`stream/${index}`, 100_000))
  const read = await Promise.all(
    pairs.map(async ({ ours, theirs }, index) => {
      ours.end(data[index])
      theirs.end()
      ours.resume()
      return new Uint8Array(await readAll(theirs))
    }),
  )
  assert.deepEqual(read, data)
  await settle()
  for (const _ of numbers(STREAMS_MAX)) await openPair(sides)
})

test('§2 who is no contact gets 4, and one that is over but unread counts', async (t) => {
  const sides = await startSides(t)
  sides.far.isContact = false
  const pairs: Awaited<ReturnType<typeof openPair>>[] = []
  for (const _ of numbers(STRANGER_STREAMS_MAX)) pairs.push(await openPair(sides))
  const [first] = pairs
  assert.ok(first)
  first.ours.end(makeBytes('unread', 50_000))
  first.theirs.end()
  first.ours.resume()
  assert.equal(await endOf(first.ours), null)
  sides.far.streams.serve(NAME)
  assert.equal(await codeOf(sides.near.streams.open(sides.toBob, NAME)), 'ERR_STREAM_LIMIT')
  await readAll(first.theirs)
  assert.equal(await isSettled(sides.near.streams.open(sides.toBob, NAME)), false)
})

test('§2 streams go over the newest connection, and to nobody who is not there', async (t) => {
  const sides = await startSides(t)
  assert.deepEqual(
    [sides.near.streams.isConnected(bob.log.id), sides.near.streams.isConnected(mallory.log.id)],
    [true, false],
  )
  assert.equal(await codeOf(sides.near.streams.open(mallory.log.id, NAME)), 'ERR_CONNECTION_CLOSED')
  await sides.alice.close()
  assert.equal(sides.near.streams.isConnected(bob.log.id), false)
  assert.equal(await codeOf(sides.near.streams.open(bob.log.id, NAME)), 'ERR_CONNECTION_CLOSED')
  const side = makeSide()
  side.closing.abort()
  assert.equal(await codeOf(side.streams.open(bob.log.id, NAME)), 'ERR_PEER_CLOSED')
})

test('§2 what is over leaves nothing with the signal that would have ended it', async (t) => {
  const { near, far, toBob } = await startSides(t)
  const loop = far.streams.serve(NAME)
  await Promise.all([near.streams.open(toBob, NAME), nextOf(loop)])
  await loop[Symbol.asyncIterator]().return?.()
  for (const { closing } of [near, far]) assert.deepEqual(getEventListeners(closing.signal, 'abort'), [])
})

test('§2 the end of the peer ends what has a signal of its own as well', async (t) => {
  const { near, far, toBob } = await startSides(t)
  const { signal } = new AbortController()
  const loop = far.streams.serve(NAME, { signal })
  const opening = codeOf(near.streams.open(toBob, NAME, signal))
  near.closing.abort()
  assert.equal(await opening, 'ERR_PEER_CLOSED')
  far.closing.abort()
  for await (const _ of loop) assert.fail('the peer has ended')
})
