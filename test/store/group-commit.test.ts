import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '../../src/core/bytes.ts'
import { StoreError } from '../../src/core/errors.ts'
import { openStore } from '../../src/store/store.ts'
import { makeBytes } from '../core/identities.ts'
import { written } from '../messages/written.ts'

const TO_BOB = { from: makeBytes('own', 32), to: makeBytes('peer/bob', 32), app: 'handfast' }

test('changes of one turn share a transaction: one that fails takes back itself, and a store that fails all of them', async (t) => {
  const store = openStore(null)
  t.after(() => store.close())
  const { group, messages } = store
  const queue = (text: string) => group.run(() => messages.queue(written(TO_BOB, utf8(text))).id)
  assert.deepEqual(await Promise.all([queue('a'), queue('b')]), [1, 2])
  const fail = (error: Error) =>
    group.run(() => {
      messages.queue(written(TO_BOB, utf8(error.message)))
      throw error
    })
  const statuses = async (work: readonly Promise<unknown>[]): Promise<readonly string[]> =>
    (await Promise.allSettled(work)).map(({ status }) => status)
  const one = await statuses([queue('c'), fail(new Error('no')), queue('d')])
  assert.deepEqual(one, ['fulfilled', 'rejected', 'fulfilled'])
  assert.equal(await queue('e'), 5)
  const all = await statuses([queue('f'), fail(new StoreError('ERR_STORE_FULL')), queue('g')])
  assert.deepEqual(all, ['rejected', 'rejected', 'rejected'])
  assert.equal(await queue('h'), 6)
})
