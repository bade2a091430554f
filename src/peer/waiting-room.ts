import type { Trust } from '../connection/remote.ts'
import { decodeAddress, encodeAddress } from '../core/address.ts'
import type { KeyLog } from '../core/key-log.ts'
import { STRANGERS_MESSAGES_MAX } from '../core/limits/message-limits.ts'
import { safetyNumber } from '../core/safety-number.ts'
import { seconds, type World } from '../core/world.ts'
import type { FileOffer } from '../files/file-api.ts'
import type { Store } from '../store/store.ts'
import type { EmitEvent, PeerEvent } from './peer-events.ts'
import type { Request } from './request.ts'
import { createPresent, createRefused } from './visitors.ts'
import { createWaitingList, type Waiting } from './waiting-list.ts'

/**
 * Where strangers wait. Every event of a peer comes by here, and what strangers say and offer goes no further before they are let in:
 *
 *     stranger --connects, or left a message--> waiting --accepted, chosen as a contact, or written to--> let in
 *     waiting --refused--> refused, until the peer closes        waiting --too many others wait--> stranger
 *     waiting --blocked--> blocked, which asks for nothing, until it is not any more
 */
export type WaitingRoom = {
  /** Tells an event, or keeps what it is about until its sender is let in. */
  readonly emit: EmitEvent
  /** Who proved to have that log is connected. @param close says goodbye @returns what says that this connection is over */
  enter(log: KeyLog, close: () => Promise<void>): () => void
  /** Says goodbye to one peer. */
  part(peer: Uint8Array): Promise<void>
  /** What strangers left before this peer was opened waits as well. */
  recall(): void
  /** Whether what it says is told: it is a contact, or something was written to it from here. */
  isLetIn(peer: Uint8Array): boolean
  /** Whether messages of it are told by now: it is let in, and does not wait any more. */
  isTold(peer: Uint8Array): boolean
  /** Whether something was written to it: whom one writes to one has chosen. */
  hasWritten(peer: Uint8Array): boolean
  isWaiting(peer: Uint8Array): boolean
  isRefused(peer: Uint8Array): boolean
  list(): readonly Request[]
  /** The log of a peer that is connected. */
  logOf(peer: Uint8Array): KeyLog | null
  /** Those that wait and are connected. */
  connected(): readonly Uint8Array[]
  /** Makes a contact, or gives it a later log; what waited of it is told. */
  admit(log: KeyLog): void
  /** Is told when a stranger has become a contact: what waited of it is told. */
  letIn(peer: Uint8Array): void
  refuse(peer: Uint8Array): void
}

export type WaitingRoomParts = {
  /** identity hash of this peer, 32 bytes */
  readonly own: Uint8Array
  readonly app: string
  readonly store: Pick<Store, 'contacts' | 'messages' | 'transfers' | 'blocked'>
  readonly world: World
  readonly tell: EmitEvent
  /** Tells the messages of a peer that are here and were passed over. */
  readonly tellKept: (peer: Uint8Array) => void
  /** There is more room for messages of that peer. */
  readonly invite: (peer: Uint8Array) => void
}

const ABSENT: Trust = {
  identity: 'unknown',
  freshness: 'stale',
  reason: 'it is not connected, and is looked up when it is let in',
}

/** What is told of those only who were let in; that somebody is connected is told of all. */
type Visit = Extract<PeerEvent, { type: 'connected' | 'message' | 'offer' }>

const isVisit = (event: PeerEvent): event is Visit =>
  event.type === 'connected' || event.type === 'message' || event.type === 'offer'

const visitorOf = (event: Visit): string => {
  if (event.type === 'connected') return event.remote.address
  return event.type === 'message' ? event.message.peer : event.offer.peer
}

/** Whom the owner has chosen, by all that is on disk. */
const createChoice = ({ contacts, messages, transfers }: WaitingRoomParts['store']) => {
  const hasWritten = (peer: Uint8Array): boolean => messages.hasWritten(peer) || transfers.isWaiting(peer)
  return { hasWritten, isLetIn: (peer: Uint8Array): boolean => contacts.has(peer) || hasWritten(peer) }
}

const createDescriber =
  ({ own, app, store: { messages } }: WaitingRoomParts, isConnected: (address: string) => boolean) =>
  (address: string, { id, peer, since, trust }: Waiting): Request => {
    const about = { connected: isConnected(address), messages: messages.countArrived(peer, app) }
    return { id, address, safetyNumber: safetyNumber(own, peer), trust, since, ...about }
  }

