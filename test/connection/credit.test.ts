import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { createCredit } from '../../src/connection/credit.ts'
import { codeOf, isSettled, settle } from './sides.ts'

test('what is granted is spent, and no more', async () => {
  const credit = createCredit(2)
  await credit.spend()
  await credit.spend()
  assert.equal(credit.outstanding, 2)
  const third = credit.spend()
  assert.equal(await isSettled(third), false)
  credit.grant(1)
  await third
  assert.equal(credit.outstanding, 2)
})

test('a grant never opens more than the window', async () => {
  const credit = createCredit(2)
  await credit.spend()
  credit.grant(1_000)
  assert.equal(credit.outstanding, 0)
  await Promise.all([credit.spend(), credit.spend()])
  assert.equal(await isSettled(credit.spend()), false)
})

test('whoever waits goes on in order, and is not overtaken by one who comes as credit is granted', async () => {
  const credit = createCredit(1)
  const order: string[] = []
  const spend = async (name: string): Promise<void> => {
    await credit.spend()
    order.push(name)
  }
  await spend('a')
  const waiting = [spend('b'), spend('c')]
  await settle()
  credit.grant(1)
  waiting.push(spend('d'))
  for (const _ of 'cd') {
    await settle()
    credit.grant(1)
  }
  await Promise.all(waiting)
  assert.deepEqual(order, ['a', 'b', 'c', 'd'])
})

test('an aborted wait takes nothing, and no listener stays on the signal', async () => {
  const credit = createCredit(1)
  await credit.spend()
  const abort = new AbortController()
  const [aborted, other] = [credit.spend(abort.signal), credit.spend()]
  const reason = new Error('changed my mind')
  abort.abort(reason)
  await assert.rejects(aborted, reason)
  await assert.rejects(credit.spend(abort.signal), reason)
  credit.grant(1)
  await other

  const lasting = new AbortController().signal
  for (let round = 0; round < 3; round++) {
    const spent = credit.spend(lasting)
    credit.grant(1)
    await spent
  }
  assert.equal(getEventListeners(lasting, 'abort').length, 0)
})

test('a failure reaches all who wait and all who come later', async () => {
  const credit = createCredit(1)
  await credit.spend()
  const waiting = [credit.spend(), credit.spend()]
  credit.fail(Object.assign(new Error(), { code: 'FIRST' }))
  credit.fail(Object.assign(new Error(), { code: 'SECOND' }))
  credit.grant(1)
  for (const work of [...waiting, credit.spend()]) assert.equal(await codeOf(work), 'FIRST')
})
