import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BUFFERED_MAX, sendLong } from '../streams/long-stream.ts'

const MIB = 1024 * 1024

test('§4 a gigabyte arrives, and the memory of the process is after it what it was when it had begun', {
  timeout: 15 * 60_000,
}, async (t) => {
  /** of the process, at every 16 MiB; the first eighth warms it up */
  const memory: number[] = []
  const most = await sendLong(t, 1024 * MIB, (read) => {
    if (read >= 16 * MIB * (memory.length + 1)) memory.push(process.memoryUsage.rss())
  })
  assert.ok(most <= BUFFERED_MAX, `${most} bytes under way`)
  const [early, late] = [Math.max(...memory.slice(0, 8)), Math.max(...memory.slice(-8))]
  assert.ok(late - early < 64 * MIB, `${early} bytes of memory grew to ${late}`)
})
