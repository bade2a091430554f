import type { Contacts } from '../contacts/contact-api.ts'
import { checkSendable, peerIdOf } from '../contacts/peer-name.ts'
import { PeerError } from '../core/errors.ts'
import { MESSAGE_AGE_MAX, MESSAGE_RANDOM_BYTES } from '../core/limits/message-limits.ts'
import { messageId } from '../core/places.ts'
import { presentOf, type World } from '../core/world.ts'
import type { StoredMessage } from '../store/message-rows.ts'
import type { Store } from '../store/store.ts'
import type { Backlog } from './backlog.ts'
import { encodeBody } from './body.ts'
import { describeMessage, type Message } from './message.ts'
import type { MessageEvent } from './message-events.ts'
import { readPast } from './past-messages.ts'
import { createReaders, type MessageFilter } from './readers.ts'
import type { Signals } from './signals.ts'

/**
 * Messages that arrive once and in order, across crashes, reconnects and days apart. Iterating takes what others sent, and counts a
 * message as taken when the next one is asked for: after a crash the last one comes again, with the same `id`. It has what anybody sends, also
 * who is no contact: `contacts.get(message.from)` tells. Who wants to be asked before a stranger is heard takes messages from `Peer.events`.
 */
export type Messages = AsyncIterable<Message> & {
  /**
   * Writes a message; resolves once it is on disk, and from then on it is on its way, also after a restart.
   * @param who the name of a contact, an address, or a link
   * @param said text, or bytes; 32 KiB at most
   * @throws PeerError ERR_PEER_CLOSED, _SELF, _BLOCKED, _RETIRED; MessageError ERR_MESSAGE_SIZE; AddressError; ContactError ERR_CONTACT;
   *   StoreError; KeyLogError ERR_LOG_FORK while two logs of the peer contradict each other
   */
  send(who: string, said: string | Uint8Array): Promise<Message>
  /** What others send, from now on and what was not taken yet; ends when the signal aborts, or the peer closes. */
  incoming(filter?: MessageFilter): AsyncIterable<Message>
  /** The next message; null once the peer is closed. @throws the signal's reason; AddressError, ContactError for `from` */
  receive(filter?: MessageFilter): Promise<Message | null>
  /** Marks a message as taken at once. */
  take(message: Pick<Message, 'id' | 'peer'>): void
  /**
   * Both sides of a conversation: the latest `limit` (default 100) messages with an id below `before`, oldest first.
   * @throws AddressError; ContactError ERR_CONTACT
   */
  history(who: string, options?: { readonly before?: number; readonly limit?: number }): readonly Message[]
  /**
   * Deletes the messages to and from a peer that were queued, or came, before a time (milliseconds since 1970, by this clock), but for those
   * that wait to be delivered or taken. Room that the peer waits for is there at once. What came does not come again.
   * @returns how many that were
   * @throws PeerError ERR_PEER_CLOSED; AddressError; ContactError ERR_CONTACT; StoreError
   */
  forget(who: string, before: number): Promise<number>
  /** How many messages to a peer are neither delivered, gone nor failed. @throws AddressError; ContactError ERR_CONTACT */
  waiting(who: string): number
  /**
   * Queues again what is `gone`: the store that had it is no more. Nobody but a person should say so: who answers at that address may have the
   * keys of a device and nothing else, and gets what was said before.
   * @returns those messages, oldest first
   * @throws PeerError ERR_PEER_CLOSED, _SELF, _BLOCKED, _RETIRED; AddressError; ContactError ERR_CONTACT; StoreError; KeyLogError ERR_LOG_FORK
   */
  resend(who: string): Promise<readonly Message[]>
}

export type MessagesParts = {
  readonly own: Uint8Array
  /** the application whose messages these are */
  readonly app: string
  readonly store: Store
  readonly contacts: Contacts
  readonly signals: Signals
  readonly world: World
  readonly emit: (event: MessageEvent) => void
  /** Whether events tell what that peer says. */
  readonly isTold: (peer: Uint8Array) => boolean
  /** aborted when the peer closes */
  readonly closing: AbortSignal
}

export type MessagesRoom = {
  readonly api: Messages
  readonly backlog: Backlog
  /** Told of what came or changed, once that is on disk. */
  onMessages(changed: readonly StoredMessage[]): void
  readonly kept: KeptMessages
}

