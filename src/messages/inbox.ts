import type { NumberedMessage } from '../connection/payloads.ts'
import { equal, hex } from '../core/bytes.ts'
import { MessageError } from '../core/errors.ts'
import {
  MESSAGES_ARRIVED_MAX,
  STRANGER_MESSAGES_MAX,
  STRANGERS_MESSAGES_MAX,
  UNKNOWN_APPLICATION_MESSAGES_MAX,
  UNKNOWN_APPLICATIONS_MESSAGES_MAX,
} from '../core/limits/message-limits.ts'
import { isProgramName } from '../core/names.ts'
import { messageId, nextPlace, type Place, sequenceStart } from '../core/places.ts'
import { presentOf, type World } from '../core/world.ts'
import type { StoredMessage } from '../store/message-rows.ts'
import type { Store } from '../store/store.ts'
import { createAllowance, type Refusal } from './allowance.ts'

/** How messages of others are taken in, from connections and mailboxes alike, as far as there is room. */
export type Inbox = {
  /** How many messages of `peer` for an application there is room for: a contact has more than somebody who only called, and what is no name has none. */
  room(peer: Uint8Array, app: string): number
  /** Why such a message is not taken in now; null when it is. */
  refusal(peer: Uint8Array, message: Weighed): Refusal | null
  /**
   * Takes messages in, those of each sequence in their order, until there is no more room for their application; for a transaction of the
   * caller's.
   * @param from whose they are @throws MessageError ERR_MESSAGE_GAP, ERR_MESSAGE_FORK of a sequence that is new here
   */
  take(from: Sender, messages: readonly IncomingMessage[]): Taken
}

/** Who sent something: an identity, by one of its devices (16 bytes). */
export type Sender = { readonly peer: Uint8Array; readonly device: Uint8Array }

export type IncomingMessage = NumberedMessage & { readonly s: Uint8Array; readonly app: string }

/** A message as it is counted: for which application it is, and how many bytes it says. */
export type Weighed = { readonly app: string; readonly size: number }

export type Refused = IncomingMessage & { readonly why: Refusal }

export type Taken = {
  /** how far each sequence is here now of which anything came */
  readonly upTo: readonly (Place & { readonly s: Uint8Array })[]
  /** the first of each sequence that there was no room for, and why */
  readonly refused: readonly Refused[]
  /** sequences that go on here otherwise than there: nothing more was taken of them */
  readonly forked: readonly Uint8Array[]
  /** those that are new here */
  readonly fresh: readonly StoredMessage[]
}

/** A message may be this much ahead of our clock, milliseconds: what is further ahead is shown as written then. */
const AHEAD_MS = 3_600_000

/** Where the messages of a sequence are at, while some are taken. */
type Standing = Place & { readonly isKnown: boolean }

export type InboxParts = {
  /** our identity hash */
  readonly own: Uint8Array
  readonly store: Pick<Store, 'messages' | 'applications' | 'volumes'>
  readonly world: World
  readonly isContact: (peer: Uint8Array) => boolean
  /** Whether it was refused to let that stranger in. */
  readonly isRefused: (peer: Uint8Array) => boolean
  /** Told why something of `peer` was not taken in, each time. Default: nobody is. */
  readonly onLimit?: ((peer: Uint8Array, why: Refusal) => void) | undefined
}

export const createInbox = (parts: InboxParts): Inbox => {
  const { own, store, world, isContact, isRefused, onLimit = () => {} } = parts
  const allowance = createAllowance(parts)
  const { messages, applications } = store
  const room = (peer: Uint8Array, app: string): number => {
    if (!isProgramName(app) || isRefused(peer)) return 0
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

  const refusal = (peer: Uint8Array, { app, size }: Weighed, id?: Uint8Array): Refusal | null =>
    room(peer, app) === 0 ? { code: 'ERR_MESSAGE_FULL', wait: null } : allowance.refusal(peer, size, id)

  /** Where a sequence is at. @throws MessageError ERR_MESSAGE_GAP when it is of another application */
  const standingOf = (peer: Uint8Array, { s, app }: IncomingMessage): Standing => {
    const known = messages.placeIn(peer, s)
    if (known === null) return { ...sequenceStart({ from: peer, to: own, app }, s), isKnown: false }
    if (known.app !== app) throw new MessageError('ERR_MESSAGE_GAP', { hint: `of ${known.app}` })
    return { n: known.have, c: known.c, isKnown: true }
  }

  /** Checks R2 to R6 (docs/spec/messages.md §4) of one message. @throws MessageError ERR_MESSAGE_GAP, ERR_MESSAGE_FORK */
  const takeOne = ({ peer, device }: Sender, message: IncomingMessage) => {
    const { s, app, n, c, r, at, b } = message
    const standing = standingOf(peer, message)
    if (n <= standing.n && n > 0) return { fate: 'here', standing } as const
    if (n !== standing.n + 1) throw new MessageError('ERR_MESSAGE_GAP', { hint: `${n} after ${standing.n}` })
    const m = messageId({ from: peer, to: own, app }, { r, at, b })
    const next = nextPlace(standing, m)
    if (!equal(next.c, c)) {
      if (!standing.isKnown) throw new MessageError('ERR_MESSAGE_FORK')
      return { fate: 'forked', standing } as const
    }
    const why = messages.hasArrived(peer, m)
      ? allowance.refusalOfRepeat(peer, b.length)
      : refusal(peer, { app, size: b.length }, m)
    if (why !== null) return { fate: 'refused', standing, why } as const
    const now = world.clock()
    const when = { at: Math.min(at, now + AHEAD_MS), said: at, queued: presentOf(world) }
    const stored = messages.receive(peer, { device, sequence: s, app, ...next }, { m, r, body: b, ...when })
    if (stored !== null) allowance.took(peer, b.length, m)
    else allowance.tookRepeat(peer, b.length)
    return { fate: 'taken', standing: next, stored } as const
  }

  return {
    room,
    refusal: (peer, message) => refusal(peer, message),
    take: (from, incoming) => {
      const upTo = new Map<string, Place & { readonly s: Uint8Array }>()
      const refused = new Map<string, Refused>()
      const forked = new Map<string, Uint8Array>()
      const fresh: StoredMessage[] = []
      for (const message of incoming) {
        const { s } = message
        const key = hex(s)
        if (refused.has(key) || forked.has(key)) continue
        const { fate, standing, stored, why } = { stored: null, why: null, ...takeOne(from, message) }
        if (why !== null) refused.set(key, { ...message, why })
        else if (fate === 'forked') forked.set(key, s)
        else upTo.set(key, { s, n: standing.n, c: standing.c })
        if (stored !== null) fresh.push(stored)
      }
      if (fresh.length > 0 && !isContact(from.peer)) messages.trimStrangers()
      for (const { why } of refused.values()) onLimit(from.peer, why)
      return { upTo: [...upTo.values()], refused: [...refused.values()], forked: [...forked.values()], fresh }
    },
  }
}
