import type { SenderCheck } from '../contacts/sender-check.ts'
import { equal, hex } from '../core/bytes.ts'
import { HandshakeError, SessionError } from '../core/errors.ts'
import type { Identity } from '../core/identity.ts'
import type { KeyLog } from '../core/key-log.ts'
import { deviceId } from '../core/key-log-entry.ts'
import { ownDeviceId } from '../core/places.ts'
import { hasDevice } from '../core/revoked.ts'
import { decodeHeader } from '../core/session/header.ts'
import { decryptMessage } from '../core/session/session.ts'
import { seconds, surroundingsIn, timesIn, type World } from '../core/world.ts'
import type { StoredMessage } from '../store/message-rows.ts'
import type { OfflineSession } from '../store/offline-session-store.ts'
import type { Store } from '../store/store.ts'
import { createAsked } from './asked.ts'
import { type Bundle, decodeBundle, decodeEnvelope, type Envelope } from './bundle-format.ts'
import type { Inbox } from './inbox.ts'
import { endMail } from './incarnation.ts'
import { hasToWait, isGap, NoRoom } from './mail-failures.ts'
import { createMailRates, type MailRates } from './mail-rates.ts'
import { mendSession } from './mend-session.ts'
import type { MessageEvent } from './message-events.ts'
import { isRefusal, noteHello, type Opened, openHello } from './offline-session.ts'
import { createPatience } from './patience.ts'
import { type Heard, type Repair, repairEvent } from './repair.ts'

/**
 * Takes in what mailboxes kept: everything is verified, and on disk, before a mailbox is told to delete it (docs/spec/mailbox-messages.md §4).
 */
export type MailboxReceiver = {
  /** A round of visits begins: what was found out about senders in the one before is found out anew. */
  begin(): void
  /**
   * @returns `taken` when it is on this disk; `void` when it will never be of any use; `left` when it has to wait where it is: for a message
   *   before it, for the application, or for a person's decision; `held` when its sender sends more than is let in now
   * @throws StoreError; the signal's reason
   */
  take(envelope: Uint8Array, signal: AbortSignal): Promise<Fate>
  /** The mailboxes are empty but for what was left: whoever sent what waits for a message before it is asked for that. */
  askForMissing(): void
}

/** What becomes of an envelope. */
export type Fate = 'taken' | 'void' | 'left' | 'held'

export type MailboxReceiverParts = {
  readonly identity: Identity
  readonly store: Store
  readonly world: World
  readonly inbox: Inbox
  readonly repair: Repair
  readonly check: SenderCheck
  readonly accept: (log: KeyLog) => void
  readonly isContact: (peer: Uint8Array) => boolean
  readonly onMessages: (messages: readonly StoredMessage[]) => void
  /** Whether a connection is open on which that peer has said what it has. */
  readonly isGreeted: (peer: Uint8Array) => boolean
  /** Messages have changed; in the transaction that changed them. */
  readonly note: (messages: readonly StoredMessage[]) => void
  readonly emit: (event: MessageEvent) => void
  /** Told that a peer has what this store never wrote. */
  readonly onOld: (peer: Uint8Array) => void
}

type Found = { readonly envelope: Envelope; readonly session: OfflineSession; readonly opened: Opened | null }

/**
 * The envelope's session: known, or begun by its hello. `void` when it is of no use; `unknown` when it is for a card or session that this store
 * does not know: another copy of it may.
 * @throws StoreError
 */
const sessionOf = ({ identity, store, world }: MailboxReceiverParts, bytes: Uint8Array): Found | 'void' | 'unknown' => {
  try {
    const envelope = decodeEnvelope(bytes)
    const stored = store.offlineSessions.get(decodeHeader(envelope.message.header).session)
    if (stored === null && envelope.hello === null) return 'unknown'
    const opened =
      stored !== null || envelope.hello === null
        ? null
        : openHello(identity, store, envelope.hello, surroundingsIn(world))
    const session = stored ?? opened?.session
    if (session === undefined || !equal(session.own, identity.ik.publicKey)) return 'void'
    return { envelope, session, opened }
  } catch (error) {
    if (error instanceof HandshakeError && error.code === 'ERR_HELLO_CARD') return 'unknown'
    if (isRefusal(error)) return 'void'
    throw error
  }
}

/** The messages in it. @throws MessageError ERR_MESSAGE_GAP; NoRoom */
const storeMessages = (
  { inbox, store }: MailboxReceiverParts,
  { log, device }: OfflineSession,
  { s, app, messages: incoming }: Bundle,
): readonly StoredMessage[] => {
  if (s === null || app === null || incoming.length === 0) return []
  const peer = log.id
  const { refused, forked, fresh } = inbox.take(
    { peer, device: deviceId(device) },
    incoming.map((message) => ({ ...message, s, app })),
  )
  const [first] = refused
  if (first !== undefined) throw new NoRoom(first.why.code)
  // It never fits: its sender is told what is here instead, and sends it in another sequence.
  store.mailboxOutbox.oweReceipt(peer, { want: forked.length > 0 })
  return fresh
}

type Kept = { readonly changed: readonly StoredMessage[]; readonly heard: Heard }

/** What the sender says to have of ours. */
const hearReceipts = (parts: MailboxReceiverParts, { log, device }: OfflineSession, { got, want }: Bundle): Heard => {
  const { identity, store, repair } = parts
  const pair = { own: ownDeviceId(identity), device: deviceId(device) }
  // Who is connected has said later what is there.
  const heard = repair.hear(log.id, pair, { receipts: got, fresh: want && !parts.isGreeted(log.id) })
  if (want) store.mailboxOutbox.forgetParcelled(log.id)
  // Keys of the sessions that there are may have been used before.
  if (heard.isOld) endMail(store, log.id)
  return heard
}

