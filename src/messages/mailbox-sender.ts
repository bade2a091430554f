import { type MessageContent, messageContent } from '../connection/payloads.ts'
import type { Notify } from '../contacts/notice.ts'
import { encodeAddress } from '../core/address.ts'
import { concat, equal, hex } from '../core/bytes.ts'
import { encodeCbor } from '../core/cbor.ts'
import { KeyLogError, PeerError } from '../core/errors.ts'
import type { Identity } from '../core/identity.ts'
import { sha256 } from '../core/kdf.ts'
import type { Device } from '../core/key-log.ts'
import { MAIL_AGAIN, MAIL_BYTES_MAX, MESSAGE_WINDOW, PREKEY_AGE, STRANGER_MESSAGES_MAX } from '../core/limits.ts'
import { sealParcel } from '../core/parcel.ts'
import { encryptMessage } from '../core/session/session.ts'
import { seconds, type World } from '../core/world.ts'
import type { Lookup } from '../directory/client/lookup.ts'
import type { StoredMessage } from '../store/message-store.ts'
import type { Store } from '../store/store.ts'
import { encodeBundle, encodeEnvelope } from './bundle-format.ts'
import type { MailboxClient } from './mailbox-client.ts'
import { beginSession, chooseSession } from './offline-session.ts'

/** Sends messages and receipts by way of the mailboxes of those who are away (docs/spec/mail.md). */
export type MailboxSender = {
  /** Whether something is there to be mailed, or on its way to a mailbox. */
  isWaiting(peer: Uint8Array): boolean
  /** Peers for whom it is. */
  waiting(): readonly Uint8Array[]
  /**
   * Mails what waits. Returns when everything is in a mailbox or none of them takes it now, and when the peer names none.
   * @throws those of `Peer.lookup`; KeyLogError ERR_LOG_FORK; PeerError ERR_PEER_RETIRED; StoreError
   */
  send(peer: Uint8Array, signal: AbortSignal): Promise<void>
  /** The peer has heard what we have got. */
  receiptSaid(peer: Uint8Array): void
}

export type MailboxSenderParts = {
  readonly identity: Identity
  readonly store: Store
  readonly world: World
  readonly mailboxClient: Pick<MailboxClient, 'leave'>
  readonly find: (id: Uint8Array, signal: AbortSignal) => Promise<Lookup>
  /** The ML-KEM key that a card commits to. */
  readonly fetchKem: (
    found: Lookup & { readonly card: NonNullable<Lookup['card']> },
    signal: AbortSignal,
  ) => Promise<Uint8Array>
  readonly onMessages: (messages: readonly StoredMessage[]) => void
  readonly notify: Notify
}

type Recipient = {
  readonly log: Lookup['log']
  readonly card: NonNullable<Lookup['card']>
  readonly device: Device
  readonly mailboxes: readonly Uint8Array[]
}

/** null when nothing can be mailed to it. @throws KeyLogError ERR_LOG_FORK; PeerError ERR_PEER_RETIRED */
const recipientOf = ({ log, card, fork }: Lookup, now: number): Recipient | null => {
  if (fork !== null) throw new KeyLogError('ERR_LOG_FORK')
  if (log.last.entry.status === 'retired') throw new PeerError('ERR_PEER_RETIRED')
  // Its owner has forgotten the prekeys of an older one.
  if (card === null || card.card.from + PREKEY_AGE < now) return null
  const device = log.last.entry.devices[card.card.device]
  const { mailboxes } = card.card
  return device === undefined || mailboxes.length === 0 ? null : { log, card, device, mailboxes }
}

type Left = { readonly parcels: number; readonly messages: number }

/** Tells one set of mailboxes from another. */
const hashOf = (mailboxes: readonly Uint8Array[]): Uint8Array =>
  sha256(concat(...mailboxes.toSorted((a, b) => Buffer.compare(a, b))))

