import { Duplex } from 'node:stream'
import type { Remote } from '../connection/remote.ts'
import { type ErrorCode, HandfastError, StreamError } from '../core/errors.ts'
import { STREAM_DATA_MAX } from '../core/limits/connection-limits.ts'
import { createByteQueue } from './byte-queue.ts'

/** What a stream speaks, and for which application: names as in core/names.ts. */
export type StreamName = { readonly app: string; readonly protocol: string }

/**
 * An encrypted byte stream to a verified peer: a Duplex of Node, in bytes, and so an async iterable of them.
 *
 * Bytes arrive in order and completely, or the stream ends with an error; the boundaries of writes are not kept. `end()` ends this
 * direction only. `write()` goes on when the other side reads. `destroy(error?)` ends both: the other side gets StreamError
 * ERR_STREAM_RESET, with the code of `error` as a hint if it is one of Handfast's. What was written has left when its callback is called; that
 * it was read, only an answer of the other side can say.
 *
 * It ends with StreamError ERR_STREAM_RESET when the other side gives up, and with ConnectionError ERR_CONNECTION_LOST or
 * ERR_CONNECTION_CLOSED when the connection ends before it. Whoever reads, writes with a callback, or listens gets to know; when nobody
 * does, nothing happens: the other side can end a stream at any time, and no process shall end for it.
 */
export interface ByteStream extends Duplex, Readonly<StreamName> {
  readonly remote: Remote
  /** What is read, until the other side ends; who leaves the loop before that destroys the stream. */
  [Symbol.asyncIterator](): AsyncGenerator<Uint8Array, undefined, undefined>
}

/** What the Duplex asks of the stream it belongs to. */
export type StreamControl = {
  /** bytes that may be sent now */
  room(): number
  /** At most `room` and STREAM_DATA_MAX bytes; resolves when they have left. @throws StreamError, ConnectionError */
  send(d: Uint8Array): Promise<void>
  end(): Promise<void>
  /** The application has read `n` bytes. */
  take(n: number): void
  /** The Duplex is closed. `code` is why, unless both directions have ended. */
  close(code: ErrorCode): void
}

/** The Duplex, and what its stream tells it. */
export type StreamEnd = {
  readonly stream: ByteStream
  /** bytes that came and were not read */
  readonly unread: number
  data(d: Uint8Array): void
  ended(): void
  room(): void
  reset(error: Error): void
  /** The connection has ended, for this reason: nothing is said of it any more. */
  lost(reason: Error): void
}

/** Bytes that are written here before write() asks to wait. */
const UNSENT_BYTES = 2 * STREAM_DATA_MAX

/** Small writes that waited together leave together. */
const gather = (chunks: readonly Uint8Array[]): Uint8Array => {
  const [first] = chunks
  const all = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks)
  return new Uint8Array(all.buffer, all.byteOffset, all.length)
}

const codeOf = (error: Error | null): ErrorCode => (error instanceof HandfastError ? error.code : 'ERR_STREAM_RESET')

/** The sending half: takes bytes apart, and waits for room. */
const createSender = (control: StreamControl) => {
  let news = Promise.withResolvers<void>()
  let failure: Error | null = null

  const wake = (): void => {
    news.resolve()
    news = Promise.withResolvers()
  }
  const send = async (bytes: Uint8Array): Promise<void> => {
    for (let from = 0; from < bytes.length; ) {
      while (failure === null && control.room() === 0) await news.promise
      if (failure !== null) throw failure
      const d = bytes.subarray(from, from + Math.min(control.room(), STREAM_DATA_MAX))
      from += d.length
      await control.send(d)
    }
  }
  return {
    send: (chunks: readonly Uint8Array[], done: (error?: Error | null) => void): void => {
      send(gather(chunks)).then(() => done(), done)
    },
    wake,
    stop: (error: Error): void => {
      failure = error
      wake()
    },
  }
}

/** The reading half: gives Node's stream one block when it asks, so that what is unread stays here, and is counted. */
const createReader = (push: (bytes: Uint8Array | null) => void, control: StreamControl) => {
  const unread = createByteQueue()
  let isWanted = false
  let hasEnded = false

  const feed = (): void => {
    if (!isWanted) return
    const bytes = unread.take()
    if (bytes === null && !hasEnded) return
    isWanted = false
    push(bytes)
    if (bytes !== null) control.take(bytes.length)
  }
  return {
    unread,
    want: (): void => {
      isWanted = true
      feed()
    },
    data: (d: Uint8Array): void => {
      unread.put(d)
      feed()
    },
    end: (): void => {
      hasEnded = true
      feed()
    },
    get hasEnded() {
      return hasEnded
    },
  }
}

/** What it reads, for `for await`. Node's own iterator ends the writing half too when it has read all; this one only when the loop is left. */
async function* iterate(duplex: Duplex): AsyncGenerator<Uint8Array, undefined, undefined> {
  let isRead = false
  try {
    yield* duplex.iterator({ destroyOnReturn: false })
    isRead = true
  } finally {
    if (!isRead) duplex.destroy()
  }
}

/** Nobody has to listen: see ByteStream. */
const ignore = (): void => {}

export const createStreamEnd = ({ app, protocol }: StreamName, remote: Remote, control: StreamControl): StreamEnd => {
  let lostFor: Error | null = null
  const sender = createSender(control)
  const reader = createReader((bytes) => duplex.push(bytes), control)

  /** After a loss only reading goes on: nobody will make room any more. */
  const orLost = (done: (error?: Error | null) => void, say: () => void): void =>
    lostFor === null ? say() : done(lostFor)

  const duplex = new Duplex({
    allowHalfOpen: true,
    readableHighWaterMark: 0,
    writableHighWaterMark: UNSENT_BYTES,
    read: reader.want,
    write: (chunk: Uint8Array, _, done) => orLost(done, () => sender.send([chunk], done)),
    writev: (chunks, done) =>
      orLost(done, () =>
        sender.send(
          chunks.map(({ chunk }) => chunk),
          done,
        ),
      ),
    final: (done) => orLost(done, () => void control.end().then(() => done(), done)),
    destroy: (error, done) => {
      sender.stop(error ?? new StreamError('ERR_STREAM_RESET'))
      reader.unread.clear()
      control.close(codeOf(error))
      done(error)
    },
  })
  duplex.on('error', ignore)
  duplex.once('end', () => {
    if (lostFor !== null && !duplex.writableFinished) duplex.destroy(lostFor)
  })

  return {
    stream: Object.assign(duplex, { app, protocol, remote, [Symbol.asyncIterator]: () => iterate(duplex) }),
    get unread() {
      return reader.unread.size
    },
    data: reader.data,
    ended: reader.end,
    room: sender.wake,
    reset: (error) => void duplex.destroy(error),
    lost: (reason) => {
      const isSending = duplex.writableLength > 0 || (duplex.writableEnded && !duplex.writableFinished)
      lostFor = reason
      const isReadable = reader.hasEnded && !duplex.readableEnded && !isSending
      const isComplete = duplex.readableEnded && duplex.writableFinished
      if (!isReadable && !isComplete) duplex.destroy(reason)
    },
  }
}