/**
 * Session, messages and receipts change together or not at all. While the directory was asked, messages may have been sent in the session:
 * its state is the one on disk, not the one from before.
 */
const keep = (
  parts: MailboxReceiverParts & { readonly rates: MailRates },
  { id }: { readonly id: Uint8Array },
  { message }: Envelope,
  hello: Opened | null,
): Kept =>
  parts.store.transaction(() => {
    const { offlineSessions } = parts.store
    const stored = offlineSessions.get(id)
    const opened = stored === null ? hello : null
    const session = stored ?? opened?.session
    if (session === undefined) throw new SessionError('ERR_SESSION_OTHER')
    const { plaintext, session: next } = decryptMessage(session.session, message, surroundingsIn(parts.world))
    const bundle = decodeBundle(plaintext)
    const isEmpty = bundle.messages.length === 0
    if (isEmpty && !parts.rates.mayConfirm(session.log.id)) throw new NoRoom('ERR_MESSAGE_RATE')
    const fresh = storeMessages(parts, session, bundle)
    if (opened !== null) noteHello(parts, session.log.id, opened)
    const now = seconds(parts.world)
    offlineSessions.keep({ ...session, session: next, hello: null, heard: now }, timesIn(parts.world).present)
    const heard = hearReceipts(parts, session, bundle)
    parts.note(heard.changed)
    if (isEmpty) parts.rates.confirmed(session.log.id)
    return { changed: [...fresh, ...heard.changed], heard }
  })

/** A clock that is set ahead ends nobody's patience. */
const counted = ({ counting, clock }: World): number => (counting ?? clock)() / 1000

export const createMailboxReceiver = (parts: MailboxReceiverParts): MailboxReceiver => {
  const { store, world, check, accept, isContact, onMessages, emit, onOld } = parts
  /** Logs of senders as they are now, by the head they came with. */
  let known = new Map<string, KeyLog>()
  /** those from whom something waits for a message before it */
  let gaps = new Map<string, Uint8Array>()
  /** those of whom nothing more is let in now */
  let held = new Set<string>()
  const patience = createPatience()
  const mayAsk = createAsked()
  const rates = createMailRates(world, isContact)

  /** What the directory, or this peer, knows of a sender by now. @throws KeyLogError ERR_LOG_FORK, ERR_ROLLBACK */
  const present = async (log: KeyLog, signal: AbortSignal): Promise<KeyLog> => {
    const key = hex(log.last.hash)
    const looked = known.get(key) ?? (await check(log, signal))
    known.set(key, looked)
    return looked
  }

  const tell = (peer: Uint8Array, { changed, heard }: Kept): void => {
    if (changed.length > 0) onMessages(changed)
    for (const event of repairEvent(peer, heard)) emit(event)
    if (heard.isOld) onOld(peer)
  }

  const wait = (bytes: Uint8Array): 'left' | 'void' => (patience.has(bytes, counted(world)) ? 'left' : 'void')

  const hold = (id: Uint8Array): 'held' => {
    held.add(hex(id))
    return 'held'
  }

  const takeFound = async (
    bytes: Uint8Array,
    { envelope, session, opened }: Found,
    signal: AbortSignal,
  ): Promise<Fate> => {
    const { id } = session.log
    try {
      const log = await present(session.log, signal)
      signal.throwIfAborted()
      // Keys that their owner has replaced may be a thief's by now.
      if (!hasDevice(log, session.device)) return 'void'
      accept(log)
      gaps.delete(hex(id))
      tell(id, keep({ ...parts, rates }, session.session, envelope, opened))
      return 'taken'
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof NoRoom && error.code !== 'ERR_MESSAGE_FULL') held.add(hex(id))
      // What follows it is not missing, and comes when it does.
      if (held.has(hex(id)) && hasToWait(error)) return 'held'
      if (isGap(error)) gaps.set(hex(id), id)
      // What a contact sent may wait for as long as the mailbox keeps it.
      if (hasToWait(error)) return isContact(id) ? 'left' : wait(bytes)
      if (error instanceof SessionError && opened === null && mayAsk(id, seconds(world)))
        mendSession(parts, session, error)
      if (isRefusal(error)) return 'void'
      throw error
    }
  }

  return {
    begin: () => {
      known = new Map()
      gaps = new Map()
      held = new Set()
      patience.trim(counted(world))
    },
    askForMissing: () => {
      const now = seconds(world)
      for (const peer of gaps.values()) if (mayAsk(peer, now)) store.mailboxOutbox.oweReceipt(peer, { want: true })
    },
    take: async (bytes, signal) => {
      const found = sessionOf(parts, bytes)
      if (found === 'unknown') return wait(bytes)
      if (found === 'void') return 'void'
      const { session, opened } = found
      const { id } = session.log
      // Not even opened: nothing of it is kept, and its sender hears nothing.
      if (store.blocked.has(id)) return 'void'
      // Before the directory is asked who that is.
      if (opened !== null && !rates.mayBegin(id)) return hold(id)
      const fate = await takeFound(bytes, found, signal)
      // What is left comes again, and was not let in.
      if (opened !== null && (fate === 'taken' || fate === 'void')) rates.began(id)
      return fate
    },
  }
}
