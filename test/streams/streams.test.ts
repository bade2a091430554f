import assert from 'node:assert/strict'
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { test } from 'node:test'
import { StoreError } from '../../src/core/errors.ts'
import { STRANGER_STREAMS_MAX, STREAM_WINDOW, STREAMS_MAX } from '../../src/core/limits.ts'
import { alice, bob, codeOf, isSettled, mallory, settle } from '../connection/sides.ts'
import { makeBytes } from '../core/identities.ts'
import { endOf, makeSide, NAME, nextOf, openPair, readAll, startSides } from './stream-sides.ts'

/** What an application sees of byte streams, on a real connection. */

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index)

test('§4 bytes arrive in order, both ways, whatever the sizes of the writes', async (t) => {
  const { ours, theirs } = await openPair(await startSides(t))
  const pieces = [1, 70_000, 0, 3, 300_000, 32_768, 32_769].map((size) => makeBytes(`piece/${size}`, size))
  for (const [from, to] of [
    [ours, theirs],
    [theirs, ours],
  ] as const) {
    for (const piece of pieces) from.write(piece)
    from.end()
    assert.ok((await readAll(to)).equals(Buffer.concat(pieces)))
  }
})

test('§4 a stream knows whom it leads to, and what it speaks', async (t) => {
  const { ours, theirs } = await openPair(await startSides(t), 'chess/1')
  assert.deepEqual(
    [ours.app, ours.protocol, theirs.app, theirs.protocol],
    ['handfast', 'chess/1', 'handfast', 'chess/1'],
  )
  assert.equal(ours.remote.head, Buffer.from(bob.log.last.hash).toString('hex'))
  assert.equal(theirs.remote.head, Buffer.from(alice.log.last.hash).toString('hex'))
  assert.equal(theirs.remote.trust.identity, 'pinned')
})

test('§4 either side may end first, and the other direction goes on', async (t) => {
  const sides = await startSides(t)
  for (const turn of [0, 1]) {
    const { ours, theirs } = await openPair(sides)
    const [first, second] = turn === 0 ? [ours, theirs] : [theirs, ours]
    first.end('question')
    assert.equal(String(await readAll(second)), 'question')
    second.write('ans')
    await settle()
    second.end('wer')
    assert.equal(String(await readAll(first)), 'answer')
    for (const stream of [first, second]) assert.equal(await endOf(stream), null)
  }
})

test('§4 the longest write is complete for its reader although the writer has closed everything in order', async (t) => {
  const sides = await startSides(t)
  const { ours, theirs } = await openPair(sides)
  const data = makeBytes('all', STREAM_WINDOW)
  ours.end(data)
  await once(ours, 'finish')
  await sides.alice.close()
  await sides.bob.closed
  assert.ok((await readAll(theirs)).equals(data))
  assert.equal(await endOf(theirs), 'ERR_CONNECTION_CLOSED')
})

test('§4 writing stops when the reader does, and goes on with it', async (t) => {
  const sides = await startSides(t)
  const { ours, theirs } = await openPair(sides)
  const data = makeBytes('much', 3 * STREAM_WINDOW)
  let isWritten = false
  ours.write(data, () => {
    isWritten = true
  })
  await settle()
  assert.equal(isWritten, false)
  assert.equal(ours.write('more'), false)

  // The one that nobody reads stops no other.
  const other = await openPair(sides)
  other.ours.end(data)
  assert.ok((await readAll(other.theirs)).equals(data))

  ours.end()
  assert.ok((await readAll(theirs)).equals(Buffer.concat([data, Buffer.from('more')])))
  assert.equal(isWritten, true)
})

test('§4 a pipe carries the pressure through', async (t) => {
  const { ours, theirs } = await openPair(await startSides(t))
  const data = makeBytes('piped', 1_000_000)
  const echoing = pipeline(theirs, new PassThrough(), theirs)
  const writing = pipeline([data], ours, { end: true })
  assert.ok((await readAll(ours)).equals(data))
  await Promise.all([echoing, writing])
})

test('§4 small writes that wait together leave together', async (t) => {
  const { pair, ...sides } = await startSides(t)
  const { ours, theirs } = await openPair(sides)
  const before = pair.toFar.sent.length
  for (const _ of numbers(1_000)) ours.write('x')
  ours.end()
  assert.equal((await readAll(theirs)).length, 1_000)
  assert.ok(pair.toFar.sent.length - before < 5)
})

test('§5 who destroys a stream ends both directions, with a code', async (t) => {
  const sides = await startSides(t)
  const cases: readonly (readonly [Error | undefined, RegExp])[] = [
    [undefined, /complete$/],
    [new Error('secret'), /complete$/],
    [new StoreError('ERR_STORE_FULL'), /\(ERR_STORE_FULL\)$/],
  ]
  for (const [error, text] of cases)
    for (const turn of [0, 1]) {
      const { ours, theirs } = await openPair(sides)
      const [first, second] = turn === 0 ? [ours, theirs] : [theirs, ours]
      const [reading, writing] = [
        readAll(second),
        new Promise((resolve) => second.write(makeBytes('w', 999_999), resolve)),
      ]
      first.write('some')
      await settle()
      first.destroy(error)
      const reason = await reading.catch((thrown) => thrown)
      assert.deepEqual([reason.name, reason.code], ['StreamError', 'ERR_STREAM_RESET'])
      assert.match(reason.message, text)
      assert.ok((await writing) instanceof Error)
    }
  // Nothing is left of them: there is room for as many as at first.
  for (const _ of numbers(STREAMS_MAX)) await openPair(sides)
})

test('§5 a loop that is left ends the stream, and so does a signal of the reader', async (t) => {
  const { ours, theirs } = await openPair(await startSides(t))
  ours.write('first')
  for await (const _ of theirs) break
  assert.equal(await codeOf(readAll(ours)), 'ERR_STREAM_RESET')
})

test('§5 nobody has to listen to a stream that the other side ends', async (t) => {
  const { ours, theirs } = await openPair(await startSides(t))
  ours.destroy()
  assert.equal(await endOf(theirs), 'ERR_STREAM_RESET')
  assert.equal(theirs.write('late'), false)
})

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
