import assert from 'node:assert/strict'
import { test } from 'node:test'
import { STREAM_WINDOW } from '../../src/core/limits/connection-limits.ts'
import { allRuns } from '../runs.ts'
import { BUFFERED_MAX, sendLong } from './long-stream.ts'

test('§4 of many MiB no more than the window and what each end works on is under way at any moment', async (t) => {
  const most = await sendLong(t, (allRuns ? 64 : 8) * 1024 * 1024)
  assert.ok(most > STREAM_WINDOW / 2 && most <= BUFFERED_MAX, `${most} bytes`)
})
