import { type MessagePayload, messageContent, type Payload } from '../connection/payloads.ts'
import { equal } from '../core/bytes.ts'
import { ConnectionError, MessageError } from '../core/errors.ts'
import { MESSAGE_WINDOW } from '../core/limits.ts'
import type { StoredMessage } from '../store/message-store.ts'

/**
 * Messages on one connection (docs/spec/conversation.md §2). Both sides first say what they have got and that they are `ready`; then
 * each sends what the other lacks, in order, at most 64 ahead of what the other has on its disk.
 *
 *     waiting --ready--> sending --(64 ahead)--> waiting for `got` --got--> sending …      `ready` again: from the last `got` on
 */
export type MessageLine = {
  /** Encrypts at once, in the order of the calls; resolves when there was room for it on the way. */
  say(payload: Payload): Promise<void>
  /** Ends the connection. */
  end(error: Error): void
}

export type MessageHandler = {
  /** @throws ConnectionError ERR_FRAME when the other side keeps no rule */
  handle(payload: Extract<Payload, { k: 'message' | 'got' | 'ready' }>): void
  /** The connection has ended. */
  detach(): void
}

/** What a line needs of the store and of those that wait; everything it is given back is on disk. */
export type MessageDesk = {
  /** How far their streams are here, the latest first. */
  places(): readonly { readonly stream: Uint8Array; readonly have: number }[]
  /** Whether that is the stream of our messages to them. */
  isOurs(stream: Uint8Array): boolean
  pending(after: number, limit: number): readonly StoredMessage[]
  /** The number that message follows: those between them were given up. */
  before(number: number): number
  sent(upTo: number): Promise<void>
  delivered(upTo: number): Promise<void>
  /** Takes messages in, in their order: how many there was room for, and what tells the application of them. */
  receive(messages: readonly MessagePayload[]): Promise<{ readonly taken: number; announce(): void }>
  /** Whether another message of theirs can be taken in. */
  hasRoom(): boolean
  /** Something may be sendable now, on this line or another. */
  poke(): void
}

export type OpenMessageStream = MessageHandler & {
  /** whether the other side has said what it has got */
  readonly ready: boolean
  /** Sends what is pending. Only one line of a peer is told to. */
  pump(): void
  /** There is room again for messages that were refused. */
  invite(): void
}

export const openMessageStream = (line: MessageLine, desk: MessageDesk): OpenMessageStream => {
  let ready = false
  let closed = false
  let pumping = false
  /** the last number that the other side has got, and that was sent on this line */
  let got = 0
  let sent = 0
  let incoming: MessagePayload[] = []
  let storing = false
  /** the first message that was refused for want of room: what follows is passed over until it comes again */
  let refused: MessagePayload | null = null
  let invited = false
  /** counts how often sending was begun anew */
  let begun = 0

  const fail = (error: unknown): void => {
    if (!closed) line.end(error instanceof Error ? error : new Error(String(error)))
  }
  /** Saying fails only when the connection has ended, which is told elsewhere. */
  const say = (payload: Payload): Promise<void> => line.say(payload).catch(() => {})

  const pump = async (): Promise<void> => {
    if (pumping) return
    pumping = true
    try {
      while (ready && !closed) {
        const messages = desk.pending(sent, MESSAGE_WINDOW - (sent - got))
        if (messages.length === 0) return
        const beginning = begun
        for (const message of messages) {
          sent = message.number
          await say({ k: 'message', s: message.stream, ...messageContent(message, desk.before(message.number)) })
          if (closed) return
          if (begun !== beginning) break
        }
        await desk.sent(sent)
      }
    } finally {
      pumping = false
    }
  }
  const invite = (): void => {
    if (refused === null || invited || closed) return
    invited = true
    void say({ k: 'ready' })
  }

  const store = async (): Promise<void> => {
    if (storing) return
    storing = true
    try {
      while (incoming.length > 0 && !closed) {
        const messages = incoming
        incoming = []
        const { taken, announce } = await desk.receive(messages)
        if (taken < messages.length) {
          refused = messages[taken] ?? null
          incoming = []
          // The application may have taken some while these were on their way, and takes none that are not here.
          if (desk.hasRoom()) invite()
        }
        const last = messages[taken - 1]
        // The receipt goes first: the application may end the connection over what it reads.
        const receipt = last === undefined ? undefined : say({ k: 'got', s: last.s, n: last.n })
        announce()
        await receipt
      }
    } finally {
      storing = false
    }
  }

  const takeIn = (message: MessagePayload): void => {
    if ((message.text === null) === (message.data === null))
      throw new ConnectionError('ERR_FRAME', { hint: 'a message is text or data' })
    if (refused !== null) {
      if (!invited || message.n !== refused.n || !equal(message.s, refused.s)) return
      refused = null
      invited = false
    }
    if (incoming.length >= MESSAGE_WINDOW)
      throw new ConnectionError('ERR_FRAME', { hint: 'more messages than the window allows' })
    incoming.push(message)
    store().catch((error: unknown) => {
      const gap = error instanceof MessageError && error.code === 'ERR_MESSAGE_GAP'
      fail(gap ? new ConnectionError('ERR_FRAME', { hint: 'a message is missing', cause: error }) : error)
    })
  }

  /** A repeated one says that messages were refused: they are sent again. */
  const getReady = (): void => {
    begun += 1
    sent = got
    ready = true
    desk.poke()
  }

  for (const { stream, have } of desk.places()) void say({ k: 'got', s: stream, n: have })
  void say({ k: 'ready' })

  return {
    get ready() {
      return ready && !closed
    },
    pump: () => void pump().catch(fail),
    invite,
    handle: (payload) => {
      if (payload.k === 'message') takeIn(payload)
      else if (payload.k === 'ready') getReady()
      else if (desk.isOurs(payload.s) && payload.n > got) {
        got = payload.n
        sent = Math.max(sent, got)
        desk.delivered(got).then(desk.poke, fail)
      }
    },
    detach: () => {
      closed = true
      desk.poke()
    },
  }
}
