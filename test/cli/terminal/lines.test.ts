import assert from 'node:assert/strict'
import { PassThrough, Readable } from 'node:stream'
import { test } from 'node:test'
import { readLines } from '../../../src/cli/terminal/lines.ts'

const NEVER = new AbortController().signal

const linesOf = (chunks: readonly (string | Buffer)[], limit = 100): Promise<string[]> =>
  Array.fromAsync(readLines(Readable.from(chunks.map((chunk) => Buffer.from(chunk))), limit, NEVER))

test('lines come whole however they were cut, with any ending and with none', async () => {
  assert.deepEqual(await linesOf(['one\ntw', 'o\r\n\nfo', 'ur']), ['one', 'two', '', 'four'])
  assert.deepEqual(await linesOf(['one\n']), ['one'])
  assert.deepEqual(await linesOf([]), [])
})

test('a character cut in the middle of its bytes stays one', async () => {
  const bytes = Buffer.from('世界\n')
  assert.deepEqual(await linesOf([bytes.subarray(0, 2), bytes.subarray(2, 4), bytes.subarray(4)]), ['世界'])
})

test('of a line beyond the limit only its beginning is kept', async () => {
  assert.deepEqual(await linesOf(['x'.repeat(9), `${'y'.repeat(9)}\nnext\n`, 'z'.repeat(30)], 10), [
    'xxxxxxxxxy',
    'next',
    'zzzzzzzzzz',
  ])
})

test('an abort ends the lines and the stream, also while it waits', async () => {
  const input = new PassThrough()
  const stop = new AbortController()
  const lines = readLines(input, 100, stop.signal)
  input.write('one\n')
  assert.deepEqual(await lines.next(), { done: false, value: 'one' })
  const waiting = lines.next()
  stop.abort()
  assert.deepEqual(await waiting, { done: true, value: undefined })
  assert.ok(input.destroyed)
})

test('a stream that breaks is an error', async () => {
  const input = new PassThrough()
  const lines = readLines(input, 100, NEVER)
  const waiting = lines.next()
  input.destroy(Object.assign(new Error('broken'), { code: 'EIO' }))
  await assert.rejects(waiting, { code: 'EIO' })
})