export const createWaitingRoom = (parts: WaitingRoomParts): WaitingRoom => {
  const { app, store, world, tell, tellKept, invite } = parts
  const { contacts, messages, blocked } = store
  const present = createPresent()
  const refused = createRefused()
  const waiting = createWaitingList(present.has)
  const describe = createDescriber(parts, present.has)
  const { hasWritten, isLetIn } = createChoice(store)

  const isWaiting = (peer: Uint8Array): boolean => waiting.get(encodeAddress(peer)) !== undefined

  /** @returns null when it was refused, or is blocked */
  const ask = (address: string, { trust, hasLeft = false }: Asked): Waiting | null => {
    if (refused.has(address) || blocked.has(decodeAddress(address))) return null
    const known = waiting.get(address)
    if (known !== undefined)
      return Object.assign(known, { trust: trust ?? known.trust, hasLeft: hasLeft || known.hasLeft })
    const one = waiting.add(address, { since: world.clock(), trust: trust ?? ABSENT, hasLeft })
    tell({ type: 'request', request: describe(address, one), waiting: waiting.size })
    return one
  }

  const letIn: WaitingRoom['letIn'] = (peer) => {
    const address = encodeAddress(peer)
    const offers = waiting.remove(address)
    refused.delete(address)
    if (messages.countArrived(peer, app) > 0) tellKept(peer)
    for (const offer of offers) tell({ type: 'offer', offer })
    invite(peer)
  }

  /** What a stranger left before waits as well. */
  const recallOne = (peer: Uint8Array): void => {
    if (!isLetIn(peer) && messages.countArrived(peer, app) > 0) ask(encodeAddress(peer), { hasLeft: true })
  }

  /** What a stranger did, as far as it waits. */
  const keep = (event: Visit): void => {
    if (event.type === 'message') ask(event.message.peer, { hasLeft: true })
    else if (event.type === 'connected') {
      tell(event)
      ask(event.remote.address, { trust: event.remote.trust })
    } else {
      const one = ask(event.offer.peer, {})
      refuseAll([one === null ? event.offer : waiting.hold(one, event.offer)])
    }
  }

  return {
    emit: (event) => {
      // Whom this peer writes to need not wait any longer.
      if (event.type === 'delivery' && waiting.get(event.message.peer) !== undefined)
        letIn(decodeAddress(event.message.peer))
      // It is not told so: what it offered it offers again, should it not be blocked any more.
      if (event.type === 'blocked') waiting.remove(event.address)
      if (!isVisit(event)) {
        tell(event)
        if (event.type === 'unblocked') recallOne(decodeAddress(event.address))
        return
      }
      const address = visitorOf(event)
      const peer = decodeAddress(address)
      if (!isLetIn(peer)) return keep(event)
      if (waiting.get(address) !== undefined) letIn(peer)
      tell(event)
    },
    enter: present.enter,
    part: (peer) => present.part(encodeAddress(peer)),
    recall: () => {
      for (const peer of messages.strangers(app, STRANGERS_MESSAGES_MAX)) recallOne(peer)
    },
    isLetIn,
    isTold: (peer) => isLetIn(peer) && !isWaiting(peer),
    hasWritten,
    isWaiting,
    isRefused: (peer) => refused.has(encodeAddress(peer)) && !isLetIn(peer),
    list: () => waiting.all().flatMap(([address, one]) => (blocked.has(one.peer) ? [] : [describe(address, one)])),
    logOf: (peer) => present.logOf(encodeAddress(peer)),
    connected: () => waiting.all().flatMap(([address, { peer }]) => (present.has(address) ? [peer] : [])),
    admit: (log) => {
      const isNew = !contacts.has(log.id)
      contacts.keep(log, seconds(world))
      if (isNew) letIn(log.id)
    },
    letIn,
    refuse: (peer) => {
      const address = encodeAddress(peer)
      refused.add(address)
      refuseAll(waiting.remove(address))
    },
  }
}

type Asked = { readonly trust?: Trust; readonly hasLeft?: boolean }

/** What it is too late for needs no answer. */
const refuseAll = (offers: readonly (FileOffer | undefined)[]): void => {
  for (const offer of offers) offer?.refuse().catch(() => {})
}
