import assert from 'node:assert/strict'
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { test } from 'node:test'
import { StoreError } from '../../src/core/errors.ts'
import { STREAM_WINDOW, STREAMS_MAX } from '../../src/core/limits/connection-limits.ts'
import { alice, bob, codeOf, settle } from '../connection/sides.ts'
import { makeBytes } from '../core/identities.ts'
import { endOf, openPair, readAll, startSides } from './stream-sides.ts'

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
