import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { STREAM_WINDOW, STREAMS_MAX } from '../../src/core/limits/connection-limits.ts'
import type { ByteStream } from '../../src/streams/byte-stream.ts'
import { alice, bob, codeOf } from '../connection/sides.ts'
import { runs } from '../runs.ts'
import { endOf, joinPlain, makeSide, NAME, nextOf } from './stream-sides.ts'

/** Whatever two applications do with their streams, and however slowly it gets to the other side: bytes arrive exactly, or an error does. */

type End = {
  readonly stream: ByteStream
  /** how many bytes were written, and read */
  written: number
  read: number
  isEnded: boolean
}

/** Byte `at` of what one end of a stream writes: another for each place and each stream. */
const byteAt = (seed: number, at: number): number => (seed * 89 + at + (at >> 8) * 7) & 0xff

const write = (end: End, seed: number, size: number): void => {
  if (end.isEnded || end.stream.destroyed) return
  end.stream.write(Uint8Array.from({ length: size }, (_, index) => byteAt(seed, end.written + index)))
  end.written += size
}
const read = (end: End, seed: number, most: number): void => {
  const bytes: Buffer | null = end.stream.read(Math.min(most, end.stream.readableLength) || undefined)
  for (const byte of bytes ?? []) if (byte !== byteAt(seed, end.read++)) assert.fail(`byte ${end.read - 1} is another`)
}

const move = fc.record({
  what: fc.constantFrom('write', 'write', 'read', 'read', 'deliver', 'deliver', 'deliver', 'turn', 'end', 'destroy'),
  stream: fc.nat({ max: 2 }),
  side: fc.nat({ max: 1 }),
  size: fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 90_000 })),
})
type Move = typeof move extends fc.Arbitrary<infer M> ? M : never

const play = async (moves: readonly Move[], mayDestroy: boolean): Promise<void> => {
  const [near, far] = [makeSide(), makeSide()]
  const pair = joinPlain(near.streams.service, far.streams.service)
  const ends: (readonly [End, End])[] = []
  for (const by of [near, far, near]) {
    const [to, other] = by === near ? [bob, far] : [alice, near]
    const leaving = new AbortController()
    const both = Promise.all([
      by.streams.open(to.log.id, NAME),
      nextOf(other.streams.serve(NAME, { signal: leaving.signal })),
    ])
    await pair.run()
    const [ours, theirs] = await both
    leaving.abort()
    const begin = (stream: ByteStream): End => ({ stream, written: 0, read: 0, isEnded: false })
    ends.push(by === near ? [begin(ours), begin(theirs)] : [begin(theirs), begin(ours)])
  }
  for (const { what, stream, side, size } of moves) {
    const end = ends[stream]?.[side]
    assert.ok(end !== undefined)
    if (what === 'write') write(end, stream * 2 + side, size)
    else if (what === 'read') read(end, stream * 2 + 1 - side, size)
    else if (what === 'deliver') (side === 0 ? pair.near : pair.far).deliver()
    else if (what === 'turn') await new Promise((resolve) => setImmediate(resolve))
    else if (what === 'destroy' && mayDestroy) end.stream.destroy()
    else if (what === 'end' && !end.isEnded) {
      end.isEnded = true
      end.stream.end()
    }
  }
  for (const [index, both] of ends.entries())
    for (const [side, end] of both.entries()) {
      if (!end.isEnded) end.stream.end()
      end.stream.on('readable', () => {
        while (end.stream.readableLength > 0) read(end, index * 2 + 1 - side, STREAM_WINDOW)
        read(end, index * 2 + 1 - side, STREAM_WINDOW)
      })
    }
  const closed = Promise.all(ends.flat().map(({ stream }) => endOf(stream)))
  await pair.run()
  const codes = await closed
  assert.equal(pair.failure, null)
  for (const [index, [one, other]] of ends.entries()) {
    const [code, otherCode] = codes.slice(2 * index, 2 * index + 2)
    if (!mayDestroy) assert.deepEqual([code, otherCode], [null, null])
    for (const [reader, writer, end] of [
      [one, other, code],
      [other, one, otherCode],
    ] as const) {
      assert.ok(reader.read <= writer.written)
      if (reader.stream.readableEnded) assert.equal(reader.read, writer.written)
      if (end === null && !reader.stream.readableAborted) assert.equal(reader.read, writer.written)
    }
  }
  // Nothing is left of them on the line: as many as at first can be opened.
  const again = Array.from({ length: STREAMS_MAX }, () => codeOf(near.streams.open(bob.log.id, NAME)))
  await pair.run()
  assert.deepEqual(new Set(await Promise.all(again)), new Set(['ERR_STREAM_PROTOCOL']))
  assert.equal(pair.failure, null)
}

const moves = fc.array(move, { maxLength: 150 })

test('§4 every byte arrives once and in order, in both directions, however writes, reads and ends interleave', () =>
  fc.assert(
    fc.asyncProperty(moves, (list) => play(list, false)),
    { numRuns: runs(60) },
  ))

test('§5 nor does a stream that is destroyed at any moment break a rule, or another stream', () =>
  fc.assert(
    fc.asyncProperty(moves, (list) => play(list, true)),
    { numRuns: runs(60) },
  ))
