import { errorOf } from '../core/error-of.ts'
import { tooLarge } from '../core/errors/sizes.ts'
import { ConnectionError, type ErrorCode, HandfastError } from '../core/errors.ts'
import { FRAME_BYTES_MAX } from '../core/limits/protocol-limits.ts'
import type { FrameStream } from '../network/frame-stream.ts'
import { decodeFrame, encodeFrame, type Frame } from './frames.ts'

/** A stream of decoded frames with a deadline for each expected one, as the handshake needs it. */
export type Channel = {
  readonly stream: FrameStream
  /** Has `heard` called at every frame that is taken from the stream from now on. */
  watch(heard: () => void): void
  send(frame: Frame): Promise<void>
  /** The next frame of a known type; null when the other side ended. @throws ConnectionError ERR_REMOTE when it sent an error */
  next(): Promise<Frame | null>
  /** The next frame, which must be of type `t` and come in time. @throws ConnectionError ERR_FRAME, ERR_TIMEOUT, ERR_CONNECTION_LOST */
  expect<T extends Frame['t']>(t: T, milliseconds: number): Promise<Extract<Frame, { t: T }>>
  /** Tells the other side why, as far as it may know, and ends the stream. */
  refuse(error: unknown): Promise<void>
}

export const openChannel = (stream: FrameStream): Channel => {
  const incoming = stream.receive()
  let heard = (): void => {}

  const next = async (): Promise<Frame | null> => {
    for (;;) {
      const { value, done } = await incoming.next()
      if (done === true) return null
      heard()
      if (value.length > FRAME_BYTES_MAX)
        throw new ConnectionError('ERR_FRAME_SIZE', { hint: tooLarge(value.length, FRAME_BYTES_MAX) })
      const frame = decodeFrame(value)
      if (frame?.t === 'error')
        throw new ConnectionError('ERR_REMOTE', { hint: frame.code, cause: errorOf(frame.code) })
      if (frame !== null) return frame
    }
  }

  const send = (frame: Frame): Promise<void> => stream.send(encodeFrame(frame))

  return {
    stream,
    watch: (listener) => {
      heard = listener
    },
    send,
    next,
    expect: async <T extends Frame['t']>(t: T, milliseconds: number) => {
      const frame = await within(next(), milliseconds)
      if (frame === null) throw new ConnectionError('ERR_CONNECTION_LOST')
      if (!hasType(frame, t)) throw new ConnectionError('ERR_FRAME', { hint: `${frame.t} instead of ${t}` })
      return frame
    },
    refuse: async (error) => {
      const code: ErrorCode = error instanceof HandfastError ? error.code : 'ERR_REMOTE'
      // Not waited for: the other side may never make room for it, and close() waits long enough.
      send({ t: 'error', code }).catch(() => {})
      await stream.close()
    },
  }
}

const hasType = <T extends Frame['t']>(frame: Frame, t: T): frame is Extract<Frame, { t: T }> => frame.t === t

const within = async <T>(work: Promise<T>, milliseconds: number): Promise<T> => {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new ConnectionError('ERR_TIMEOUT')), milliseconds)
  })
  try {
    return await Promise.race([work, timeout])
  } finally {
    clearTimeout(timer)
    work.catch(() => {})
  }
}
