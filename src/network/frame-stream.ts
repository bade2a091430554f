import type { SecretStream } from 'hyperdht'
import { ConnectionError, type ErrorCode } from '../core/errors.ts'
import { FRAME_BYTES_MAX } from '../core/limits/protocol-limits.ts'
import { decodeFrameMessage, encodeFrame, encodeRoom, isFrameSize } from './frame-message.ts'
import {
  arriveIn,
  costOf,
  type FrameWindow,
  gainRoom,
  hasRoom,
  isReportDue,
  OPEN_WINDOW,
  readFrom,
  report,
  sendIn,
} from './frame-window.ts'
import type { Way } from './ways.ts'

/**
 * Frames over HyperDHT's encrypted stream (docs/spec/wire.md), with the flow control that stream lacks: UDX acknowledges and queues
 * whatever arrives. A side that sends more than it may, or what is no message of ours, destroys the stream.
 */
export type FrameStream = {
  /** 64 B: the Noise handshake's hash, the same on both sides (channel binding). */
  readonly handshakeHash: Uint8Array
  /** 32 B: the other side's Ed25519 transport key. */
  readonly remoteKey: Uint8Array
  /** The IP address the stream came about with; '' when it is not known. */
  readonly remoteHost: string
  /** The UDP port; 0 when it is not known. */
  readonly remotePort: number
  /** How its bytes travel at the moment: through a relay, or not. */
  way(): Way
  /** Calls back when that may have changed: a relayed stream goes on directly once a hole is punched. */
  watchWay(listener: () => void): void
  /**
   * Sends 1 B … 64 KiB, in the order of the calls; resolves when the transport has taken it.
   * Rejects with ConnectionError ERR_FRAME_SIZE, ERR_CONNECTION_CLOSED (either side said goodbye), ERR_CONNECTION_LOST.
   */
  send(frame: Uint8Array): Promise<void>
  /**
   * Frames in order; one consumer at a time. Ends only when the other side ended in order; else throws ConnectionError
   * ERR_CONNECTION_LOST, ERR_CONNECTION_CLOSED (this side destroyed it), ERR_FRAME_SIZE, ERR_FRAME, ERR_FRAME_WINDOW.
   */
  receive(): AsyncIterableIterator<Uint8Array>
  /** Flushes what was sent and ends in order; destroys after 2 s. Never rejects; idempotent. */
  close(): Promise<void>
  destroy(): void
}

/** Bytes of one unfinished message: the encrypted stream itself would collect 16 MiB before anyone sees them. */
const UNFINISHED_BYTES_MAX = 2 * FRAME_BYTES_MAX
const CLOSE_MS = 2_000

/** Where a stream is: each field changes once, but for the window, the queue and `full`. */
type State = {
  readonly stream: SecretStream
  /** frames that arrived and were not read */
  readonly queue: Uint8Array[]
  readonly changed: Signal
  window: FrameWindow
  /** the transport asked to wait for its drain */
  full: boolean
  /** this side said goodbye */
  ending: boolean
  /** the other side did */
  ended: boolean
  destroyedHere: boolean
  gone: boolean
  /** what the other side did that it may not */
  violation: ConnectionError | undefined
  /** what the encrypted stream ended with */
  cause: Error | undefined
  /** resolves when everything that was sent until now is on its way */
  sent: Promise<void>
}

/** Wakes everyone who waits, at each change. */
type Signal = { wait(): Promise<void>; wake(): void }

const createSignal = (): Signal => {
  let next = Promise.withResolvers<void>()
  return {
    wait: () => next.promise,
    wake: () => {
      next.resolve()
      next = Promise.withResolvers()
    },
  }
}

/** Takes over an *opened* encrypted stream, before any of its data was read. */
export const createFrameStream = (stream: SecretStream, way: () => Way = () => 'direct'): FrameStream => {
  const state: State = {
    ...{ stream, queue: [], changed: createSignal(), window: OPEN_WINDOW, full: false },
    ...{ ending: false, ended: false, destroyedHere: false, gone: stream.destroyed },
    ...{ violation: undefined, cause: undefined, sent: Promise.resolve() },
  }
  listen(state)
  let closing: Promise<void> | undefined
  return {
    handshakeHash: new Uint8Array(stream.handshakeHash ?? []),
    remoteKey: new Uint8Array(stream.remotePublicKey),
    remoteHost: stream.rawStream?.remoteHost ?? '',
    remotePort: stream.rawStream?.remotePort ?? 0,
    way,
    watchWay: (listener) => void stream.rawStream?.on('remote-changed', listener),
    send: (frame) => send(state, frame),
    receive: () => receive(state),
    close: () => {
      closing ??= finish(state)
      return closing
    },
    destroy: () => {
      state.destroyedHere = true
      stream.destroy()
    },
  }
}

