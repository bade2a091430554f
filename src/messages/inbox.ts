import type { MessageContent } from '../connection/payloads.ts'
import { equal } from '../core/bytes.ts'
import { MESSAGES_ARRIVED_MAX, STRANGER_MESSAGES_MAX, STRANGERS_MESSAGES_MAX } from '../core/limits.ts'
import type { MessageStore, StoredMessage } from '../store/message-store.ts'

/** How messages of others are taken in, from connections and mailboxes alike, as far as there is room. */
export type Inbox = {
  /** How many messages of `peer` there is room for: a contact has more than somebody who only called. */
  room(peer: Uint8Array): number
  /**
   * Takes messages of one stream in, in their order, until there is no more room; for a transaction of the caller's.
   * @returns how many were taken or were here already, and those that are new
   * @throws MessageError ERR_MESSAGE_GAP
   */
  take(
    peer: Uint8Array,
    messages: readonly (MessageContent & { readonly s: Uint8Array })[],
  ): { readonly taken: number; readonly fresh: readonly StoredMessage[] }
}

export const createInbox = (messages: MessageStore, isContact: (peer: Uint8Array) => boolean): Inbox => {
  const room = (peer: Uint8Array): number => {
    const arrived = messages.countArrived(peer)
    if (isContact(peer)) return Math.max(0, MESSAGES_ARRIVED_MAX - arrived)
    return Math.max(0, Math.min(STRANGER_MESSAGES_MAX - arrived, STRANGERS_MESSAGES_MAX - messages.countStrangers()))
  }

  return {
    room,
    take: (peer, incoming) => {
      let left = room(peer)
      let taken = 0
      const fresh: StoredMessage[] = []
      for (const { s, n, p, at, text, data } of incoming) {
        const known = messages.places(peer).find(({ stream }) => equal(stream, s))
        if (left === 0 && n > (known?.have ?? 0)) break
        const body = text !== null ? { text } : { data: data ?? new Uint8Array(0) }
        const message = messages.receive(peer, { stream: s, number: n, before: p }, at, body)
        taken += 1
        if (message === null) continue
        left -= 1
        fresh.push(message)
      }
      if (fresh.length > 0 && !isContact(peer)) messages.trimStrangers()
      return { taken, fresh }
    },
  }
}
