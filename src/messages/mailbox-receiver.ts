import type { SenderCheck } from '../contacts/sender-check.ts'
import { equal, hex } from '../core/bytes.ts'
import { KeyLogError, MessageError, SessionError } from '../core/errors.ts'
import type { Identity } from '../core/identity.ts'
import { sha256 } from '../core/kdf.ts'
import type { KeyLog } from '../core/key-log.ts'
import { STRANGER_MAIL_AGE, STRANGERS_MAIL_MAX } from '../core/limits.ts'
import { decodeHeader } from '../core/session/header.ts'
import { decryptMessage } from '../core/session/session.ts'
import { seconds, type World } from '../core/world.ts'
import type { StoredMessage } from '../store/message-store.ts'
import type { OfflineSession } from '../store/offline-session-store.ts'
import type { Store } from '../store/store.ts'
import { type Bundle, decodeBundle, decodeEnvelope, type Envelope } from './bundle-format.ts'
import type { Inbox } from './inbox.ts'
import { hasDevice, isRefusal, type Opened, openHello, outlived } from './offline-session.ts'

/** Takes in what mailboxes kept: everything is verified, and on disk, before a mailbox is told to delete it (docs/spec/mail.md §4). */
export type MailboxReceiver = {
  /** A round of visits begins: what was found out about senders in the one before is found out anew. */
  begin(): void
  /**
   * @returns `taken` when it is on this disk; `void` when it will never be of any use; `left` when it has to wait where it is: for a message
   *   before it, for room, or for a person's decision
   * @throws StoreError; the signal's reason
   */
  take(envelope: Uint8Array, signal: AbortSignal): Promise<'taken' | 'void' | 'left'>
}

export type MailboxReceiverParts = {
  readonly identity: Identity
  readonly store: Store
  readonly world: World
  readonly inbox: Inbox
  readonly check: SenderCheck
  readonly accept: (log: KeyLog) => void
  readonly isContact: (peer: Uint8Array) => boolean
  readonly onMessages: (messages: readonly StoredMessage[]) => void
}

/** There is no room for a message now. */
const FULL = 'full'

export const createMailboxReceiver = (parts: MailboxReceiverParts): MailboxReceiver => {
  const { identity, store, world, inbox, check, accept, isContact, onMessages } = parts
  const { messages, mailboxOutbox, offlineSessions: sessions, prekeys } = store
  const surroundings = () => ({ now: seconds(world), random: world.random })
  /** Logs of senders as they are now, by the head they came with. */
  let known = new Map<string, KeyLog>()
  /** Envelopes of strangers that were left, and since when, seconds: anyone could fill the mailbox with such. */
  const patience = new Map<string, number>()

  /** What the directory, or this peer, knows of a sender by now. @throws KeyLogError ERR_LOG_FORK, ERR_ROLLBACK */
  const present = async (log: KeyLog, signal: AbortSignal): Promise<KeyLog> => {
    const key = hex(log.last.hash)
    const looked = known.get(key) ?? (await check(log, signal))
    known.set(key, looked)
    return looked
  }

  /** Reads a hello that belongs to no session known here. null when it is of no use. */
  const begun = (hello: Uint8Array | null): Opened | null => {
    if (hello === null) return null
    try {
      return openHello(identity, store, hello, surroundings())
    } catch (error) {
      if (isRefusal(error)) return null
      throw error
    }
  }

  /** The messages in it. @throws MessageError ERR_MESSAGE_GAP; FULL */
  const storeMessages = (peer: Uint8Array, { s, after, messages: incoming }: Bundle): readonly StoredMessage[] => {
    const [first] = incoming
    if (s === null || first === undefined) return []
    const isNew = messages.places(peer).every(({ stream }) => !equal(stream, s))
    // Of a stream that is new here nothing that is still to come may be passed over.
    if (isNew && first.p > after) throw new MessageError('ERR_MESSAGE_GAP')
    const { taken, fresh } = inbox.take(
      peer,
      incoming.map((message) => ({ ...message, s })),
    )
    if (taken < incoming.length) throw FULL
    return fresh
  }

  /**
   * Session, messages and receipts change together or not at all. While the directory was asked, mail may have been sent in the session: its
   * state is the one on disk, not the one from before.
   */
  const keep = (
    { id }: { readonly id: Uint8Array },
    { message }: Envelope,
    hello: Opened | null,
  ): readonly StoredMessage[] =>
    store.transaction(() => {
      const now = seconds(world)
      const stored = sessions.get(id)
      const opened = stored === null ? hello : null
      const session = stored ?? opened?.session
      if (session === undefined) throw new SessionError('ERR_SESSION_OTHER')
      const peer = session.log.id
      const { plaintext, session: next } = decryptMessage(session.session, message, surroundings())
      const said = decodeBundle(plaintext)
      const fresh = storeMessages(peer, said)
      const ours = messages.stream(peer)
      const confirmed = said.got.filter(({ s }) => ours !== null && equal(s, ours))
      const delivered = confirmed.flatMap(({ n }) => messages.markDelivered(peer, n))
      if (opened !== null) {
        prekeys.spend(opened.card, opened.ek)
        const old = outlived(sessions.all(peer))
        for (const one of old) sessions.keep({ ...one, live: false }, now)
        // Its owner may have lost what was mailed in them, and drops twice what it has.
        if (old.length > 0) mailboxOutbox.forgetMailed(peer)
      }
      sessions.keep({ ...session, session: next, hello: null, heard: now }, now)
      if (said.messages.length > 0) mailboxOutbox.oweReceipt(peer)
      return [...fresh, ...delivered]
    })

  /** What a contact sent may wait for as long as the mailbox keeps it. */
  const leave = (envelope: Uint8Array, peer: Uint8Array): 'left' | 'void' => {
    if (isContact(peer)) return 'left'
    const now = seconds(world)
    const key = hex(sha256(envelope))
    const since = patience.get(key) ?? now
    if (now - since > STRANGER_MAIL_AGE || (!patience.has(key) && patience.size >= STRANGERS_MAIL_MAX)) return 'void'
    patience.set(key, since)
    return 'left'
  }

  const take: MailboxReceiver['take'] = async (bytes, signal) => {
    let envelope: Envelope
    let stored: OfflineSession | null
    try {
      envelope = decodeEnvelope(bytes)
      stored = sessions.get(decodeHeader(envelope.message.header).session)
    } catch (error) {
      if (isRefusal(error)) return 'void'
      throw error
    }
    const opened = stored === null ? begun(envelope.hello) : null
    const session = stored ?? opened?.session
    if (session === undefined || !equal(session.own, identity.ik.publicKey)) return 'void'
    const { id } = session.log
    try {
      const log = await present(session.log, signal)
      signal.throwIfAborted()
      // Keys that their owner has replaced may be a thief's by now.
      if (!hasDevice(log, session.device)) return 'void'
      accept(log)
      const changed = keep(session.session, envelope, opened)
      if (changed.length > 0) onMessages(changed)
      return 'taken'
    } catch (error) {
      signal.throwIfAborted()
      const waits = error === FULL || (error instanceof MessageError && error.code === 'ERR_MESSAGE_GAP')
      const undecided = error instanceof KeyLogError && /^ERR_(LOG_FORK|ROLLBACK)$/.test(error.code)
      if (waits || undecided) return leave(bytes, id)
      if (isRefusal(error)) return 'void'
      throw error
    }
  }

  return {
    begin: () => {
      known = new Map()
      // Those that are not there any more make room for others.
      for (const [key, since] of patience) if (seconds(world) - since > 2 * STRANGER_MAIL_AGE) patience.delete(key)
    },
    take,
  }
}
