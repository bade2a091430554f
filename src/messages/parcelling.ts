import type { NumberedMessage, Receipt } from '../connection/payloads.ts'
import { concat, equal } from '../core/bytes.ts'
import { encodeCbor } from '../core/cbor.ts'
import type { Identity } from '../core/identity.ts'
import { sha256 } from '../core/kdf.ts'
import type { Device } from '../core/key-log-entry.ts'
import { deviceId } from '../core/key-log-entry.ts'
import {
  BUNDLE_BYTES_MAX,
  MESSAGE_WINDOW,
  PARCEL_AGAIN,
  RECEIPT_BYTES_MAX,
  STRANGER_MESSAGES_MAX,
} from '../core/limits/message-limits.ts'
import { sealParcel } from '../core/parcel.ts'
import { ownDeviceId } from '../core/places.ts'
import { encryptMessage } from '../core/session/session.ts'
import { seconds, surroundingsIn, timesIn, type World } from '../core/world.ts'
import type { OfflineSession } from '../store/offline-session-store.ts'
import type { DevicePair, OutSequence } from '../store/outgoing-places.ts'
import type { Store } from '../store/store.ts'
import { encodeBundle, encodeEnvelope } from './bundle-format.ts'
import { beginSession, type Correspondent, chooseSession } from './offline-session.ts'
import { fitting, fullReceipts, plainReceipts } from './receipts.ts'
import type { Repair } from './repair.ts'

/** Puts messages and receipts into parcels, for mailboxes (docs/spec/mailbox-messages.md §5). Nothing is sent here. */
export type Parcelling = {
  /** Whether there is something to put into a parcel. */
  hasNews(peer: Uint8Array): boolean
  /** Whether a session has to be begun for it. */
  needsSession(peer: Uint8Array, to: Pick<Recipient, 'device' | 'inc'>): boolean
  /** What was put into parcels for mailboxes that are not named any more is to be put into others, for those that are. */
  follow(peer: Uint8Array, to: Pick<Recipient, 'device' | 'mailboxes'>): void
  /**
   * Makes one parcel: the session's next state, the parcel for each mailbox and how far it reaches are one transaction.
   * @param kem for a session that has to be begun; null: there is one
   * @returns whether there was anything to put into it
   */
  compose(peer: Uint8Array, to: Recipient, kem: Uint8Array | null): boolean
}

/** Somebody who has mailboxes. */
export type Recipient = Correspondent & { readonly mailboxes: readonly Uint8Array[] }

type Parts = { readonly identity: Identity; readonly store: Store; readonly world: World; readonly repair: Repair }

/** Tells one set of mailboxes from another. */
const hashOf = (mailboxes: readonly Uint8Array[]): Uint8Array =>
  sha256(concat(...mailboxes.toSorted((a, b) => Buffer.compare(a, b))))

const pairOf = ({ identity }: Parts, to: Device): DevicePair => ({ own: ownDeviceId(identity), device: deviceId(to) })

/** Up to which message of a sequence parcels hold, as far as that still counts; what is confirmed need not be in any. */
const parcelledUpTo = ({ store, world }: Parts, peer: Uint8Array, { sequence, got }: OutSequence): number => {
  const parcelled = store.mailboxOutbox.parcelled(peer, sequence)
  return parcelled === null || seconds(world) - parcelled.at > PARCEL_AGAIN ? got : Math.max(got, parcelled.upto)
}

/** As many messages as one parcel has room for beside `used` bytes, the first one in any case. */
const gather = (parts: Parts, peer: Uint8Array, one: OutSequence, { answered, used }: Room) => {
  const gathered: NumberedMessage[] = []
  let size = used
  // Whoever has not answered may take us for a stranger, and has room for no more.
  const last = answered ? Number.MAX_SAFE_INTEGER : one.got + STRANGER_MESSAGES_MAX
  const after = parcelledUpTo(parts, peer, one)
  for (const { n, c, r, at, body: b } of parts.store.messages.behind(peer, one.sequence, after, MESSAGE_WINDOW)) {
    if (n > last) break
    const message = { n, c, r, at, b }
    size += encodeCbor(message).length
    if (gathered.length > 0 && size > BUNDLE_BYTES_MAX) break
    gathered.push(message)
  }
  return gathered
}

type Room = { readonly answered: boolean; readonly used: number }

