import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { createQueue, drain } from '../../src/connection/queue.ts'
import { isSettled } from './sides.ts'

test('items come out in order, to whoever asked first', async () => {
  const inbox = createQueue<number>()
  inbox.put(1)
  inbox.put(2)
  assert.equal(inbox.size, 2)
  assert.equal(await inbox.take(), 1)
  assert.equal(await inbox.take(), 2)
  const takes = [inbox.take(), inbox.take()]
  inbox.put(3)
  inbox.put(4)
  assert.deepEqual(await Promise.all(takes), [3, 4])
  assert.equal(inbox.size, 0)
})

test('an aborted take loses no item and leaves no listener', async () => {
  const inbox = createQueue<number>()
  const abort = new AbortController()
  const [aborted, patient] = [inbox.take(abort.signal), inbox.take(abort.signal)]
  inbox.put(1)
  assert.equal(await aborted, 1)
  const reason = new Error('enough')
  abort.abort(reason)
  await assert.rejects(patient, reason)
  inbox.put(2)
  await assert.rejects(inbox.take(abort.signal), reason)
  const { signal } = new AbortController()
  assert.equal(await inbox.take(signal), 2)
  const waiting = inbox.take(signal)
  inbox.put(3)
  await waiting
  assert.equal(getEventListeners(signal, 'abort').length, 0)
})

test('the end comes after the items that were there', async () => {
  const inbox = createQueue<number>()
  inbox.put(1)
  inbox.end()
  inbox.put(2)
  assert.deepEqual([await inbox.take(), await inbox.take(), await inbox.take()], [1, null, null])
})

test('so does a failure, each time again; the first end counts', async () => {
  const inbox = createQueue<number>()
  const waiting = [inbox.take(), inbox.take()]
  inbox.put(1)
  const failure = new Error('lost')
  inbox.end(failure)
  inbox.end()
  assert.equal(await waiting[0], 1)
  await assert.rejects(waiting[1] ?? Promise.resolve(), failure)
  await assert.rejects(inbox.take(), failure)
})

test('a loop takes items until the end, and can be left early', async () => {
  const inbox = createQueue<number>()
  for (const item of [1, 2, 3]) inbox.put(item)
  for await (const item of drain(inbox)) if (item === 1) break
  const rest = Array.fromAsync(drain(inbox))
  assert.equal(await isSettled(rest), false)
  inbox.end()
  assert.deepEqual(await rest, [2, 3])
})
