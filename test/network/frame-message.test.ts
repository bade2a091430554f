import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FRAME_BYTES_MAX } from '../../src/core/limits/protocol-limits.ts'
import { decodeFrameMessage, encodeFrame, encodeRoom } from '../../src/network/frame-message.ts'

test('§1 a frame is a zero byte and itself, and room is a one and four bytes', () => {
  assert.deepEqual(encodeFrame(Uint8Array.of(7, 8)), Uint8Array.of(0, 7, 8))
  assert.deepEqual(encodeRoom(0x01020304), Uint8Array.of(1, 1, 2, 3, 4))
  assert.deepEqual(decodeFrameMessage(Uint8Array.of(0, 7, 8)), { kind: 'frame', frame: Uint8Array.of(7, 8) })
  assert.deepEqual(decodeFrameMessage(Uint8Array.of(1, 1, 2, 3, 4)), { kind: 'room', cost: 0x01020304 })
})

test('§1 what is neither is told by its code', () => {
  const sized = (size: number): Uint8Array => encodeFrame(new Uint8Array(size))
  assert.equal(decodeFrameMessage(sized(0)), 'ERR_FRAME_SIZE')
  assert.equal(typeof decodeFrameMessage(sized(FRAME_BYTES_MAX)), 'object')
  assert.equal(decodeFrameMessage(sized(FRAME_BYTES_MAX + 1)), 'ERR_FRAME_SIZE')
  for (const wrong of [[], [2, 0], [1], [1, 0, 0, 0], [1, 0, 0, 0, 0, 0]])
    assert.equal(decodeFrameMessage(Uint8Array.from(wrong)), 'ERR_FRAME', wrong.join())
})

test('a frame that was read keeps no other memory alive', () => {
  const message = new Uint8Array(4096).subarray(0, 10)
  const decoded = decodeFrameMessage(message)
  assert.ok(typeof decoded !== 'string' && decoded.kind === 'frame')
  assert.equal(decoded.frame.buffer.byteLength, 9)
})
