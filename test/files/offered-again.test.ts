import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FILE_ANSWERS_MAX } from '../../src/core/limits/file-limits.ts'
import { settle } from '../connection/sides.ts'
import { sendAll, startWithOffers as start } from './offers.ts'
import { said } from './talk.ts'

/** A file that was accepted, and whose sender offers it over and over. */

test('§1 it is asked for each time, but what is not read does not pile up', async (t) => {
  const { pair, mallory, files, offer } = await start(t)
  const offered = await offer()
  const saving = offered.save()
  await mallory.hearUntil('file-accept')
  pair.toNear.hold()
  const before = pair.toNear.sent.length
  for (let count = 0; count < 3 * FILE_ANSWERS_MAX; count++) {
    await offer({ id: offered.id })
    for (let turn = 0; turn < 5; turn++) await settle()
  }
  await mallory.say(said('still there?'))
  assert.equal(await files.talk.next(), 'still there?')
  assert.ok(pair.toNear.sent.length - before <= FILE_ANSWERS_MAX, `${pair.toNear.sent.length - before} frames wait`)
  pair.toNear.release()
  // Asked for each time: the last time counts.
  let isSaved = false
  const saved = saving.then(() => {
    isSaved = true
  })
  while (!isSaved) {
    await Promise.race([mallory.hearUntil('file-accept'), saved])
    if (!isSaved) await sendAll(offered)
  }
})
