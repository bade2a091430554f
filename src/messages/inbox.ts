import type { NumberedMessage } from '../connection/payloads.ts'
import { hex } from '../core/bytes.ts'
import {
  MESSAGES_ARRIVED_MAX,
  STRANGER_MESSAGES_MAX,
  STRANGERS_MESSAGES_MAX,
  UNKNOWN_APPLICATION_MESSAGES_MAX,
  UNKNOWN_APPLICATIONS_MESSAGES_MAX,
} from '../core/limits/message-limits.ts'
import type { StoredMessage } from '../store/message-rows.ts'
import type { Store } from '../store/store.ts'

/** How messages of others are taken in, from connections and mailboxes alike, as far as there is room. */
export type Inbox = {
  /** How many messages of `peer` for an application there is room for: a contact has more than somebody who only called. */
  room(peer: Uint8Array, app: string): number
  /**
   * Takes messages in, those of each sequence in their order, until there is no more room for their application; for a transaction of the
   * caller's.
   * @throws MessageError ERR_MESSAGE_GAP
   */
  take(peer: Uint8Array, messages: readonly IncomingMessage[]): Taken
}

export type IncomingMessage = NumberedMessage & { readonly s: Uint8Array; readonly app: string }

export type Taken = {
  /** the last of each sequence that is here now */
  readonly upTo: readonly { readonly s: Uint8Array; readonly n: number }[]
  /** the first of each sequence that there was no room for */
  readonly refused: readonly IncomingMessage[]
  /** those that are new here */
  readonly fresh: readonly StoredMessage[]
}

export const createInbox = (
  { messages, applications }: Pick<Store, 'messages' | 'applications'>,
  isContact: (peer: Uint8Array) => boolean,
): Inbox => {
  const room = (peer: Uint8Array, app: string): number => {
    const arrived = messages.countArrived(peer, app)
    const bounds = isContact(peer)
      ? [MESSAGES_ARRIVED_MAX - arrived]
      : [STRANGER_MESSAGES_MAX - arrived, STRANGERS_MESSAGES_MAX - messages.countStrangers()]
    if (!applications.has(app))
      bounds.push(
        UNKNOWN_APPLICATION_MESSAGES_MAX - arrived,
        UNKNOWN_APPLICATIONS_MESSAGES_MAX - messages.countUnknown(peer),
      )
    return Math.max(0, Math.min(...bounds))
  }

  return {
    room,
    take: (peer, incoming) => {
      const upTo = new Map<string, { readonly s: Uint8Array; readonly n: number }>()
      const refused = new Map<string, IncomingMessage>()
      const fresh: StoredMessage[] = []
      const places = new Map(messages.places(peer).map(({ sequence, have }) => [hex(sequence), have]))
      for (const message of incoming) {
        const { s, app, n, p, at, body } = message
        const key = hex(s)
        if (refused.has(key)) continue
        if (n > (places.get(key) ?? 0) && room(peer, app) === 0) {
          refused.set(key, message)
          continue
        }
        const stored = messages.receive(peer, { sequence: s, app, number: n, before: p }, at, body)
        places.set(key, Math.max(n, places.get(key) ?? 0))
        upTo.set(key, { s, n })
        if (stored !== null) fresh.push(stored)
      }
      if (fresh.length > 0 && !isContact(peer)) messages.trimStrangers()
      return { upTo: [...upTo.values()], refused: [...refused.values()], fresh }
    },
  }
}
