/** Overheard frames as one file: for each a byte of direction, its length in four bytes, and the frame. */

import { decodeFrame, type Frame } from '../src/connection/frames.ts'
import type { Overheard } from './wiretap.ts'

const HEAD_BYTES = 5

export const encodeCapture = (frames: readonly Overheard[]): Uint8Array =>
  Buffer.concat(
    frames.flatMap(({ outgoing, frame }) => {
      const head = Buffer.alloc(HEAD_BYTES)
      head.writeUInt8(outgoing ? 1 : 0)
      head.writeUInt32BE(frame.length, 1)
      return [head, frame]
    }),
  )

export const decodeCapture = (bytes: Uint8Array): readonly Overheard[] => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const frames: Overheard[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + HEAD_BYTES + view.getUint32(at + 1)
    frames.push({ outgoing: bytes[at] === 1, frame: bytes.subarray(at + HEAD_BYTES, end) })
    at = end
  }
  return frames
}

/** How many frames of each type. */
export const countKinds = (frames: readonly Uint8Array[]): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {}
  for (const frame of frames) {
    const kind = decodeFrame(frame)?.t ?? 'unknown'
    counts[kind] = (counts[kind] ?? 0) + 1
  }
  return counts
}

/** The first frame of type `t`. */
export const firstOf = <T extends Frame['t']>(frames: readonly Overheard[], t: T): Extract<Frame, { t: T }> => {
  for (const { frame } of frames) {
    const decoded = decodeFrame(frame)
    if (decoded !== null && isOf(decoded, t)) return decoded
  }
  throw new Error(`no ${t} frame was overheard`)
}

const isOf = <T extends Frame['t']>(frame: Frame, t: T): frame is Extract<Frame, { t: T }> => frame.t === t
