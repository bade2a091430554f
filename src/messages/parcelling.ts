import type { NumberedMessage } from '../connection/payloads.ts'
import { concat, equal } from '../core/bytes.ts'
import { encodeCbor } from '../core/cbor.ts'
import type { Identity } from '../core/identity.ts'
import { sha256 } from '../core/kdf.ts'
import type { Device } from '../core/key-log.ts'
import { BUNDLE_BYTES_MAX, MESSAGE_WINDOW, PARCEL_AGAIN, STRANGER_MESSAGES_MAX } from '../core/limits/message-limits.ts'
import { sealParcel } from '../core/parcel.ts'
import { encryptMessage } from '../core/session/session.ts'
import { seconds, type World } from '../core/world.ts'
import type { Lookup } from '../directory/client/lookup.ts'
import type { OfflineSession } from '../store/offline-session-store.ts'
import type { OutSequence } from '../store/outgoing-messages.ts'
import type { Store } from '../store/store.ts'
import { encodeBundle, encodeEnvelope } from './bundle-format.ts'
import { beginSession, chooseSession } from './offline-session.ts'

/** Puts messages and receipts into parcels, for mailboxes (docs/spec/mailbox-messages.md §5). Nothing is sent here. */
export type Parcelling = {
  /** Whether there is something to put into a parcel. */
  hasNews(peer: Uint8Array): boolean
  /** Whether a session has to be begun for it. */
  needsSession(peer: Uint8Array, device: Device): boolean
  /** What was put into parcels for mailboxes that are not named any more is to be put into others, for those that are. */
  follow(peer: Uint8Array, mailboxes: readonly Uint8Array[]): void
  /**
   * Makes one parcel: the session's next state, the parcel for each mailbox and how far it reaches are one transaction.
   * @param kem for a session that has to be begun; null: there is one
   * @returns whether there was anything to put into it
   */
  compose(peer: Uint8Array, to: Recipient, kem: Uint8Array | null): boolean
}

/** Somebody who has mailboxes. */
export type Recipient = {
  readonly log: Lookup['log']
  readonly card: NonNullable<Lookup['card']>
  readonly device: Device
  readonly mailboxes: readonly Uint8Array[]
}

type Parts = { readonly identity: Identity; readonly store: Store; readonly world: World }

/** Tells one set of mailboxes from another. */
const hashOf = (mailboxes: readonly Uint8Array[]): Uint8Array =>
  sha256(concat(...mailboxes.toSorted((a, b) => Buffer.compare(a, b))))

/** Up to which message of a sequence parcels hold, as far as that still counts. */
const parcelledUpTo = ({ store, world }: Parts, peer: Uint8Array, sequence: Uint8Array): number => {
  const parcelled = store.mailboxOutbox.parcelled(peer, sequence)
  return parcelled === null || seconds(world) - parcelled.at > PARCEL_AGAIN ? 0 : parcelled.upto
}

/** Whether one of our sequences has something which is in no parcel. */
const hasUnparcelled = (parts: Parts, peer: Uint8Array): boolean => {
  const { messages } = parts.store
  return messages
    .sequences(peer)
    .some(({ sequence }) => messages.pending(peer, sequence, parcelledUpTo(parts, peer, sequence), 1).length > 0)
}

/** The number of the first message of a sequence that is not confirmed. */
const firstOf = ({ store }: Parts, peer: Uint8Array, sequence: Uint8Array): number =>
  store.messages.pending(peer, sequence, 0, 1)[0]?.number ?? 1

/** As many messages as one parcel has room for, the first one in any case. */
const gather = (parts: Parts, peer: Uint8Array, { sequence }: OutSequence, answered: boolean) => {
  const { messages } = parts.store
  const gathered: NumberedMessage[] = []
  let size = 0
  // Whoever has not answered may take us for a stranger, and has room for no more.
  const last = answered ? Number.MAX_SAFE_INTEGER : firstOf(parts, peer, sequence) - 1 + STRANGER_MESSAGES_MAX
  const after = parcelledUpTo(parts, peer, sequence)
  for (const { number, at, body } of messages.pending(peer, sequence, after, MESSAGE_WINDOW)) {
    if (number > last) break
    const message = { n: number, p: messages.before(peer, sequence, number), at, body }
    size += encodeCbor(message).length
    if (gathered.length > 0 && size > BUNDLE_BYTES_MAX) break
    gathered.push(message)
  }
  return gathered
}

