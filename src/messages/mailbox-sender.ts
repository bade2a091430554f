import { encodeAddress } from '../core/address.ts'
import { equal, hex } from '../core/bytes.ts'
import { KeyLogError, PeerError } from '../core/errors.ts'
import { PREKEY_AGE } from '../core/limits/store-limits.ts'
import { seconds, timesIn, type World } from '../core/world.ts'
import type { Lookup } from '../directory/client/lookup.ts'
import type { StoredMessage } from '../store/message-rows.ts'
import type { Store } from '../store/store.ts'
import type { MailboxClient } from './mailbox-client.ts'
import type { MessageEvent } from './message-events.ts'
import type { Parcelling, Recipient } from './parcelling.ts'

/** Brings messages and receipts to the mailboxes of those who are away (docs/spec/mailbox-messages.md §5). */
export type MailboxSender = {
  /** Whether something is there to be brought, or on its way to a mailbox. */
  isWaiting(peer: Uint8Array): boolean
  /** Peers for whom it is. */
  waiting(): readonly Uint8Array[]
  /**
   * Brings what waits. Returns when everything is in a mailbox or none of them takes it now, and when the peer names none.
   * @throws those of `Peer.lookup`; KeyLogError ERR_LOG_FORK; PeerError ERR_PEER_RETIRED; StoreError
   */
  send(peer: Uint8Array, signal: AbortSignal): Promise<void>
  /** The peer has heard what we have got. */
  receiptSaid(peer: Uint8Array): void
}

export type MailboxSenderParts = {
  readonly store: Store
  readonly world: World
  readonly parcelling: Parcelling
  readonly mailboxClient: Pick<MailboxClient, 'leave'>
  readonly find: (id: Uint8Array, signal: AbortSignal) => Promise<Lookup>
  /** The ML-KEM key that a card commits to. */
  readonly fetchKem: (
    found: Lookup & { readonly card: NonNullable<Lookup['card']> },
    signal: AbortSignal,
  ) => Promise<Uint8Array>
  readonly onMessages: (messages: readonly StoredMessage[]) => void
  readonly emit: (event: MessageEvent) => void
}

/** null when nothing can be left for it. @throws KeyLogError ERR_LOG_FORK; PeerError ERR_PEER_RETIRED */
const recipientOf = ({ log, card, fork }: Lookup, now: number): Recipient | null => {
  if (fork !== null) throw new KeyLogError('ERR_LOG_FORK')
  if (log.last.entry.status === 'retired') throw new PeerError('ERR_PEER_RETIRED')
  // Its owner has forgotten the prekeys of an older one.
  if (card === null || card.card.from + PREKEY_AGE < now) return null
  const device = log.last.entry.devices[card.card.device]
  const { mailboxes } = card.card
  return device === undefined || mailboxes.length === 0 ? null : { log, card, device, inc: card.card.inc, mailboxes }
}

type Left = { readonly parcels: number; readonly messages: number }

/** Leaves what is queued for one mailbox, in order; the first failure ends it. @returns what is there now */
const leaveAt = async (
  { store, mailboxClient, onMessages }: MailboxSenderParts,
  peer: Uint8Array,
  mailbox: Uint8Array,
  signal: AbortSignal,
): Promise<Left> => {
  const { mailboxOutbox, messages, group } = store
  const left = { parcels: 0, messages: 0 }
  const queued = mailboxOutbox.queued(peer).filter((one) => equal(one.mailbox, mailbox))
  for (const { number, sequence, upto } of queued) {
    const parcel = mailboxOutbox.parcel(number)
    if (parcel === null) continue
    // By now, as each visit takes its time.
    if (store.blocked.has(peer)) break
    const done = await mailboxClient.leave(mailbox, peer, parcel, signal).then(
      () => true,
      () => false,
    )
    if (!done) break
    const changed = await group.run(() => {
      mailboxOutbox.drop(number)
      return sequence === null ? [] : messages.markSent(peer, { sequence, n: upto }, 0)
    })
    left.parcels += 1
    left.messages += changed.length
    if (changed.length > 0) onMessages(changed)
  }
  return left
}

const leaveAll = async (parts: MailboxSenderParts, peer: Uint8Array, signal: AbortSignal): Promise<void> => {
  const queued = parts.store.mailboxOutbox.queued(peer)
  const mailboxes = [...new Map(queued.map(({ mailbox }) => [hex(mailbox), mailbox])).values()]
  const left = await Promise.all(mailboxes.map((mailbox) => leaveAt(parts, peer, mailbox, signal)))
  const took = mailboxes.filter((_, index) => (left[index]?.parcels ?? 0) > 0).map(encodeAddress)
  const count = left.reduce((sum, { messages: some }) => sum + some, 0)
  if (took.length > 0)
    parts.emit({ type: 'in-mailboxes', address: encodeAddress(peer), mailboxes: took, messages: count })
}

export const createMailboxSender = (parts: MailboxSenderParts): MailboxSender => {
  const { store, world, parcelling, find, fetchKem } = parts
  const { mailboxOutbox } = store
  /** to each peer one sending after the other: the one under way, which never rejects, and the one that waits for its end */
  const running = new Map<string, Promise<void>>()
  const queued = new Map<string, Promise<void>>()

  const isWaiting = (peer: Uint8Array): boolean => mailboxOutbox.queued(peer).length > 0 || parcelling.hasNews(peer)

  const sendTo = async (peer: Uint8Array, signal: AbortSignal): Promise<void> => {
    if (!isWaiting(peer)) return
    mailboxOutbox.trim(timesIn(world).past)
    const found = await find(peer, signal)
    const to = recipientOf(found, seconds(world))
    if (to === null) return
    parcelling.follow(peer, to)
    const needsKem = parcelling.hasNews(peer) && parcelling.needsSession(peer, to)
    const kem = needsKem ? await fetchKem({ ...found, card: to.card }, signal) : null
    while (parcelling.compose(peer, to, kem)) signal.throwIfAborted()
    await leaveAll(parts, peer, signal)
  }

  return {
    isWaiting,
    waiting: () => mailboxOutbox.waiting(seconds(world)),
    send: (peer, signal) => {
      const key = hex(peer)
      // Whoever waits for the one under way to end sends everything that is there by then.
      const waiting = queued.get(key)
      if (waiting !== undefined) return waiting
      const turn = (running.get(key) ?? Promise.resolve()).then(async () => {
        queued.delete(key)
        const work = sendTo(peer, signal)
        const settled = work.catch(() => {})
        running.set(key, settled)
        await settled
        if (running.get(key) === settled) running.delete(key)
        return work
      })
      queued.set(key, turn)
      return turn
    },
    receiptSaid: mailboxOutbox.receiptSaid,
  }
}
