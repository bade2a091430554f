import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDeliveries } from '../../../src/cli/chat/deliveries.ts'
import { isSettled } from '../../connection/sides.ts'
import { messageOf, OWN, PEER } from './happenings.ts'

const NEVER = new AbortController().signal

const begin = (first: number) => {
  const waiting = { [PEER]: first, [OWN]: 9 }
  const messages = { waiting: (who: string) => waiting[who as typeof PEER] ?? assert.fail(who) }
  const deliveries = createDeliveries(messages, PEER, 10)
  const deliver = (left: number): void => {
    waiting[PEER] = left
    deliveries.hear({ type: 'delivery', message: messageOf(1, 'hello', { direction: 'out', state: 'delivered' }) })
  }
  return { deliveries, deliver }
}

test('it waits until nothing to that address waits any more, as it is told of deliveries', async () => {
  const { deliveries, deliver } = begin(2)
  const all = deliveries.all(NEVER)
  deliver(1)
  assert.equal(await isSettled(all), false)
  assert.equal(deliveries.left, 1)
  deliver(0)
  await all
  await deliveries.all(NEVER)
})

test('the wait ends with the signal, and a goodbye does not wait for somebody who is gone', async () => {
  const { deliveries } = begin(1)
  const over = new AbortController()
  const all = deliveries.all(over.signal)
  over.abort()
  await assert.rejects(all, { name: 'AbortError' })
  await assert.rejects(deliveries.all(over.signal), { name: 'AbortError' })
  await deliveries.lastWords()
  assert.equal(deliveries.left, 1)
})
