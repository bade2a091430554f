import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Line, Service } from '../../src/connection/service.ts'
import { STREAM_WINDOW } from '../../src/core/limits/connection-limits.ts'
import { bob as bobIdentity, codeOf, isSettled, settle } from '../connection/sides.ts'
import { makeBytes } from '../core/identities.ts'
import { endOf, join, makeSide, NAME, nextOf, openPair, readAll, startSides } from './stream-sides.ts'

/** Byte streams and the connection they are on: what its end does to them, and what they do not do to others on it. */

test('§5 a connection that is lost ends its streams, and what waits to be accepted', async (t) => {
  const sides = await startSides(t)
  const { ours, theirs } = await openPair(sides)
  ours.write('some')
  await settle()
  const loop = sides.far.streams.serve(NAME)
  const opening = codeOf(sides.near.streams.open(sides.toBob, NAME))
  await settle()
  sides.pair.cut()
  for (const stream of [ours, theirs]) assert.equal(await endOf(stream), 'ERR_CONNECTION_LOST')
  assert.equal(await opening, 'ERR_CONNECTION_LOST')

  // The loop gets none of what was offered on it, and goes on with other connections.
  const next = nextOf(loop)
  assert.equal(await isSettled(next), false)
  await join([sides.near.streams.service], [sides.far.streams.service])
  const again = await sides.near.streams.open(sides.toBob, NAME)
  again.end('again')
  assert.equal(String(await readAll(await next)), 'again')
})

test('§5 a goodbye ends streams that have not ended with an error, on both sides', async (t) => {
  const sides = await startSides(t)
  const { ours, theirs } = await openPair(sides)
  ours.write('cut off')
  await settle()
  await sides.alice.close()
  for (const stream of [ours, theirs]) {
    assert.equal(await endOf(stream), 'ERR_CONNECTION_CLOSED')
    assert.equal(await codeOf(readAll(stream)), 'ERR_CONNECTION_CLOSED')
  }
})

/** Bob has all that Alice wrote, and her end, and has read nothing of it, nor she of a window that he filled; then the connection is lost. */
const startComplete = async (t: Parameters<typeof startSides>[0], isEnded: boolean) => {
  const sides = await startSides(t)
  const { ours, theirs } = await openPair(sides)
  const data = makeBytes('complete', STREAM_WINDOW)
  theirs.write(data)
  if (isEnded) theirs.end()
  ours.end(data)
  await settle()
  sides.pair.cut()
  await sides.bob.closed
  return { ours, theirs, data }
}

test('§5 what arrived completely can still be read, and then this half, if it has not ended, is lost', async (t) => {
  for (const isEnded of [true, false]) {
    const { theirs, data } = await startComplete(t, isEnded)
    assert.ok((await readAll(theirs)).equals(data))
    assert.equal(await endOf(theirs), isEnded ? null : 'ERR_CONNECTION_LOST')
  }
})

test('§5 whoever writes or ends after the loss gets to know, and it is over', async (t) => {
  const [writing, ending] = [await startComplete(t, false), await startComplete(t, false)]
  const written = new Promise((resolve) => writing.theirs.write('answer', resolve))
  ending.theirs.end()
  assert.equal(await written.then((error) => codeOf(Promise.reject(error))), 'ERR_CONNECTION_LOST')
  for (const { theirs } of [writing, ending]) assert.equal(await endOf(theirs), 'ERR_CONNECTION_LOST')
})

test('§5 a write that waits for room when the connection is lost does not wait for ever', async (t) => {
  const sides = await startSides(t)
  const { ours, theirs } = await openPair(sides)
  ours.end('all there is')
  const written = new Promise((resolve) => theirs.write(makeBytes('answer', 2 * STREAM_WINDOW), resolve))
  await settle()
  sides.pair.cut()
  assert.equal(await written.then((error) => codeOf(Promise.reject(error))), 'ERR_CONNECTION_LOST')
  assert.equal(await endOf(theirs), 'ERR_CONNECTION_LOST')
})

test('§4 streams that nobody reads stop nothing else that is said on the connection', async (t) => {
  const [near, far] = [makeSide(), makeSide()]
  const lines: Line[] = []
  const heard: unknown[] = []
  const other: Service = {
    kinds: ['visit-taken'],
    attach: (line) => {
      lines.push(line)
      return { handle: (payload) => void heard.push(payload), detach: () => {} }
    },
  }
  const { alice, bob } = await join([near.streams.service, other], [far.streams.service, other])
  t.after(() => Promise.all([alice.close(), bob.close()]))
  const sides = { near, far, toBob: bobIdentity.log.id }
  for (let count = 0; count < 8; count++) (await openPair(sides)).ours.write(makeBytes('unread', 2 * STREAM_WINDOW))
  await settle()
  await lines[0]?.say({ k: 'visit-taken', n: 7 })
  await settle()
  assert.deepEqual(heard, [{ k: 'visit-taken', n: 7 }])
})

test('§2 streams are opened on the newest connection, and on the one before when that is gone', async (t) => {
  const [near, far] = [makeSide(), makeSide()]
  const services = [[near.streams.service], [far.streams.service]] as const
  const [older, newer] = [await join(...services), await join(...services)]
  t.after(() => Promise.all([older.alice.close(), older.bob.close()]))
  const toBob = bobIdentity.log.id
  const count = (joined: typeof older): number => joined.pair.toFar.sent.length
  const before = [count(older), count(newer)]
  await openPair({ near, far, toBob })
  assert.deepEqual([count(older), count(newer)], [before[0], (before[1] ?? 0) + 1])
  await newer.alice.close()
  await openPair({ near, far, toBob })
  assert.equal(count(older), (before[0] ?? 0) + 1)
})
