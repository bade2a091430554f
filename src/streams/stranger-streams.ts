import {
  STRANGER_STREAM_BYTES,
  STRANGER_STREAMS,
  STRANGERS_STREAM_BYTES,
  STRANGERS_STREAMS,
} from '../core/limits/stranger-rates.ts'
import { createMeter } from '../core/meter.ts'

/** How many byte streams those open who are no contacts, and how fast they are read. */
export type StrangerStreams = {
  /** Whether `peer` may open another one now. */
  open(peer: Uint8Array): boolean
  /** So many bytes of `peer` were read. @returns milliseconds until it is given room for as many more */
  read(peer: Uint8Array, bytes: number): number
}

/** @param clock milliseconds since 1970 */
export const createStrangerStreams = (clock: () => number): StrangerStreams => {
  const opened = createMeter({ each: STRANGER_STREAMS, all: STRANGERS_STREAMS })
  const reading = createMeter({ each: STRANGER_STREAM_BYTES, all: STRANGERS_STREAM_BYTES })
  return {
    open: (peer) => opened.admit(peer, clock()),
    read: (peer, bytes) => {
      const now = clock()
      reading.take(peer, bytes, now)
      return reading.wait(peer, 0, now)
    },
  }
}