export const createMailboxSender = (parts: MailboxSenderParts): MailboxSender => {
  const { identity, store, world, mailboxClient, find, fetchKem, onMessages, notify } = parts
  const { messages, mailboxOutbox, offlineSessions: sessions } = store
  const own = identity.ik.publicKey
  /** to each peer one sending after the other: the one under way, which never rejects, and the one that waits for its end */
  const running = new Map<string, Promise<void>>()
  const queued = new Map<string, Promise<void>>()

  /** Up to which message parcels hold, as far as that still counts. */
  const mailedUpto = (peer: Uint8Array): number => {
    const mailed = mailboxOutbox.mailed(peer)
    return mailed === null || seconds(world) - mailed.at > MAIL_AGAIN ? 0 : mailed.upto
  }
  const hasNews = (peer: Uint8Array): boolean =>
    mailboxOutbox.owesReceipt(peer) || messages.pending(peer, mailedUpto(peer), 1).length > 0
  const isWaiting = (peer: Uint8Array): boolean => mailboxOutbox.queued(peer).length > 0 || hasNews(peer)

  /** When the oldest message that nobody confirmed was mailed. @param first its number */
  const sinceWhen = (peer: Uint8Array, first: number, now: number): number => {
    const mailed = mailboxOutbox.mailed(peer)
    return mailed !== null && first <= mailedUpto(peer) ? mailed.at : now
  }

  const choose = (peer: Uint8Array, device: Device) => chooseSession(sessions.all(peer), device, own, seconds(world))

  /** The number of the first message that is not confirmed. */
  const firstOf = (peer: Uint8Array): number => messages.pending(peer, 0, 1)[0]?.number ?? 1

  /** As many messages as one parcel has room for, the first one in any case. */
  const gather = (peer: Uint8Array, after: number, answered: boolean): readonly MessageContent[] => {
    const gathered: MessageContent[] = []
    let size = 0
    // Whoever has not answered may take us for a stranger, and has room for no more.
    const last = answered ? Number.MAX_SAFE_INTEGER : firstOf(peer) - 1 + STRANGER_MESSAGES_MAX
    for (const message of messages.pending(peer, after, MESSAGE_WINDOW)) {
      if (message.number > last) break
      const content = messageContent(message, messages.before(peer, message.number))
      size += encodeCbor(content).length
      if (gathered.length > 0 && size > MAIL_BYTES_MAX) break
      gathered.push(content)
    }
    return gathered
  }

  /** What was mailed to mailboxes that are not named any more is mailed anew to those that are. */
  const follow = (peer: Uint8Array, { mailboxes }: Recipient): void =>
    store.transaction(() => {
      const mailed = mailboxOutbox.mailed(peer)
      if (mailed === null || equal(mailed.mailboxes, hashOf(mailboxes))) return
      mailboxOutbox.dropAll(peer)
      mailboxOutbox.forgetMailed(peer)
    })

  /**
   * Makes one parcel: the session's next state, the parcel for each mailbox and how far it reaches are one transaction.
   * @param kem for a session that has to be begun; null: there is one
   * @returns whether there was anything to mail
   */
  const compose = (peer: Uint8Array, to: Recipient, kem: Uint8Array | null): boolean =>
    store.transaction(() => {
      const now = seconds(world)
      const surroundings = { now, random: world.random }
      const known = choose(peer, to.device)
      // Whoever has to be told everything anew may have got nothing of what was mailed before.
      if (known === null) mailboxOutbox.forgetMailed(peer)
      const batch = gather(peer, mailedUpto(peer), known !== null && known.hello === null)
      if (batch.length === 0 && !mailboxOutbox.owesReceipt(peer)) return false
      const session = known ?? (kem === null ? null : beginSession(identity, to, kem, surroundings))
      if (session === null) return false
      if (known === null)
        for (const one of sessions.all(peer)) if (one.ours && one.live) sessions.keep({ ...one, live: false }, now)

      const first = firstOf(peer)
      const got = messages.places(peer).map(({ stream, have }) => ({ s: stream, n: have }))
      const s = batch.length === 0 ? null : messages.stream(peer)
      const said = encodeBundle({ got, s, after: batch.length === 0 ? 0 : first - 1, messages: batch })
      const step = encryptMessage(session.session, said, surroundings)
      const envelope = encodeEnvelope({ hello: session.hello, message: step.message })
      // The same bytes everywhere: the recipient sees that they are one.
      const parcel = sealParcel(envelope, to.device.dh, world.random)
      sessions.keep({ ...session, session: step.session }, now)
      const upto = batch.at(-1)?.n ?? 0
      for (const mailbox of to.mailboxes) mailboxOutbox.queue(peer, mailbox, now, { upto, parcel })
      if (upto > 0)
        mailboxOutbox.setMailed(peer, { upto, at: sinceWhen(peer, first, now), mailboxes: hashOf(to.mailboxes) })
      mailboxOutbox.receiptSaid(peer)
      return true
    })

  /** Leaves what is queued for one mailbox, in order; the first failure ends it. @returns the parcels that are there now */
  const leaveAt = async (peer: Uint8Array, mailbox: Uint8Array, signal: AbortSignal): Promise<Left> => {
    const left = { parcels: 0, messages: 0 }
    for (const { number, upto } of mailboxOutbox.queued(peer).filter((one) => equal(one.mailbox, mailbox))) {
      const parcel = mailboxOutbox.parcel(number)
      if (parcel === null) continue
      const done = await mailboxClient.leave(mailbox, peer, parcel, signal).then(
        () => true,
        () => false,
      )
      if (!done) break
      const changed = await store.group.run(() => {
        mailboxOutbox.drop(number)
        return messages.markSent(peer, upto)
      })
      left.parcels += 1
      left.messages += changed.length
      if (changed.length > 0) onMessages(changed)
    }
    return left
  }

  const leaveAll = async (peer: Uint8Array, signal: AbortSignal): Promise<void> => {
    const mailboxes = [...new Map(mailboxOutbox.queued(peer).map(({ mailbox }) => [hex(mailbox), mailbox])).values()]
    const left = await Promise.all(mailboxes.map((mailbox) => leaveAt(peer, mailbox, signal)))
    const took = mailboxes.filter((_, index) => (left[index]?.parcels ?? 0) > 0).map(encodeAddress)
    const count = left.reduce((sum, { messages: some }) => sum + some, 0)
    if (took.length > 0) notify({ type: 'mailed', address: encodeAddress(peer), mailboxes: took, messages: count })
  }

  const mailTo = async (peer: Uint8Array, signal: AbortSignal): Promise<void> => {
    if (!isWaiting(peer)) return
    mailboxOutbox.trim(seconds(world))
    const found = await find(peer, signal)
    const to = recipientOf(found, seconds(world))
    if (to === null) return
    follow(peer, to)
    const needsKem = hasNews(peer) && choose(peer, to.device) === null
    const kem = needsKem ? await fetchKem({ ...found, card: to.card }, signal) : null
    while (compose(peer, to, kem)) signal.throwIfAborted()
    await leaveAll(peer, signal)
  }

  return {
    isWaiting,
    waiting: mailboxOutbox.waiting,
    send: (peer, signal) => {
      const key = hex(peer)
      // Whoever waits for the one under way to end mails everything that is there by then.
      const waiting = queued.get(key)
      if (waiting !== undefined) return waiting
      const turn = (running.get(key) ?? Promise.resolve()).then(async () => {
        queued.delete(key)
        const work = mailTo(peer, signal)
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
