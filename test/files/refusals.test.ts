import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CONTACT_REFUSALS } from '../../src/core/limits/contact-rates.ts'
import { settle } from '../connection/sides.ts'
import { startCallers } from './callers.ts'
import { offersIn } from './file-sides.ts'

test('who offers on what is refused each time is refused untold after a while, is told of once, and heard again later', async (t) => {
  const { call, files, world } = await startCallers(t)
  const alice = call('Alice')
  const { burst, perSecond } = CONTACT_REFUSALS.count
  for (let count = 0; count < burst; count++) {
    await (await alice.offer(1)).seen?.refuse()
    await settle()
  }
  const told = files.events.length
  const rows = files.api.list({ limit: 1e3 }).length
  for (let count = 0; count < 3; count++) {
    const { seen, answers } = await alice.offer(1)
    assert.deepEqual([seen, answers()], [undefined, ['file-refuse ERR_FILE_LIMIT']])
  }
  const wait = burst / 4 / perSecond
  const [event, ...more] = files.events.slice(told)
  assert.partialDeepStrictEqual([event, more], [{ type: 'limited', code: 'ERR_FILE_LIMIT', wait }, []])
  assert.equal(files.api.list({ limit: 1e3 }).length, rows)
  // Nobody else waits for that, and she does not for ever.
  assert.ok((await call('Carol').offer(1)).seen)
  world.now += wait + 1
  assert.ok((await alice.offer(1)).seen)
  assert.equal(offersIn(files.events).length, burst + 2)
})

test('files that are taken do not count', async (t) => {
  const { call, files } = await startCallers(t)
  const alice = call('Alice')
  for (let count = 0; count < CONTACT_REFUSALS.count.burst + 4; count++) {
    const { accept } = await alice.offer(1)
    assert.equal(await accept(), undefined)
    for (const { id } of files.api.list()) await files.api.cancel(id).catch(() => {})
  }
})
