import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FRAME_BYTES_MAX } from '../../src/core/limits/protocol-limits.ts'
import { bytes, collect, FRAME, message, ROOM, startMallory } from './frame-streams.ts'
import { codeOf } from './loopback-network.ts'

/** What a peer sends that keeps to no frames and no window, and what is not meant as an attack but looks like one. */

test('an oversized frame ends the stream, after the frames before it', async (t) => {
  const { mallory, bob } = await startMallory(t)
  mallory.write(message(FRAME, bytes('fine')))
  mallory.write(message(FRAME, new Uint8Array(FRAME_BYTES_MAX)))
  mallory.write(message(FRAME, new Uint8Array(FRAME_BYTES_MAX + 1)))
  mallory.write(message(FRAME, bytes('too late')))
  const { frames, code } = await collect(bob)
  assert.deepEqual(
    frames.map((frame) => frame.length),
    [4, FRAME_BYTES_MAX],
  )
  assert.equal(code, 'ERR_FRAME_SIZE')
  assert.equal(await codeOf(bob.send(bytes('x'))), 'ERR_CONNECTION_LOST')
})

test('a message that never ends is not collected', async (t) => {
  const { mallory, bob } = await startMallory(t)
  // Length 16 MiB - 1, little-endian, and 300 KiB of it.
  mallory.rawStream?.write(Buffer.concat([Buffer.alloc(3, 0xff), Buffer.alloc(300 * 1024)]))
  assert.equal((await collect(bob)).code, 'ERR_FRAME_SIZE')
})

test('a sender that ignores the window is cut off', async (t) => {
  const { mallory, bob } = await startMallory(t)
  for (let i = 0; i < 32; i++) mallory.write(message(FRAME, new Uint8Array(FRAME_BYTES_MAX)))
  await new Promise<void>((resolve) => mallory.once('close', resolve))
  const { frames, code } = await collect(bob)
  assert.equal(code, 'ERR_FRAME_WINDOW')
  assert.equal(frames.length, 15)
})

test('messages that are no frames end the stream', async (t) => {
  for (const wrong of [
    message(2, bytes('kind')),
    message(ROOM, new Uint8Array(3)),
    message(ROOM, new Uint8Array(5)),
    message(ROOM, Uint8Array.of(0, 0, 0, 1)), // more room than was ever used
    message(ROOM, Uint8Array.of(255, 255, 255, 255)),
  ]) {
    const { mallory, bob } = await startMallory(t)
    mallory.write(wrong)
    assert.equal((await collect(bob)).code, 'ERR_FRAME')
  }
  const { mallory, bob } = await startMallory(t)
  mallory.write(message(FRAME, new Uint8Array()))
  assert.equal((await collect(bob)).code, 'ERR_FRAME_SIZE')
})

test('keep-alives are not frames', async (t) => {
  const { mallory, bob } = await startMallory(t)
  mallory.write(Buffer.alloc(0))
  mallory.write(message(FRAME, bytes('frame')))
  mallory.write(Buffer.alloc(0))
  mallory.end()
  assert.deepEqual(await collect(bob), { frames: [bytes('frame')], code: undefined })
})
