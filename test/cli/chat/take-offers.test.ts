import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { createOfferTaker } from '../../../src/cli/chat/take-offers.ts'
import { FileError } from '../../../src/core/errors.ts'
import type { FileOffer } from '../../../src/files/file-api.ts'
import { offerOf, PEER } from '../chat/happenings.ts'

/** What an owner takes who is not asked each time, and what waits until there is room for it. */

test('what waits is told once, tried again each minute until it is taken, and told anew after that', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  let isFull = true
  const [asked, told]: [string[], string[]] = [[], []]
  const offer = (name: string): FileOffer => ({
    ...offerOf(() => {}),
    accept: async () => {
      asked.push(name)
      if (isFull) throw new FileError('ERR_FILE_DAY')
      throw new FileError('ERR_FILE_WRITE')
    },
  })
  const taker = createOfferTaker('/tmp', async (peer, code) => told.push(`${peer} ${code}`))
  taker.take(offer('a'))
  taker.take(offer('b'))
  await turn()
  t.mock.timers.tick(60_000)
  await turn()
  assert.deepEqual([asked, told], [['a', 'b', 'a', 'b'], [`${PEER} ERR_FILE_DAY`]])
  isFull = false
  t.mock.timers.tick(60_000)
  await turn()
  t.mock.timers.tick(600_000)
  await turn()
  // What fails otherwise is not tried again.
  assert.equal(asked.length, 6)
  taker.end()
})
