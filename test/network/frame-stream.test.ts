import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import type { SecretStream } from 'hyperdht'
import { FRAME_BYTES_MAX } from '../../src/core/limits/protocol-limits.ts'
import { createFrameStream, type FrameStream } from '../../src/network/frame-stream.ts'
import { bytes, collect } from './frame-streams.ts'
import { codeOf, nextOf, startPair } from './loopback-network.ts'

test('§8 frames arrive whole, in order, both ways, from one byte to 64 KiB', async (t) => {
  const { connect } = await startPair(t)
  const [alice, bob] = await connect()
  const sizes = [1, 2, 20, 1_199, 1_200, 1_201, 16_384, FRAME_BYTES_MAX - 1, FRAME_BYTES_MAX]
  const frames = [...sizes, ...sizes].map((size) => new Uint8Array(randomBytes(size)))
  const send = async (stream: FrameStream) => {
    for (const frame of frames) await stream.send(frame)
    await stream.close()
  }
  const [fromAlice, fromBob] = await Promise.all([collect(bob), collect(alice), send(alice), send(bob)])
  assert.deepEqual(fromAlice, { frames, code: undefined })
  assert.equal(fromBob.code, undefined)
  for (const frame of fromAlice.frames) {
    assert.equal(Object.getPrototypeOf(frame), Uint8Array.prototype)
    assert.equal(frame.buffer.byteLength, frame.length) // keeps no other memory alive
  }
})

test('frames sent without waiting keep the order of the calls, and the bytes of that moment', async (t) => {
  const { connect } = await startPair(t)
  const [alice, bob] = await connect()
  const frame = new Uint8Array(4)
  const sent = Array.from({ length: 500 }, (_, index) => {
    new DataView(frame.buffer).setUint32(0, index)
    return alice.send(frame)
  })
  await Promise.all([...sent, alice.close()])
  const { frames } = await collect(bob)
  assert.deepEqual(
    frames.map((received) => new DataView(received.buffer, received.byteOffset).getUint32(0)),
    Array.from({ length: 500 }, (_, index) => index),
  )
})

test('empty and oversized frames are not sent, and cost nothing', async (t) => {
  const { connect } = await startPair(t)
  const [alice, bob] = await connect()
  assert.equal(await codeOf(alice.send(new Uint8Array())), 'ERR_FRAME_SIZE')
  assert.equal(await codeOf(alice.send(new Uint8Array(FRAME_BYTES_MAX + 1))), 'ERR_FRAME_SIZE')
  await alice.send(bytes('still here'))
  assert.deepEqual(await nextOf(bob.receive()), bytes('still here'))
})

test('a reader that stops holds the sender back, and both go on when it reads again', async (t) => {
  const { connect } = await startPair(t)
  const [alice, bob] = await connect()
  let done = 0
  const sent = Array.from({ length: 64 }, async () => {
    await alice.send(new Uint8Array(FRAME_BYTES_MAX))
    done++
  })
  await sent[13]
  // The other direction is free, and gives the first one all the time it could use.
  const back = alice.receive()
  for (let i = 0; i < 100; i++) {
    await bob.send(bytes(`${i}`))
    assert.deepEqual(await nextOf(back), bytes(`${i}`))
  }
  assert.ok(done <= 16, `${done} frames of 64 KiB were taken from the sender`)

  const frames = bob.receive()
  for (let i = 0; i < 64; i++) assert.equal((await nextOf(frames)).length, FRAME_BYTES_MAX)
  await Promise.all(sent)
})

test('several windows of tiny frames flow', async (t) => {
  const { connect } = await startPair(t)
  const [alice, bob] = await connect()
  const count = 40_000
  const sending = (async () => {
    for (let i = 0; i < count; i++) await alice.send(new Uint8Array(1))
    await alice.close()
  })()
  const { frames, code } = await collect(bob)
  await sending
  assert.equal(code, undefined)
  assert.equal(frames.length, count)
})

test('close flushes what was sent, ends both sides in order, and is idempotent', async (t) => {
  const { connect } = await startPair(t)
  const [alice, bob] = await connect()
  const sent = [bytes('one'), bytes('two')].map((frame) => alice.send(frame))
  const closing = alice.close()
  assert.equal(await codeOf(alice.send(bytes('three'))), 'ERR_CONNECTION_CLOSED')
  await Promise.all([...sent, closing, alice.close()])
  assert.deepEqual(await collect(bob), { frames: [bytes('one'), bytes('two')], code: undefined })
  assert.equal(await codeOf(bob.send(bytes('too late'))), 'ERR_CONNECTION_CLOSED')
  assert.deepEqual(await collect(alice), { frames: [], code: undefined })
  await bob.close()
})