/** Messages that came with an id above `after`, up to `upTo`. */
export type CameMessages = { readonly after: number; readonly upTo: number } & (
  | { readonly untaken: false }
  /** only those that are not taken, and, when it is not null, of that peer */
  | { readonly untaken: true; readonly peer: Uint8Array | null }
)

/** Messages on disk, of this application: for whoever tells of them later, and has nothing of them in memory until then. */
export type KeptMessages = {
  /** what comes later has a higher id; 0 once the peer closes */
  latest(): number
  /** The first of the messages that are meant; what a stranger sent who was not let in is passed over. */
  came(which: CameMessages): Message | null
  /** One of ours; null when it is forgotten. */
  sent(id: number): Message | null
}

const createBacklog = ({ store }: MessagesParts, onMessages: MessagesRoom['onMessages']): Backlog => {
  const { messages, group } = store
  const fail = async (work: () => readonly StoredMessage[]): Promise<void> => onMessages(await group.run(work))
  return {
    waiting: messages.waiting,
    isWaiting: messages.isWaiting,
    expire: (peer, now) => fail(() => messages.markFailed(peer, 'ERR_MESSAGE_EXPIRED', now - MESSAGE_AGE_MAX * 1000)),
    giveUp: (peer, reason) => fail(() => messages.markFailed(peer, reason, Number.MAX_SAFE_INTEGER)),
  }
}

export const createMessages = (parts: MessagesParts): MessagesRoom => {
  const { own, app, store, contacts, signals, world, emit, closing, isTold } = parts
  const { messages, group } = store
  const readers = createReaders(parts)

  const onMessages = (changed: readonly StoredMessage[]): void => {
    for (const stored of changed) {
      if (stored.app !== app) continue
      emit({ type: stored.out ? 'delivery' : 'message', message: describeMessage(own, stored) })
    }
    if (changed.some(({ out }) => !out)) readers.wake()
  }
  const api: Messages = {
    send: async (who, said) => {
      if (closing.aborted) throw new PeerError('ERR_PEER_CLOSED')
      const body = encodeBody(said)
      const peer = peerIdOf(contacts, who)
      checkSendable(own, store, peer)
      const content = { r: world.random(MESSAGE_RANDOM_BYTES), at: world.clock(), b: body }
      const m = messageId({ from: own, to: peer, app }, content)
      const { r, at } = content
      const message = await group.run(() => messages.queue({ peer, app, m, r, at, body }, presentOf(world)))
      onMessages([message])
      signals.say('queued', peer)
      return describeMessage(own, message)
    },
    incoming: readers.incoming,
    receive: readers.receive,
    take: readers.take,
    history: (who, span = {}) => readPast(parts, who, span),
    forget: async (who, before) => {
      if (closing.aborted) throw new PeerError('ERR_PEER_CLOSED')
      const peer = peerIdOf(contacts, who)
      const count = await group.run(() => messages.forget(peer, app, before))
      signals.say('taken', peer)
      return count
    },
    waiting: (who) => messages.countWaiting(peerIdOf(contacts, who), app),
    resend: async (who) => {
      if (closing.aborted) throw new PeerError('ERR_PEER_CLOSED')
      const peer = peerIdOf(contacts, who)
      checkSendable(own, store, peer)
      const queued = await group.run(() => messages.requeueGone(peer, app, presentOf(world)))
      onMessages(queued)
      if (queued.length > 0) signals.say('queued', peer)
      return queued.map((message) => describeMessage(own, message))
    },
    [Symbol.asyncIterator]: () => readers.incoming()[Symbol.asyncIterator](),
  }
  return {
    api,
    backlog: createBacklog(parts, onMessages),
    onMessages,
    kept: {
      latest: () => (closing.aborted ? 0 : messages.latest()),
      came: (which) => {
        const { upTo } = which
        for (let { after } = which; after < upTo; ) {
          const next = which.untaken ? messages.arrived(app, which.peer, after) : messages.came(app, after, upTo)
          if (next === null || next.id > upTo) return null
          if (isTold(next.peer)) return describeMessage(own, next)
          after = next.id
        }
        return null
      },
      sent: (id) => {
        const stored = messages.get(id)
        return stored === null ? null : describeMessage(own, stored)
      },
    },
  }
}
