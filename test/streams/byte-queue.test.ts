import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createByteQueue } from '../../src/streams/byte-queue.ts'
import { makeBytes } from '../core/identities.ts'

test('bytes come out as they went in, whatever the pieces, and are counted', () => {
  const step = fc.oneof(fc.constant(null), fc.nat({ max: 40_000 }))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const queue = createByteQueue()
      const [put, taken]: [Buffer[], Buffer[]] = [[], []]
      for (const [index, size] of steps.entries()) {
        const bytes = size === null ? queue.take() : makeBytes(`piece/${index}`, size)
        if (bytes === null) assert.equal(queue.size, 0)
        else if (size === null) taken.push(Buffer.from(bytes))
        else {
          queue.put(bytes)
          put.push(Buffer.from(bytes))
          bytes.fill(0)
        }
        assert.equal(queue.size, Buffer.concat(put).length - Buffer.concat(taken).length)
      }
      for (let bytes = queue.take(); bytes !== null; bytes = queue.take()) taken.push(Buffer.from(bytes))
      assert.ok(Buffer.concat(taken).equals(Buffer.concat(put)))
    }),
  )
})

test('pieces of one byte take no more memory than a piece of as many', () => {
  const queue = createByteQueue()
  for (let count = 0; count < 200_000; count++) queue.put(Uint8Array.of(count))
  const buffers = new Set<ArrayBufferLike>()
  let size = 0
  for (let bytes = queue.take(); bytes !== null; bytes = queue.take()) {
    size += bytes.length
    buffers.add(bytes.buffer)
  }
  assert.equal(size, 200_000)
  assert.ok([...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0) < 220_000)
})

test('a few bytes do not keep a block alive, and what was cleared is gone', () => {
  const queue = createByteQueue()
  queue.put(makeBytes('few', 10))
  assert.equal(queue.take()?.buffer.byteLength, 10)
  queue.put(makeBytes('more', 50_000))
  queue.clear()
  assert.deepEqual([queue.size, queue.take()], [0, null])
})
