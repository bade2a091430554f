import { orAbort } from '../core/abort.ts'
import { copyOf, utf8 } from '../core/bytes.ts'
import { ConnectionError, MessageError } from '../core/errors.ts'
import { ITEM_WINDOW, MESSAGE_BYTES_MAX } from '../core/limits.ts'
import { decryptMessage, encryptMessage, type Session } from '../core/session/session.ts'
import { seconds, type World } from '../core/world.ts'
import type { FileHandler, FileLine } from '../files/file-line.ts'
import type { MessageHandler, MessageLine } from '../messages/message-stream.ts'
import type { Channel } from './channel.ts'
import { createCredit } from './credit.ts'
import type { MessageFrame } from './frames.ts'
import { decodePayload, encodePayload, isFilePayload, type Payload } from './payloads.ts'
import { createQueue, drain } from './queue.ts'
import type { Remote } from './remote.ts'

/** What the other side sent. */
export type Incoming =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'data'; readonly data: Uint8Array }

/** A private conversation with one verified peer. Iterating yields what it sends, until it says goodbye. */
export type Connection = AsyncIterable<Incoming> &
  AsyncDisposable & {
    readonly remote: Remote
    /**
     * Sends text or bytes; resolves once they are encrypted and on their way. Waits while the other side has 64 unread.
     * @throws MessageError ERR_MESSAGE_SIZE above 32 KiB; ConnectionError ERR_CONNECTION_CLOSED, ERR_CONNECTION_LOST; the signal's reason
     */
    send(message: string | Uint8Array, options?: { readonly signal?: AbortSignal }): Promise<void>
    /**
     * The next thing sent; null after a goodbye.
     * @throws ConnectionError ERR_CONNECTION_LOST when the connection broke without one, ERR_FRAME; SessionError; the signal's reason
     */
    receive(options?: { readonly signal?: AbortSignal }): Promise<Incoming | null>
    /** Resolves when the connection has ended, however it did. */
    readonly closed: Promise<void>
    /** Says goodbye and ends the connection; what was sent before still arrives. */
    close(): Promise<void>
  }

/** The other application's intake is reported in groups, and at once when nothing more is waiting. */
const REPORT_EVERY = ITEM_WINDOW / 4

export type ConnectionParts = {
  /** aborted with the reason when the connection must not go on */
  readonly ending?: AbortSignal | undefined
  /** where messages go to and come from; without one they are passed over, as an unknown kind is */
  readonly attach?: ((line: MessageLine) => MessageHandler) | undefined
  /** the same for files */
  readonly attachFiles?: ((line: FileLine) => FileHandler) | undefined
}

