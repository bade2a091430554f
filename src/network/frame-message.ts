import { FRAME_BYTES_MAX } from '../core/limits/protocol-limits.ts'

/**
 * One message of the encrypted stream is one kind byte and a body (docs/spec/wire.md):
 *   0  frame   1 B … 64 KiB
 *   1  room    4 B, unsigned, big-endian: the reader has taken frames of that cost
 */
export type FrameMessage =
  | { readonly kind: 'frame'; readonly frame: Uint8Array }
  | { readonly kind: 'room'; readonly cost: number }

const KIND_FRAME = 0
const KIND_ROOM = 1
const KIND_BYTES = 1
const ROOM_BYTES = 4

export const isFrameSize = ({ length }: Uint8Array): boolean => length > 0 && length <= FRAME_BYTES_MAX

/** The message that carries a frame: a copy, which a later change of `frame` does not reach. */
export const encodeFrame = (frame: Uint8Array): Uint8Array => {
  const message = new Uint8Array(KIND_BYTES + frame.length)
  message[0] = KIND_FRAME
  message.set(frame, KIND_BYTES)
  return message
}

export const encodeRoom = (cost: number): Uint8Array => {
  const message = new Uint8Array(KIND_BYTES + ROOM_BYTES)
  message[0] = KIND_ROOM
  new DataView(message.buffer).setUint32(KIND_BYTES, cost)
  return message
}

/** What a message says; the code of what is wrong with it otherwise. */
export const decodeFrameMessage = (message: Uint8Array): FrameMessage | 'ERR_FRAME' | 'ERR_FRAME_SIZE' => {
  // A copy: a view would keep 64 KiB of the transport's memory alive for each tiny frame.
  const body = new Uint8Array(message.subarray(KIND_BYTES))
  if (message[0] === KIND_FRAME) return isFrameSize(body) ? { kind: 'frame', frame: body } : 'ERR_FRAME_SIZE'
  if (message[0] !== KIND_ROOM || body.length !== ROOM_BYTES) return 'ERR_FRAME'
  return { kind: 'room', cost: new DataView(body.buffer).getUint32(0) }
}
