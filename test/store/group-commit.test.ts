import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '../../src/core/bytes.ts'
import { openStore } from '../../src/store/store.ts'
import { makeBytes } from '../core/identities.ts'
import { written } from '../messages/written.ts'

const TO_BOB = { from: makeBytes('own', 32), to: makeBytes('peer/bob', 32), app: 'handfast' }

test('changes of one turn share a transaction, and fail together', async (t) => {
  const store = openStore(null)
  t.after(() => store.close())
  const { group, messages } = store
  const queue = (text: string) => group.run(() => messages.queue(written(TO_BOB, utf8(text))).id)
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
