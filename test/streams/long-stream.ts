import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { TestContext } from 'node:test'
import { STREAM_DATA_MAX, STREAM_WINDOW } from '../../src/core/limits/connection-limits.ts'
import type { Wire } from '../connection/memory-transport.ts'
import { openPair, startSides } from './stream-sides.ts'

/** A stream of many bytes over a real connection, of which the test counts what is neither with the writer nor with the reader. */

const PIECE = 64 * 1024

/** What both ends may keep of a stream: the window, what waits to be written, the piece being written, and the block being read. */
export const BUFFERED_MAX = STREAM_WINDOW + 2 * STREAM_DATA_MAX + PIECE + 16 * 1024

/** The wire passes everything and remembers nothing. */
const forget = (wire: Wire): void => {
  wire.rewrite = (frame) => {
    ;(wire.sent as Uint8Array[]).length = 0
    return [frame]
  }
}

const hashOf = (size: number): { readonly pieces: () => Generator<Buffer>; readonly sum: () => string } => {
  const hash = createHash('sha256')
  return {
    pieces: function* () {
      for (let at = 0; at < size; at += PIECE) {
        const piece = Buffer.alloc(Math.min(PIECE, size - at), at / PIECE)
        piece.writeUInt32BE(at / PIECE)
        hash.update(piece)
        yield piece
      }
    },
    sum: () => hash.digest('hex'),
  }
}

/** Sends `size` bytes, and asserts that they arrive. @param onread is told how many were read so far @returns the most bytes that were under way */
export const sendLong = async (
  t: TestContext,
  size: number,
  onread: (read: number) => void = () => {},
): Promise<number> => {
  const sides = await startSides(t)
  for (const wire of [sides.pair.toFar, sides.pair.toNear]) forget(wire)
  const { ours, theirs } = await openPair(sides)
  const source = hashOf(size)
  let [written, read, most] = [0, 0, 0]
  const writing = (async () => {
    for (const piece of source.pieces()) {
      written += piece.length
      if (!ours.write(piece)) await new Promise<void>((resolve) => ours.once('drain', resolve))
    }
    ours.end()
  })()
  const hash = createHash('sha256')
  for await (const bytes of theirs) {
    most = Math.max(most, written - read)
    read += bytes.length
    hash.update(bytes)
    onread(read)
  }
  await writing
  assert.equal(read, size)
  assert.equal(hash.digest('hex'), source.sum())
  return most
}