/** What the next parcel holds: of the first sequence of which there is something to put into it. */
const nextBatch = (parts: Parts, peer: Uint8Array, sequences: readonly OutSequence[], room: Room) => {
  for (const one of sequences) {
    const batch = gather(parts, peer, one, room)
    if (batch.length > 0) return { one, batch }
  }
  return { one: null, batch: [] }
}

/** The session to write in, and what ends with a new one. */
const sessionFor = (
  { identity, store, world }: Parts,
  peer: Uint8Array,
  to: Recipient,
  { known, kem }: { readonly known: OfflineSession | null; readonly kem: Uint8Array | null },
): OfflineSession | null => {
  const surroundings = surroundingsIn(world)
  const session = known ?? (kem === null ? null : beginSession(identity, store.self.state().inc, to, kem, surroundings))
  if (session === null || known !== null) return session
  const { offlineSessions } = store
  for (const one of offlineSessions.all(peer))
    if (one.ours && one.live) offlineSessions.keep({ ...one, live: false }, surroundings.present)
  return session
}

/** Notes how far parcels of a sequence reach, and since when nothing of them is confirmed. */
const noteParcelled = (
  parts: Parts,
  peer: Uint8Array,
  one: OutSequence,
  { upto, mailboxes }: { upto: number; mailboxes: readonly Uint8Array[] },
): void => {
  const { mailboxOutbox } = parts.store
  const before = mailboxOutbox.parcelled(peer, one.sequence)
  const at = before !== null && one.got < parcelledUpTo(parts, peer, one) ? before.at : seconds(parts.world)
  mailboxOutbox.setParcelled(peer, one.sequence, { upto, at, mailboxes: hashOf(mailboxes) })
}

/** What is here of theirs: with earlier places when what is not is to be sent again. */
const receiptsFor = ({ store }: Parts, peer: Uint8Array, want: boolean, now: number): readonly Receipt[] =>
  want ? fitting(fullReceipts(store.messages, peer, now), RECEIPT_BYTES_MAX) : plainReceipts(store.messages, peer, now)

export const createParcelling = (parts: Parts): Parcelling => {
  const { identity, store, world, repair } = parts
  const { messages, mailboxOutbox, offlineSessions } = store
  const choose = (peer: Uint8Array, to: Pick<Recipient, 'device' | 'inc'>) =>
    chooseSession(offlineSessions.all(peer), to, identity.ik.publicKey, seconds(world))

  const compose = (peer: Uint8Array, to: Recipient, kem: Uint8Array | null): boolean => {
    const now = seconds(world)
    const known = choose(peer, to)
    // Whoever has to be told everything anew may have got nothing of what was sent before.
    if (known === null) mailboxOutbox.forgetParcelled(peer)
    const owed = mailboxOutbox.owedReceipt(peer, now)
    const want = owed?.want === true
    const got = receiptsFor(parts, peer, want, now)
    const room = { answered: known !== null && known.hello === null, used: encodeCbor(got).length }
    const { one, batch } = nextBatch(parts, peer, repair.place(peer, pairOf(parts, to.device)), room)
    if (one === null && owed === null) return false
    const session = sessionFor(parts, peer, to, { known, kem })
    if (session === null) return false

    const [sequence, app] = [one?.sequence ?? null, one?.app ?? null]
    const bundle = encodeBundle({ got, want, s: sequence, app, messages: batch })
    const step = encryptMessage(session.session, bundle, surroundingsIn(world))
    // The same bytes everywhere: the recipient sees that they are one.
    const envelope = encodeEnvelope({ hello: session.hello, message: step.message })
    const parcel = sealParcel(envelope, to.device.dh, world.random)
    const { present } = timesIn(world)
    offlineSessions.keep({ ...session, session: step.session }, present)
    const upto = batch.at(-1)?.n ?? 0
    for (const mailbox of to.mailboxes) mailboxOutbox.queue(peer, mailbox, present, { sequence, upto, parcel })
    if (one !== null) noteParcelled(parts, peer, one, { upto, mailboxes: to.mailboxes })
    mailboxOutbox.receiptSaid(peer)
    return true
  }

  return {
    hasNews: (peer) =>
      mailboxOutbox.owedReceipt(peer, seconds(world)) !== null ||
      mailboxOutbox.hasUnparcelled(peer, seconds(world) - PARCEL_AGAIN),
    needsSession: (peer, to) => choose(peer, to) === null,
    follow: (peer, { device, mailboxes }) =>
      store.transaction(() => {
        const named = hashOf(mailboxes)
        const moved = messages.sequences(peer, pairOf(parts, device)).some(({ sequence }) => {
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
