import { decodePayload, encodePayload } from '../connection/payloads.ts'
import { equal } from '../core/bytes.ts'
import { LATE_CLOCK, verifyCard } from '../core/card.ts'
import { HandfastError, HandshakeError } from '../core/errors.ts'
import { initiate, respond } from '../core/handshake.ts'
import { decodeHello } from '../core/hello.ts'
import type { Identity } from '../core/identity.ts'
import { complete, prefixOf } from '../core/key-log.ts'
import type { Device } from '../core/key-log-entry.ts'
import { OFFLINE_SESSION_SEND_AGE, PARCEL_AGAIN } from '../core/limits/message-limits.ts'
import { preferSession } from '../core/session/preference.ts'
import type { Surroundings } from '../core/session/session.ts'
import { timesIn, type World } from '../core/world.ts'
import type { Lookup } from '../directory/client/lookup.ts'
import type { OfflineSession } from '../store/offline-session-store.ts'
import type { Store } from '../store/store.ts'

/** Sessions with those who are away: which one is sent in, and how one begins (docs/spec/mailbox-messages.md §3). */

const BUNDLE_VERSION = 1
const FIRST = encodePayload({ k: 'parcel', v: BUNDLE_VERSION })

const sameDevice = (a: Device, b: Device): boolean => equal(a.sign, b.sign) && equal(a.dh, b.dh)

/**
 * The session to send in; null when one has to be begun. Each side sends in the latest that either side began, and of these two in the
 * one that both prefer. One that nobody has answered for a week leads nowhere, one of another life of their store is forgotten there,
 * and one in which nothing came for two weeks the other side may forget before what is sent in it has arrived.
 * @param to their device @param inc the incarnation of their store
 * @param own our device's `dh` key @param now seconds since 1970
 */
export const chooseSession = (
  sessions: readonly OfflineSession[],
  { device: to, inc }: Pick<Correspondent, 'device' | 'inc'>,
  own: Uint8Array,
  now: number,
): OfflineSession | null => {
  const usable = sessions.filter(
    (one) =>
      one.live &&
      one.session.sending !== null &&
      sameDevice(one.device, to) &&
      equal(one.own, own) &&
      equal(one.inc, inc) &&
      // A clock that was set back makes neither younger than it is.
      (one.heard === null
        ? Math.abs(now - one.begun) < PARCEL_AGAIN
        : Math.abs(now - one.heard) < OFFLINE_SESSION_SEND_AGE),
  )
  const [ours, theirs] = [usable.find((one) => one.ours), usable.find((one) => !one.ours)]
  return ours !== undefined && theirs !== undefined ? preferSession(ours, theirs) : (ours ?? theirs ?? null)
}

/** Whom a session is begun with. */
export type Correspondent = {
  readonly log: Lookup['log']
  readonly card: NonNullable<Lookup['card']>
  readonly device: Device
  /** the incarnation of its store, 16 bytes */
  readonly inc: Uint8Array
}

/**
 * Begins a session with the owner of a published card.
 * @param own the incarnation of our store, 16 bytes
 * @param kem the key that the card commits to, 1184 bytes
 * @throws those of `initiate`
 */
export const beginSession = (
  { log: ownLog, device: index, ik }: Identity,
  own: Uint8Array,
  { log, card, device, inc }: Correspondent,
  kem: Uint8Array,
  surroundings: Surroundings,
): OfflineSession => {
  const begun = initiate(
    {
      self: { log: ownLog, device: index, ik },
      inc: own,
      remote: { log, card, kem },
      channel: new Uint8Array(0),
      seen: log.last.hash,
      first: FIRST,
    },
    surroundings,
  )
  const { hello, session, h1 } = begun
  const when = { begun: surroundings.now, heard: null }
  return { h1, ours: true, live: true, ...when, session, hello, log, device, own: ik.publicKey, inc }
}

export type Opened = {
  readonly session: OfflineSession
  /** hash of our card that the hello was made for, and what it used of it */
  readonly card: Uint8Array
  readonly ek: Uint8Array
}

/**
 * Opens a hello that was made for one of our published cards.
 * @throws HandshakeError ERR_HELLO_CARD when its prekeys are not kept, ERR_HELLO_REPLAY, and those of `respond`; StoreError
 */
export const openHello = (
  { log: own, device: index, ik }: Identity,
  { prekeys }: Pick<Store, 'prekeys'>,
  hello: Uint8Array,
  surroundings: Surroundings,
): Opened => {
  const { card: hash } = decodeHello(hello)
  const kept = prekeys.get(hash)
  if (kept === null) throw new HandshakeError('ERR_HELLO_CARD')
  if (prekeys.isUsedUp(hash)) throw new HandshakeError('ERR_HELLO_REPLAY')
  const { envelope, seq, spk, kem } = kept
  const card = verifyCard(envelope, complete(prefixOf(own, seq)), LATE_CLOCK)
  const spent = { has: (ek: string) => prekeys.isSpent(hash, Buffer.from(ek, 'hex')) }
  const self = { log: own, device: index, ik }
  const accepted = respond({ self, card, spk, kem, channel: new Uint8Array(0), spent }, hello, surroundings)
  const { log, ek, h1, inc, first } = accepted
  const payload = decodePayload(first)
  if (payload?.k !== 'parcel') throw new HandshakeError('ERR_HELLO_DECODE')
  if (payload.v !== BUNDLE_VERSION) throw new HandshakeError('ERR_HELLO_VERSION')
  const device = log.last.entry.devices[accepted.device]
  if (device === undefined) throw new HandshakeError('ERR_HELLO_DEVICE')
  const when = { begun: surroundings.now, heard: null }
  const keys = { log, device, own: ik.publicKey, inc }
  const session = { h1, ours: false, live: true, ...when, session: accepted.session, hello: null, ...keys }
  return { session, card: hash, ek }
}

/**
 * Of the sessions with somebody who began one, those that it would have used if it had them: it sends in none of these any more.
 * One of ours that was not answered may simply have crossed it, unless it began with another life of that store, which is over.
 * @param inc the incarnation that the new one names
 */
export const outlived = (sessions: readonly OfflineSession[], inc: Uint8Array): readonly OfflineSession[] =>
  sessions.filter((one) => {
    const isOfAnother = !equal(one.inc, inc)
    return one.live && (!one.ours || one.heard !== null || isOfAnother)
  })

/** Notes that a hello was used, and ends the sessions that its sender would have used if it had them. */
export const noteHello = (
  { store, world }: { readonly store: Store; readonly world: World },
  peer: Uint8Array,
  { session, card, ek }: Opened,
): void => {
  const { prekeys, offlineSessions, mailboxOutbox } = store
  prekeys.spend(card, ek)
  const old = outlived(offlineSessions.all(peer), session.inc)
  for (const one of old) offlineSessions.keep({ ...one, live: false }, timesIn(world).present)
  // Its owner may have lost what was sent in them, and drops twice what it has.
  if (old.length > 0) mailboxOutbox.forgetParcelled(peer)
}

/** Whether opening failed because of what was sent, and not because of this machine. */
export const isRefusal = (error: unknown): error is HandfastError =>
  error instanceof HandfastError && !error.code.startsWith('ERR_STORE_')
