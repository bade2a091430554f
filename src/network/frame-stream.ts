/**
 * Frames over HyperDHT's encrypted stream (§8), with the flow control that stream lacks: UDX acknowledges and queues whatever
 * arrives, so a sender faster than its reader would fill the reader's memory.
 *
 * One message of the stream is one kind byte and a body:
 *   0  frame   1 B … 64 KiB
 *   1  room    4 B, unsigned, big-endian: the reader has taken frames of that cost; each frame costs its length + 64
 * A side sends frames while the cost of those not yet reported as taken stays within 1 MiB. A side that is sent more, or a
 * message that is none of these, destroys the stream.
 */

import type { SecretStream } from 'hyperdht'
import { ConnectionError } from '../core/errors.ts'
import { FRAME_BYTES_MAX } from '../core/limits.ts'

export type FrameStream = {
  /** 64 B: the Noise handshake's hash, the same on both sides (channel binding). */
  readonly handshakeHash: Uint8Array
  /** 32 B: the other side's Ed25519 transport key. */
  readonly remoteKey: Uint8Array
  /** The IP address the stream came about with; '' when it is not known. */
  readonly remoteHost: string
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

const KIND_FRAME = 0
const KIND_ROOM = 1
const KIND_BYTES = 1
const ROOM_BYTES = 4

/** Cost of frames on their way or unread: what a peer can make us keep per stream. */
const WINDOW = 1024 * 1024
/** Many tiny frames cost memory as well. */
const FRAME_COST = 64
/** Room is reported in steps, not frame by frame. */
const ROOM_STEP = WINDOW / 4
/** Bytes of one unfinished message: the encrypted stream itself would collect 16 MiB before anyone sees them. */
const UNFINISHED_BYTES_MAX = 2 * FRAME_BYTES_MAX
const CLOSE_MS = 2_000

const cost = (frame: Uint8Array): number => frame.length + FRAME_COST

/** Wakes everyone who waits, at each change. */
const createSignal = (): { wait(): Promise<void>; wake(): void } => {
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
export const createFrameStream = (stream: SecretStream): FrameStream => {
  const changed = createSignal()
  const queue: Uint8Array[] = []
  let room = WINDOW // what we may still send
  let granted = WINDOW // what the other side may still send
  let taken = 0 // read here, not yet reported
  let full = false // the transport asked to wait for its drain
  let ending = false // this side said goodbye
  let ended = false // the other side did
  let destroyedHere = false
  let gone = stream.destroyed
  let violation: ConnectionError | undefined
  let cause: Error | undefined

  const fail = (error: ConnectionError): void => {
    violation ??= error
    stream.destroy(error)
  }

  const onframe = (frame: Uint8Array): void => {
    if (frame.length === 0 || frame.length > FRAME_BYTES_MAX) fail(new ConnectionError('ERR_FRAME_SIZE'))
    else if (cost(frame) > granted) fail(new ConnectionError('ERR_FRAME_WINDOW'))
    else {
      granted -= cost(frame)
      queue.push(frame)
      changed.wake()
    }
  }

  const onroom = (body: Uint8Array): void => {
    const more = body.length === ROOM_BYTES ? new DataView(body.buffer).getUint32(0) : WINDOW + 1
    if (room + more > WINDOW) fail(new ConnectionError('ERR_FRAME'))
    else {
      room += more
      changed.wake()
    }
  }

  stream.on('data', (message) => {
    if (violation !== undefined) return
    // A copy: a view would keep 64 KiB of the transport's memory alive for each tiny frame.
    const body = new Uint8Array(message.subarray(KIND_BYTES))
    if (message[0] === KIND_FRAME) onframe(body)
    else if (message[0] === KIND_ROOM) onroom(body)
    else fail(new ConnectionError('ERR_FRAME'))
  })
  stream.on('drain', () => {
    full = false
    changed.wake()
  })
  stream.on('end', () => {
    ended = true
    stream.end()
    changed.wake()
  })
  stream.on('error', (error) => {
    cause = error
  })
  stream.on('close', () => {
    gone = true
    changed.wake()
  })
  limitUnfinished(stream, () => fail(new ConnectionError('ERR_FRAME_SIZE')))

  const whyNot = (): ConnectionError | undefined => {
    if (ended || destroyedHere) return new ConnectionError('ERR_CONNECTION_CLOSED')
    if (gone)
      return new ConnectionError(ending ? 'ERR_CONNECTION_CLOSED' : 'ERR_CONNECTION_LOST', {
        cause: violation ?? cause,
      })
    return undefined
  }

  const until = async (ready: () => boolean): Promise<void> => {
    for (let error = whyNot(); error !== undefined || !ready(); error = whyNot()) {
      if (error !== undefined) throw error
      await changed.wait()
    }
  }

  const write = async (message: Uint8Array, price: number): Promise<void> => {
    await until(() => room >= price)
    room -= price
    full = !stream.write(message)
    await until(() => !full)
  }

  let tail = Promise.resolve()
  const send = async (frame: Uint8Array): Promise<void> => {
    if (frame.length === 0 || frame.length > FRAME_BYTES_MAX) throw new ConnectionError('ERR_FRAME_SIZE')
    if (ending) throw new ConnectionError('ERR_CONNECTION_CLOSED')
    const message = new Uint8Array(KIND_BYTES + frame.length)
    message[0] = KIND_FRAME
    message.set(frame, KIND_BYTES)
    const sent = tail.then(() => write(message, cost(frame)))
    tail = sent.catch(() => undefined)
    return sent
  }

  const take = (frame: Uint8Array): Uint8Array => {
    taken += cost(frame)
    if (taken >= ROOM_STEP && !gone && !ending && !ended) {
      const message = new Uint8Array(KIND_BYTES + ROOM_BYTES)
      message[0] = KIND_ROOM
      new DataView(message.buffer).setUint32(KIND_BYTES, taken)
      stream.write(message)
      granted += taken
      taken = 0
    }
    return frame
  }

  async function* receive(): AsyncGenerator<Uint8Array, void, void> {
    for (;;) {
      const frame = queue.shift()
      if (frame !== undefined) yield take(frame)
      else if (violation !== undefined) throw violation
      else if (ended) return
      else if (gone) throw whyNot()
      else await changed.wait()
    }
  }

  const finish = async (): Promise<void> => {
    ending = true
    const deadline = setTimeout(() => stream.destroy(), CLOSE_MS)
    await Promise.race([tail, closed(stream)])
    stream.end()
    await closed(stream)
    clearTimeout(deadline)
  }

  let closing: Promise<void> | undefined
  return {
    handshakeHash: new Uint8Array(stream.handshakeHash ?? []),
    remoteKey: new Uint8Array(stream.remotePublicKey),
    remoteHost: stream.rawStream?.remoteHost ?? '',
    send,
    receive,
    close: () => {
      closing ??= finish()
      return closing
    },
    destroy: () => {
      destroyedHere = true
      stream.destroy()
    },
  }
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
