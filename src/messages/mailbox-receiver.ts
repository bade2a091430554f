import type { SenderCheck } from '../contacts/sender-check.ts'
import { equal, hex } from '../core/bytes.ts'
import { KeyLogError, MessageError, SessionError } from '../core/errors.ts'
import type { Identity } from '../core/identity.ts'
import type { KeyLog } from '../core/key-log.ts'
import { decodeHeader } from '../core/session/header.ts'
import { decryptMessage } from '../core/session/session.ts'
import { seconds, type World } from '../core/world.ts'
import type { StoredMessage } from '../store/message-rows.ts'
import type { OfflineSession } from '../store/offline-session-store.ts'
import type { Store } from '../store/store.ts'
import { type Bundle, decodeBundle, decodeEnvelope, type Envelope } from './bundle-format.ts'
import type { Inbox } from './inbox.ts'
import { hasDevice, isRefusal, type Opened, openHello, outlived } from './offline-session.ts'
import { createPatience } from './patience.ts'

/**
 * Takes in what mailboxes kept: everything is verified, and on disk, before a mailbox is told to delete it (docs/spec/mailbox-messages.md §4).
 */
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

const surroundingsOf = (world: World) => ({ now: seconds(world), random: world.random })

/** The envelope's session: known, or begun by its hello. null when it is of no use. @throws StoreError */
const sessionOf = (
  { identity, store, world }: MailboxReceiverParts,
  bytes: Uint8Array,
): { readonly envelope: Envelope; readonly session: OfflineSession; readonly opened: Opened | null } | null => {
  try {
    const envelope = decodeEnvelope(bytes)
    const stored = store.offlineSessions.get(decodeHeader(envelope.message.header).session)
    if (stored === null && envelope.hello === null) return null
    const opened =
      stored !== null || envelope.hello === null
        ? null
        : openHello(identity, store, envelope.hello, surroundingsOf(world))
    const session = stored ?? opened?.session
    if (session === undefined || !equal(session.own, identity.ik.publicKey)) return null
    return { envelope, session, opened }
  } catch (error) {
    if (isRefusal(error)) return null
    throw error
  }
}

/** The messages in it. @throws MessageError ERR_MESSAGE_GAP; FULL */
const storeMessages = (
  { store, inbox }: MailboxReceiverParts,
  peer: Uint8Array,
  { s, app, after, messages: incoming }: Bundle,
): readonly StoredMessage[] => {
  const [first] = incoming
  if (s === null || app === null || first === undefined) return []
  const isNew = store.messages.places(peer).every(({ sequence }) => !equal(sequence, s))
  // Of a sequence that is new here nothing that is still to come may be passed over.
  if (isNew && first.p > after) throw new MessageError('ERR_MESSAGE_GAP')
  const { refused, fresh } = inbox.take(
    peer,
    incoming.map((message) => ({ ...message, s, app })),
  )
  if (refused.length > 0) throw FULL
  return fresh
}

/** Notes that a hello was used, and ends the sessions that its sender would have used if it had them. */
const noteHello = ({ store, world }: MailboxReceiverParts, peer: Uint8Array, { card, ek }: Opened): void => {
  const { prekeys, offlineSessions, mailboxOutbox } = store
  prekeys.spend(card, ek)
  const old = outlived(offlineSessions.all(peer))
  for (const one of old) offlineSessions.keep({ ...one, live: false }, seconds(world))
  // Its owner may have lost what was sent in them, and drops twice what it has.
  if (old.length > 0) mailboxOutbox.forgetParcelled(peer)
}

/**
 * Session, messages and receipts change together or not at all. While the directory was asked, messages may have been sent in the session:
 * its state is the one on disk, not the one from before.
 */
const keep = (
  parts: MailboxReceiverParts,
  { id }: { readonly id: Uint8Array },
  { message }: Envelope,
  hello: Opened | null,
): readonly StoredMessage[] =>
  parts.store.transaction(() => {
    const { messages, exposures, mailboxOutbox, offlineSessions } = parts.store
    const stored = offlineSessions.get(id)
    const opened = stored === null ? hello : null
    const session = stored ?? opened?.session
    if (session === undefined) throw new SessionError('ERR_SESSION_OTHER')
    const peer = session.log.id
    const { plaintext, session: next } = decryptMessage(session.session, message, surroundingsOf(parts.world))
    const bundle = decodeBundle(plaintext)
    const fresh = storeMessages(parts, peer, bundle)
    const ours = messages.sequences(peer)
    const confirmed = bundle.got.filter(({ s }) => ours.some(({ sequence }) => equal(sequence, s)))
    const delivered = confirmed.flatMap(({ s, n }) => messages.markDelivered(peer, s, n))
    exposures.came(peer, delivered, session.device.dh)
    if (opened !== null) noteHello(parts, peer, opened)
    const now = seconds(parts.world)
    offlineSessions.keep({ ...session, session: next, hello: null, heard: now }, now)
    if (bundle.messages.length > 0) mailboxOutbox.oweReceipt(peer)
    return [...fresh, ...delivered]
  })

/** Whether it has to wait: for a message before it, for room, or for a person's decision about a fork. */
const hasToWait = (error: unknown): boolean =>
  error === FULL ||
  (error instanceof MessageError && error.code === 'ERR_MESSAGE_GAP') ||
  (error instanceof KeyLogError && /^ERR_(LOG_FORK|ROLLBACK)$/.test(error.code))

export const createMailboxReceiver = (parts: MailboxReceiverParts): MailboxReceiver => {
  const { world, check, accept, isContact, onMessages } = parts
  /** Logs of senders as they are now, by the head they came with. */
  let known = new Map<string, KeyLog>()
  const patience = createPatience()

  /** What the directory, or this peer, knows of a sender by now. @throws KeyLogError ERR_LOG_FORK, ERR_ROLLBACK */
  const present = async (log: KeyLog, signal: AbortSignal): Promise<KeyLog> => {
    const key = hex(log.last.hash)
    const looked = known.get(key) ?? (await check(log, signal))
    known.set(key, looked)
    return looked
  }

  return {
    begin: () => {
      known = new Map()
      patience.trim(seconds(world))
    },
    take: async (bytes, signal) => {
      const found = sessionOf(parts, bytes)
      if (found === null) return 'void'
      const { envelope, session, opened } = found
      const { id } = session.log
      try {
        const log = await present(session.log, signal)
        signal.throwIfAborted()
        // Keys that their owner has replaced may be a thief's by now.
        if (!hasDevice(log, session.device)) return 'void'
        accept(log)
        const changed = keep(parts, session.session, envelope, opened)
        if (changed.length > 0) onMessages(changed)
        return 'taken'
      } catch (error) {
        signal.throwIfAborted()
        // What a contact sent may wait for as long as the mailbox keeps it.
        if (hasToWait(error)) return isContact(id) || patience.has(bytes, seconds(world)) ? 'left' : 'void'
        if (isRefusal(error)) return 'void'
        throw error
      }
    },
  }
}
