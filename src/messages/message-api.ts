import type { Contacts } from '../contacts/contact-api.ts'
import { checkSendable, idOf } from '../contacts/peer-name.ts'
import { decodeAddress, encodeAddress } from '../core/address.ts'
import { copyOf, utf8 } from '../core/bytes.ts'
import { MessageError, PeerError } from '../core/errors.ts'
import { MESSAGE_BYTES_MAX } from '../core/limits.ts'
import type { World } from '../core/world.ts'
import {
  type MessageBody,
  type MessageReason,
  type MessageState,
  STREAM_BYTES,
  type StoredMessage,
} from '../store/message-store.ts'
import type { Store } from '../store/store.ts'
import type { Delivery } from './delivery.ts'

/** A message that is kept until it has arrived. */
export type Message = {
  /** rises with every message of this peer, sent or received */
  readonly id: number
  /** the address at the other end */
  readonly peer: string
  readonly direction: 'in' | 'out'
  /** when it was written, by its writer's clock, milliseconds since 1970 */
  readonly at: number
  /**
   * Sent ones: `queued` on this disk, `sent` on its way, `delivered` on the other side's disk, `failed` for the `reason`. Received ones:
   * `arrived` on this disk, `taken` by the application.
   */
  readonly state: MessageState
  readonly reason: MessageReason | null
  /** what it says: text, or bytes */
  readonly content: string | Uint8Array
}

/** Messages that arrive once and in order, across crashes, reconnects and days apart. Iterating takes what others sent. */
export type Messages = AsyncIterable<Message> & {
  /**
   * Writes a message; resolves once it is on disk, and from then on it is on its way, also after a restart.
   * @param contact a name or an address
   * @throws MessageError ERR_MESSAGE_SIZE above 32 KiB; PeerError ERR_PEER_CLOSED, ERR_PEER_SELF, ERR_PEER_RETIRED; AddressError; StoreError; KeyLogError ERR_LOG_FORK
   *   while two logs of the contact contradict each other
   */
  send(contact: string, message: string | Uint8Array): Promise<Message>
  /**
   * The next message that others sent, from anybody or from one contact; null once the peer is closed. It counts as taken when the one
   * after it is asked for: after a crash the last one comes again, with the same `id`.
   * @throws the signal's reason
   */
  receive(options?: {
    readonly from?: string | undefined
    readonly signal?: AbortSignal | undefined
  }): Promise<Message | null>
  /** Marks a message as taken at once. */
  take(message: Pick<Message, 'id' | 'peer'>): void
  /** Both sides of a conversation: the latest `limit` (default 100) messages with an id below `before`, oldest first. */
  history(contact: string, options?: { readonly before?: number; readonly limit?: number }): readonly Message[]
  /** How many messages to a contact are neither delivered nor failed. */
  waiting(contact: string): number
  /** Calls back for every message that came, or whose state changed. @returns ends that */
  watch(listener: (message: Message) => void): () => void
}

export type MessagesParts = {
  readonly own: Uint8Array
  readonly store: Store
  readonly contacts: Contacts
  readonly delivery: Pick<Delivery, 'wake' | 'taken'>
  readonly world: World
  /** aborted when the peer closes */
  readonly closing: AbortSignal
}

const describe = ({ id, peer, out, at, state, reason, body }: StoredMessage): Message => ({
  id,
  peer: encodeAddress(peer),
  direction: out ? 'out' : 'in',
  at,
  state,
  reason,
  content: 'text' in body ? body.text : body.data,
})

/** A copy: the caller may use its buffer again while this waits. */
const bodyOf = (message: string | Uint8Array): MessageBody => {
  const size = typeof message === 'string' ? utf8(message).length : message.length
  if (size > MESSAGE_BYTES_MAX) throw new MessageError('ERR_MESSAGE_SIZE', { hint: `${size} bytes` })
  return typeof message === 'string' ? { text: message.toWellFormed() } : { data: copyOf(message) }
}

const HISTORY = 100

/** @returns `Messages.history` of a store */
export const readHistory =
  ({ messages }: Pick<Store, 'messages'>, contacts: Contacts): Messages['history'] =>
  (contact, { before = Number.MAX_SAFE_INTEGER, limit = HISTORY } = {}) =>
    messages.history(idOf(contacts, contact), before, limit).map(describe)

export const createMessages = ({ own, store, contacts, delivery, world, closing }: MessagesParts) => {
  const { messages, group } = store
  const listeners = new Set<(message: Message) => void>()
  const woken = new Set<() => void>()
  /** the last message that was handed out and not taken yet, by whom it was asked for; null for anybody */
  const handedOut = new Map<string | null, Message>()

  /** ids up to which messages were handed out: what is taken is on disk a moment later only */
  const upTo = new Map<string | null, number>()

  /** Takings share a transaction; one that fails is a message that comes again. */
  const take = ({ id, peer }: Pick<Message, 'id' | 'peer'>): void => {
    for (const [reader, message] of handedOut) if (message.id === id) handedOut.delete(reader)
    group
      .run(() => messages.markTaken(id))
      .then(
        () => delivery.taken(decodeAddress(peer)),
        () => {},
      )
  }

  const waitForMore = (signal: AbortSignal | undefined): Promise<void> =>
    new Promise((resolve, reject) => {
      const done = (): void => {
        woken.delete(done)
        closing.removeEventListener('abort', done)
        signal?.removeEventListener('abort', abort)
        resolve()
      }
      const abort = (): void => {
        done()
        reject(signal?.reason)
      }
      woken.add(done)
      closing.addEventListener('abort', done, { once: true })
      signal?.addEventListener('abort', abort, { once: true })
    })

  const receive: Messages['receive'] = async ({ from, signal } = {}) => {
    const id = from === undefined ? null : idOf(contacts, from)
    const reader = id === null ? null : encodeAddress(id)
    const last = handedOut.get(reader)
    if (last !== undefined && !closing.aborted) take(last)
    for (;;) {
      signal?.throwIfAborted()
      if (closing.aborted) return null
      const next = messages.arrived(id, upTo.get(reader) ?? 0)
      if (next !== null) {
        const message = describe(next)
        handedOut.set(reader, message)
        upTo.set(reader, message.id)
        return message
      }
      await waitForMore(signal)
    }
  }

  const api: Messages = {
    send: async (contact, said) => {
      if (closing.aborted) throw new PeerError('ERR_PEER_CLOSED')
      const body = bodyOf(said)
      const id = idOf(contacts, contact)
      checkSendable(own, store, id)
      const message = await group.run(() => messages.queue(id, body, world.clock(), world.random(STREAM_BYTES)))
      delivery.wake(id)
      return describe(message)
    },
    receive,
    take,
    history: readHistory(store, contacts),
    waiting: (contact) => messages.countWaiting(idOf(contacts, contact)),
    watch: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    async *[Symbol.asyncIterator]() {
      for (let message = await receive(); message !== null; message = await receive()) yield message
    },
  }
  return {
    api,
    /** Told of what came or changed. */
    onMessages: (changed: readonly StoredMessage[]): void => {
      for (const message of changed.map(describe)) for (const listener of listeners) listener(message)
      if (changed.some(({ out }) => !out)) for (const wake of [...woken]) wake()
    },
  }
}