export const createConnection = (
  channel: Channel,
  begun: Session,
  remote: Remote,
  world: World,
  { ending, attach, attachFiles }: ConnectionParts = {},
): Connection => {
  const inbox = createQueue<Incoming>()
  const credit = createCredit(ITEM_WINDOW)
  let session = begun
  let taken = 0
  let reporting = false
  let closed: Error | null = null

  const say = async (payload: Payload): Promise<void> => {
    if (closed !== null) throw closed
    const step = encryptMessage(session, encodePayload(payload), { now: seconds(world), random: world.random })
    session = step.session
    await channel.send({ t: 'msg', h: step.message.header, d: step.message.token })
  }
  /** The same for what the other application takes: waits while it has too much unread. */
  const sendItem = async (payload: Payload, signal: AbortSignal | undefined): Promise<void> => {
    await credit.spend(signal)
    await orAbort(say(payload), signal)
  }

  /** Ends everything once: `reason` is what waiting calls see; without `failure` the other side's messages end in order. */
  const shut = (reason: Error, failure?: Error): void => {
    if (closed !== null) return
    closed = reason
    credit.fail(reason)
    inbox.end(failure)
  }

  const deliver = (item: Incoming): void => {
    if (inbox.size >= ITEM_WINDOW)
      throw new ConnectionError('ERR_FRAME', { hint: 'more messages than the window allows' })
    inbox.put(item)
  }

  const handle = (payload: Payload): void => {
    if (payload.k === 'text') deliver({ type: 'text', text: payload.d })
    else if (payload.k === 'data') deliver({ type: 'data', data: payload.d })
    else if (payload.k === 'taken') credit.grant(Math.min(payload.n, credit.outstanding))
    else if (isFilePayload(payload)) files?.handle(payload)
    else if (payload.k === 'message' || payload.k === 'got' || payload.k === 'ready') messages?.handle(payload)
    else if (payload.k === 'bye') shut(new ConnectionError('ERR_CONNECTION_CLOSED'))
  }

  const open = (frame: MessageFrame): Payload | null => {
    const message = { header: frame.h, token: frame.d }
    const opened = decryptMessage(session, message, { now: seconds(world), random: world.random })
    // The stream keeps order and loses nothing, so whoever makes a gap has taken a message away or moved it.
    if (opened.session.skipped.size > 0) throw new ConnectionError('ERR_FRAME', { hint: 'a message is missing' })
    session = opened.session
    return decodePayload(opened.plaintext)
  }

  /** Reads until either side says goodbye. */
  const read = async (): Promise<void> => {
    while (closed === null) {
      const frame = await channel.next()
      if (frame === null) throw new ConnectionError('ERR_CONNECTION_LOST')
      if (frame.t === 'chunk') files?.chunk(frame)
      else if (frame.t === 'msg') {
        const payload = open(frame)
        if (payload !== null) handle(payload)
      } else throw new ConnectionError('ERR_FRAME', { hint: `${frame.t} inside a session` })
    }
  }
  const end = async (error: Error): Promise<void> => {
    if (closed === null) {
      shut(error, error)
      await channel.refuse(error)
    } else await channel.stream.close()
  }
  // Nothing was said before this: the confirmations belong to the handshake.
  const messages = attach?.({ say, end: (error) => void end(error) })
  const files = attachFiles?.({
    say,
    sendChunk: async (id, i, d) => {
      if (closed !== null) throw closed
      await channel.send({ t: 'chunk', id, i, d })
    },
  })
  const reading = read().then(() => channel.stream.close(), end)
  const forbid = (): void => void end(ending?.reason)
  void reading.then(() => {
    messages?.detach()
    files?.detach()
  })
  ending?.addEventListener('abort', forbid, { once: true })
  if (ending?.aborted) forbid()

  /** One report at a time: a peer that takes none of them must not make us pile them up. */
  const report = async (): Promise<void> => {
    if (reporting) return
    reporting = true
    while (taken >= REPORT_EVERY || (taken > 0 && inbox.size === 0)) {
      const n = taken
      taken = 0
      await say({ k: 'taken', n })
    }
    reporting = false
  }

  const receive = async (signal?: AbortSignal): Promise<Incoming | null> => {
    const item = await inbox.take(signal)
    if (item === null) return null
    taken += 1
    report().catch(() => {})
    return item
  }

  const close = async (): Promise<void> => {
    if (closed === null) {
      say({ k: 'bye' }).catch(() => {})
      shut(new ConnectionError('ERR_CONNECTION_CLOSED'))
    }
    await channel.stream.close()
    await reading
  }

  return {
    remote,
    send: async (message, { signal } = {}) => {
      const size = typeof message === 'string' ? utf8(message).length : message.length
      if (size > MESSAGE_BYTES_MAX) throw new MessageError('ERR_MESSAGE_SIZE', { hint: `${size} bytes` })
      // A copy: the caller may use its buffer again while this waits.
      const payload: Payload =
        typeof message === 'string' ? { k: 'text', d: message } : { k: 'data', d: copyOf(message) }
      await sendItem(payload, signal)
    },
    receive: ({ signal } = {}) => receive(signal),
    closed: reading,
    close,
    [Symbol.asyncIterator]: () => drain({ take: receive }),
    [Symbol.asyncDispose]: close,
  }
}
