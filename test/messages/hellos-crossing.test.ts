import assert from 'node:assert/strict'
import { test } from 'node:test'
import { equal } from '../../src/core/bytes.ts'
import { haveExactly, holdAfter, STEPS, start, until } from '../connection/live-handshakes.ts'
import type { MemoryPair } from '../connection/memory-transport.ts'
import { alice, bob, isSettled } from '../connection/sides.ts'
import { at } from '../core/identities.ts'
import { endOf, take } from './told.ts'
import { transportKeyOf } from './town.ts'

/** Hellos that cross on live connections between whole peers (docs/spec/handshake.md §5). */

for (const [name, direction, before] of STEPS)
  for (const lost of ['neither', 'the first', 'the second', 'both'])
    test(`two greetings cross at ${name}, ${lost} is lost: each message arrives once`, async (t) => {
      t.mock.timers.enable({ apis: ['setTimeout'] })
      const crossing: MemoryPair[] = []
      const { a, b, town } = await start(t, (pair) => {
        if (crossing.length === 2) return
        holdAfter(pair, direction, before)
        crossing.push(pair)
      })
      await Promise.all([a.messages.send(b.address, 'a1'), b.messages.send(a.address, 'b1')])
      // Neither side has got this frame of the other when it sends its own.
      await until(() => crossing.length === 2 && crossing.every((pair) => pair[direction].sent.length === before + 1))
      assert.notDeepEqual(crossing[0]?.near.remoteKey, crossing[1]?.near.remoteKey)
      const [first, second] = [at(crossing, 0), at(crossing, 1)]
      if (lost === 'the first' || lost === 'both') first.cut()
      if (lost === 'the second' || lost === 'both') second.cut()
      for (const pair of crossing) pair[direction].release()
      const received = Promise.all([take(b, 3), take(a, 3)])
      const more = [a.messages.send(b.address, 'a2'), b.messages.send(a.address, 'b2')]
      await Promise.all([...more, a.messages.send(b.address, 'a3'), b.messages.send(a.address, 'b3')])
      let settled = false
      void received.then(() => {
        settled = true
      })
      // Where no connection is left, the next call is a pause away.
      await until(() => {
        t.mock.timers.tick(1_000)
        return settled
      })
      assert.deepEqual(await received, [
        ['a1', 'a2', 'a3'],
        ['b1', 'b2', 'b3'],
      ])
      await haveExactly(a, b, ['a1', 'a2', 'a3'], ['b1', 'b2', 'b3'])
      if (lost === 'neither') assert.equal(town.transports.pairs.length, 2)
    })

test('messages whose receipts are held back on one of two connections come again on the other, and count once', async (t) => {
  const crossing: MemoryPair[] = []
  const { a, b } = await start(t, (pair) => {
    if (crossing.length === 2) return
    holdAfter(pair, 'toFar', 1)
    crossing.push(pair)
  })
  await Promise.all([a.messages.send(b.address, 'a1'), b.messages.send(a.address, 'b1')])
  await until(() => crossing.length === 2 && crossing.every(({ toFar }) => toFar.sent.length === 2))
  const ofAlice = crossing.find(({ far }) => equal(far.remoteKey, transportKeyOf(alice)))
  const ofBob = crossing.find((pair) => pair !== ofAlice)
  assert.ok(ofAlice !== undefined && ofBob !== undefined)
  // Bob's card, confirmation, and that he is ready arrive; then nothing more of his.
  holdAfter(ofAlice, 'toNear', 2)
  ofAlice.toFar.release()
  assert.deepEqual(await take(b, 1), ['a1'])
  assert.equal(a.messages.waiting(b.address), 1)
  ofBob.toFar.release()
  await until(() => a.messages.waiting(b.address) === 0 && b.messages.waiting(a.address) === 0)
  ofAlice.toNear.release()
  await Promise.all([a.messages.send(b.address, 'a2'), b.messages.send(a.address, 'b2')])
  assert.deepEqual(await Promise.all([take(b, 1), take(a, 2)]), [['a2'], ['b1', 'b2']])
  await haveExactly(a, b, ['a1', 'a2'], ['b1', 'b2'])
})

test('two calls whose hellos cross are two conversations, and no word of the one is heard in the other', async (t) => {
  const crossing: MemoryPair[] = []
  const { a, b, town, ofAlice, ofBob } = await start(t, (pair) => {
    holdAfter(pair, 'toFar', 1)
    crossing.push(pair)
  })
  const calls = Promise.all([a.connect(b.address), b.connect(a.address)])
  await until(() => crossing.length === 2 && crossing.every(({ toFar }) => toFar.sent.length === 2))
  for (const { toFar } of crossing) toFar.release()
  const [near, near2] = await calls
  const callers = await Promise.all([ofBob.accept(), ofAlice.accept()])
  assert.deepEqual(
    callers.map((remote) => remote?.address),
    [a.address, b.address],
  )
  await Promise.all([a.messages.send(b.address, 'one'), b.messages.send(a.address, 'two')])
  assert.deepEqual([await take(b, 1), await take(a, 1)], [['one'], ['two']])
  const ofBobsCall = crossing.find(({ far }) => equal(far.remoteKey, transportKeyOf(bob)))
  const ofAlicesCall = crossing.find(({ far }) => equal(far.remoteKey, transportKeyOf(alice)))
  assert.ok(ofBobsCall !== undefined && ofAlicesCall !== undefined)
  // The same two identities on both, and yet what Alice said on the one does not open on the other.
  await ofBobsCall.far.send(at(ofAlicesCall.toFar.sent, -1))
  assert.equal(await endOf(near2), 'ERR_SESSION_OTHER')
  await a.messages.send(b.address, 'still here')
  assert.deepEqual(await take(b, 1), ['still here'])
  assert.equal(await isSettled(near.closed), false)
  assert.equal(town.transports.pairs.length, 2)
})