test('both sides close at once', async (t) => {
  const { connect } = await startPair(t)
  const [alice, bob] = await connect()
  await alice.send(bytes('last'))
  await Promise.all([alice.close(), bob.close()])
  assert.equal((await collect(bob)).code, undefined)
  assert.equal((await collect(alice)).code, undefined)
})

test('close does not wait for a reader that takes nothing', async (t) => {
  const { connect } = await startPair(t)
  const [alice, bob] = await connect()
  const sends = Array.from({ length: 32 }, () => codeOf(alice.send(new Uint8Array(FRAME_BYTES_MAX))))
  await sends[0]
  // It would wait for ever.
  await alice.close()
  assert.equal((await Promise.all(sends)).at(-1), 'ERR_CONNECTION_CLOSED')
  const { frames, code } = await collect(bob)
  assert.equal(code, 'ERR_CONNECTION_LOST')
  assert.ok(frames.length > 0 && frames.length < 32)
})

test('destroy is no goodbye: the other side reads what had arrived and then learns of the loss', async (t) => {
  const { connect } = await startPair(t)
  const [alice, bob] = await connect()
  await alice.send(bytes('one'))
  const received = bob.receive()
  assert.deepEqual(await nextOf(received), bytes('one'))
  const waiting = codeOf(nextOf(alice.receive()))
  alice.destroy()
  assert.equal(await codeOf(nextOf(received)), 'ERR_CONNECTION_LOST')
  assert.equal(await codeOf(bob.send(bytes('x'))), 'ERR_CONNECTION_LOST')
  assert.equal(await waiting, 'ERR_CONNECTION_CLOSED')
  assert.equal(await codeOf(alice.send(bytes('x'))), 'ERR_CONNECTION_CLOSED')
  alice.destroy()
  await Promise.all([alice.close(), bob.close()])
})

test('a sender that is held back learns that the stream is gone', async (t) => {
  const { connect } = await startPair(t)
  const [alice, bob] = await connect()
  const sends = Array.from({ length: 32 }, () => codeOf(alice.send(new Uint8Array(FRAME_BYTES_MAX))))
  await sends[0]
  bob.destroy()
  assert.equal((await Promise.all(sends)).at(-1), 'ERR_CONNECTION_LOST')
})

test('reading can stop and be taken up again', async (t) => {
  const { connect } = await startPair(t)
  const [alice, bob] = await connect()
  for (const text of ['one', 'two', 'three']) await alice.send(bytes(text))
  for await (const frame of bob.receive()) {
    assert.deepEqual(frame, bytes('one'))
    break
  }
  const rest = bob.receive()
  assert.deepEqual([await nextOf(rest), await nextOf(rest)], [bytes('two'), bytes('three')])
})

/** An encrypted stream with nothing behind it: the events are the test's. */
const standIn = (state: { destroyed: boolean; drained: boolean }): SecretStream =>
  Object.assign(new EventEmitter(), {
    ...state,
    handshakeHash: Buffer.alloc(64),
    remotePublicKey: Buffer.alloc(32),
    rawBytesRead: 0,
    rawStream: null,
    write: () => state.drained,
  }) as unknown as SecretStream

test('a frame counts as sent once the transport has drained', async () => {
  const stream = standIn({ destroyed: false, drained: false })
  const frames = createFrameStream(stream)
  let sent = false
  const sending = frames.send(bytes('x')).then(() => {
    sent = true
  })
  await new Promise(setImmediate)
  assert.equal(sent, false)
  stream.emit('drain')
  await sending
  await createFrameStream(standIn({ destroyed: false, drained: true })).send(bytes('x'))
})

test('a stream that was lost before it was taken over is lost', async () => {
  const frames = createFrameStream(standIn({ destroyed: true, drained: true }))
  assert.equal(await codeOf(nextOf(frames.receive())), 'ERR_CONNECTION_LOST')
  assert.equal(await codeOf(frames.send(bytes('x'))), 'ERR_CONNECTION_LOST')
})