/** What the next parcel holds: of the first sequence of which there is something to put into it. */
const nextBatch = (parts: Parts, peer: Uint8Array, answered: boolean) => {
  for (const one of parts.store.messages.sequences(peer)) {
    const batch = gather(parts, peer, one, answered)
    if (batch.length > 0) return { ...one, batch }
  }
  return { sequence: null, app: null, batch: [] }
}

/** The session to write in, and what ends with a new one. */
const sessionFor = (
  { identity, store, world }: Parts,
  peer: Uint8Array,
  to: Recipient,
  { known, kem }: { readonly known: OfflineSession | null; readonly kem: Uint8Array | null },
): OfflineSession | null => {
  const surroundings = { now: seconds(world), random: world.random }
  const session = known ?? (kem === null ? null : beginSession(identity, to, kem, surroundings))
  if (session === null || known !== null) return session
  const { offlineSessions } = store
  for (const one of offlineSessions.all(peer))
    if (one.ours && one.live) offlineSessions.keep({ ...one, live: false }, surroundings.now)
  return session
}

/** Notes how far parcels of a sequence reach, and since when nothing of them is confirmed. */
const noteParcelled = (
  parts: Parts,
  peer: Uint8Array,
  sequence: Uint8Array,
  { upto, first, mailboxes }: { upto: number; first: number; mailboxes: readonly Uint8Array[] },
): void => {
  const { mailboxOutbox } = parts.store
  const before = mailboxOutbox.parcelled(peer, sequence)
  const at = before !== null && first <= parcelledUpTo(parts, peer, sequence) ? before.at : seconds(parts.world)
  mailboxOutbox.setParcelled(peer, sequence, { upto, at, mailboxes: hashOf(mailboxes) })
}

export const createParcelling = (parts: Parts): Parcelling => {
  const { identity, store, world } = parts
  const { messages, exposures, mailboxOutbox, offlineSessions } = store
  const choose = (peer: Uint8Array, device: Device) =>
    chooseSession(offlineSessions.all(peer), device, identity.ik.publicKey, seconds(world))

  const compose = (peer: Uint8Array, to: Recipient, kem: Uint8Array | null): boolean => {
    const now = seconds(world)
    const known = choose(peer, to.device)
    // Whoever has to be told everything anew may have got nothing of what was sent before.
    if (known === null) mailboxOutbox.forgetParcelled(peer)
    const answered = known !== null && known.hello === null
    const { sequence, app, batch } = nextBatch(parts, peer, answered)
    if (batch.length === 0 && !mailboxOutbox.owesReceipt(peer)) return false
    const session = sessionFor(parts, peer, to, { known, kem })
    if (session === null) return false

    const first = sequence === null ? 1 : firstOf(parts, peer, sequence)
    const got = messages.places(peer).map(({ sequence: s, have }) => ({ s, n: have }))
    const bundle = encodeBundle({ got, s: sequence, app, after: first - 1, messages: batch })
    const step = encryptMessage(session.session, bundle, { now, random: world.random })
    // The same bytes everywhere: the recipient sees that they are one.
    const envelope = encodeEnvelope({ hello: session.hello, message: step.message })
    const parcel = sealParcel(envelope, to.device.dh, world.random)
    offlineSessions.keep({ ...session, session: step.session }, now)
    const upto = batch.at(-1)?.n ?? 0
    for (const mailbox of to.mailboxes) mailboxOutbox.queue(peer, mailbox, now, { sequence, upto, parcel })
    if (sequence !== null) exposures.went(peer, sequence, upto, to.device.dh)
    if (sequence !== null) noteParcelled(parts, peer, sequence, { upto, first, mailboxes: to.mailboxes })
    mailboxOutbox.receiptSaid(peer)
    return true
  }

  return {
    hasNews: (peer) => mailboxOutbox.owesReceipt(peer) || hasUnparcelled(parts, peer),
    needsSession: (peer, device) => choose(peer, device) === null,
    follow: (peer, mailboxes) =>
      store.transaction(() => {
        const named = hashOf(mailboxes)
        const moved = messages.sequences(peer).some(({ sequence }) => {
          const parcelled = mailboxOutbox.parcelled(peer, sequence)
          return parcelled !== null && !equal(parcelled.mailboxes, named)
        })
        if (!moved) return
        mailboxOutbox.dropAll(peer)
        mailboxOutbox.forgetParcelled(peer)
      }),
    compose: (peer, to, kem) => store.transaction(() => compose(peer, to, kem)),
  }
}