const listen = (state: State): void => {
  const { stream, changed } = state
  stream.on('data', (message) => {
    if (state.violation !== undefined) return
    const wrong = take(state, message)
    if (wrong === null) changed.wake()
    else fail(state, wrong)
  })
  stream.on('drain', () => {
    state.full = false
    changed.wake()
  })
  stream.on('end', () => {
    state.ended = true
    stream.end()
    changed.wake()
  })
  stream.on('error', (error) => {
    state.cause = error
  })
  stream.on('close', () => {
    state.gone = true
    changed.wake()
  })
  limitUnfinished(stream, () => fail(state, 'ERR_FRAME_SIZE'))
}

type Violation = Extract<ErrorCode, 'ERR_FRAME' | 'ERR_FRAME_SIZE' | 'ERR_FRAME_WINDOW'>

const fail = (state: State, code: Violation): void => {
  const error = new ConnectionError(code)
  state.violation ??= error
  state.stream.destroy(error)
}

/** Takes in a message; what is wrong with it otherwise. */
const take = (state: State, data: Uint8Array): Violation | null => {
  const message = decodeFrameMessage(data)
  if (typeof message === 'string') return message
  const isRoom = message.kind === 'room'
  const window = isRoom ? gainRoom(state.window, message.cost) : arriveIn(state.window, costOf(message.frame))
  if (window === null) return isRoom ? 'ERR_FRAME' : 'ERR_FRAME_WINDOW'
  state.window = window
  if (!isRoom) state.queue.push(message.frame)
  return null
}

/** Why nothing can be sent any more; undefined while it can. */
const whyNot = ({ ended, destroyedHere, gone, ending, violation, cause }: State): ConnectionError | undefined => {
  if (ended || destroyedHere) return new ConnectionError('ERR_CONNECTION_CLOSED')
  if (gone)
    return new ConnectionError(ending ? 'ERR_CONNECTION_CLOSED' : 'ERR_CONNECTION_LOST', { cause: violation ?? cause })
  return undefined
}

const until = async (state: State, ready: () => boolean): Promise<void> => {
  for (let error = whyNot(state); error !== undefined || !ready(); error = whyNot(state)) {
    if (error !== undefined) throw error
    await state.changed.wait()
  }
}

const write = async (state: State, message: Uint8Array, cost: number): Promise<void> => {
  await until(state, () => hasRoom(state.window, cost))
  state.window = sendIn(state.window, cost)
  state.full = !state.stream.write(message)
  await until(state, () => !state.full)
}

const send = async (state: State, frame: Uint8Array): Promise<void> => {
  if (!isFrameSize(frame))
    throw new ConnectionError('ERR_FRAME_SIZE', { hint: `it has ${frame.length} bytes, and one to 64 KiB are sent` })
  if (state.ending) throw new ConnectionError('ERR_CONNECTION_CLOSED')
  const message = encodeFrame(frame)
  const sent = state.sent.then(() => write(state, message, costOf(frame)))
  state.sent = sent.catch(() => undefined)
  return sent
}

async function* receive(state: State): AsyncGenerator<Uint8Array, void, void> {
  for (;;) {
    const frame = state.queue.shift()
    if (frame !== undefined) {
      countRead(state, frame)
      yield frame
    } else if (state.violation !== undefined) throw state.violation
    else if (state.ended) return
    else if (state.gone) throw whyNot(state)
    else await state.changed.wait()
  }
}

const countRead = (state: State, frame: Uint8Array): void => {
  state.window = readFrom(state.window, costOf(frame))
  if (!isReportDue(state.window) || state.gone || state.ending || state.ended) return
  state.stream.write(encodeRoom(state.window.unreported))
  state.window = report(state.window)
}

const finish = async (state: State): Promise<void> => {
  const { stream } = state
  state.ending = true
  const deadline = setTimeout(() => stream.destroy(), CLOSE_MS)
  await Promise.race([state.sent, closed(stream)])
  stream.end()
  await closed(stream)
  clearTimeout(deadline)
}

const closed = (stream: SecretStream): Promise<void> =>
  stream.destroyed ? Promise.resolve() : new Promise((resolve) => stream.once('close', () => resolve()))

const limitUnfinished = (stream: SecretStream, onexceeded: () => void): void => {
  let complete = stream.rawBytesRead
  let unfinished = 0
  stream.rawStream?.on('data', (bytes) => {
    unfinished = stream.rawBytesRead === complete ? unfinished + bytes.length : 0
    complete = stream.rawBytesRead
    if (unfinished > UNFINISHED_BYTES_MAX) onexceeded()
  })
}
