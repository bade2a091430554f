import assert from 'node:assert/strict'
import { PassThrough, Readable } from 'node:stream'
import { test } from 'node:test'
import { type Given, readLines, readWhole, wholeText } from '../../../src/cli/terminal/lines.ts'

const NEVER = new AbortController().signal

const streamOf = (chunks: readonly (string | Buffer)[]): Readable =>
  Readable.from(chunks.map((chunk) => Buffer.from(chunk)))
const givenOf = (chunks: readonly (string | Buffer)[], limit = 100): Promise<Given[]> =>
  Array.fromAsync(readLines(streamOf(chunks), limit, NEVER))
const linesOf = async (chunks: readonly (string | Buffer)[]): Promise<string[]> =>
  (await givenOf(chunks)).map((given) => wholeText(given, 100))

test('lines come whole however they were cut, with any ending and with none', async () => {
  assert.deepEqual(await linesOf(['one\ntw', 'o\r\n\nfo', 'ur']), ['one', 'two', '', 'four'])
  assert.deepEqual(await linesOf(['one\n']), ['one'])
  assert.deepEqual(await linesOf([]), [])
})

test('a character cut in the middle of its bytes stays one', async () => {
  const bytes = Buffer.from('世界\n')
  assert.deepEqual(await linesOf([bytes.subarray(0, 2), bytes.subarray(2, 4), bytes.subarray(4)]), ['世界'])
})

test('of a line beyond the limit only its beginning is kept, and its length told', async () => {
  assert.deepEqual(await givenOf(['x'.repeat(9), `${'y'.repeat(9)}\nnext\n`, 'z'.repeat(30)], 10), [
    { text: 'xxxxxxxxxy', bytes: 18, fault: 'length' },
    { text: 'next', bytes: 4, fault: null },
    { text: 'zzzzzzzzzz', bytes: 30, fault: 'length' },
  ])
  const exact = { text: 'x'.repeat(10), bytes: 10, fault: null }
  assert.deepEqual(await givenOf([`${'x'.repeat(10)}\n`, `${'x'.repeat(10)}\r\n`, 'x'.repeat(10)], 10), [
    ...[exact, exact, exact],
  ])
})

test('a line of 100 MB does not fill the memory, and what follows comes', async () => {
  const piece = Buffer.alloc(1 << 20, 'x')
  const source = function* () {
    for (let count = 0; count < 100; count++) yield piece
    yield Buffer.from('\nlast')
  }
  const given = await Array.fromAsync(readLines(Readable.from(source()), 1000, NEVER))
  assert.deepEqual(
    given.map(({ text, bytes, fault }) => [text.length, bytes, fault]),
    [
      [1000, 100 << 20, 'length'],
      [4, 4, null],
    ],
  )
})

test('bytes that are no UTF-8 are a fault of their line alone; NUL and a byte order mark are text', async () => {
  const bad = Buffer.of(0x61, 0xff, 0x62)
  assert.deepEqual(await givenOf(['one\n', bad, '\n\0two\0\n', '\u{feff}three\n', Buffer.of(0xe4, 0xb8)]), [
    { text: 'one', bytes: 3, fault: null },
    { text: 'a\ufffdb', bytes: 3, fault: 'encoding' },
    { text: '\0two\0', bytes: 5, fault: null },
    { text: '\u{feff}three', bytes: 8, fault: null },
    { text: '\ufffd', bytes: 2, fault: 'encoding' },
  ])
})

test('all of a stream comes byte for byte, and a fault is ERR_INPUT', async () => {
  const all = (chunks: readonly (string | Buffer)[]) => readWhole(streamOf(chunks), 10, NEVER)
  assert.deepEqual(await all(['a\r\n', '\n\0b\r\n']), { text: 'a\r\n\n\0b\r\n', bytes: 8, fault: null })
  assert.deepEqual(await all([]), { text: '', bytes: 0, fault: null })
  for (const chunks of [['x'.repeat(11)], [Buffer.of(0x80)]]) {
    const given = await all(chunks)
    assert.throws(() => wholeText(given, 10), { code: 'ERR_INPUT' })
  }
})

test('an abort ends the lines and the stream, also while it waits', async () => {
  const input = new PassThrough()
  const stop = new AbortController()
  const lines = readLines(input, 100, stop.signal)
  input.write('one\n')
  assert.equal((await lines.next()).value?.text, 'one')
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
