import { equal } from './bytes.ts'
import { decodeCbor, encodeCbor } from './cbor.ts'
import { bothTimes, isAhead } from './clock.ts'
import { type Envelope, openEnvelope, signEnvelope, verifyEnvelope } from './cose.ts'
import { CardError } from './errors.ts'
import { bytes, list, literal, type Reader, record, tuple, uint } from './fields.ts'
import { sha256 } from './kdf.ts'
import { KEM_PUBLIC_BYTES, type KemNames, kemNames } from './kem.ts'
import type { KeyLog } from './key-log.ts'
import { LABEL_CARD, LABEL_LIVE_CARD } from './labels.ts'
import {
  CARD_AGE,
  CARD_AGE_MAX,
  CLOCK_TOLERANCE,
  DEVICES_MAX,
  INCARNATION_BYTES,
  ITEM_BYTES_MAX,
  MAILBOXES_MAX,
} from './limits/protocol-limits.ts'
import { RELAY_KEY_BYTES, RELAYS_MAX } from './limits/relay-limits.ts'
import { importPublicKey, type P256PrivateKey, POINT_BYTES } from './p256.ts'

/** The card: a device's short-lived statement that the head of its log is still current, and where to reach it (docs/spec/identity.md §4). */

export type Card = {
  readonly v: 1
  /** the identity hash, 32 bytes */
  readonly id: Uint8Array
  /** BLAKE2b-256 of the last envelope of the log, 32 bytes, and that entry's number */
  readonly head: Uint8Array
  readonly seq: number
  /** index in that entry's `devices` */
  readonly device: number
  /** strictly rising for each device, milliseconds */
  readonly serial: number
  /** the incarnation of the device's store, 16 bytes: another one after its data folder went back in time, or was copied */
  readonly inc: Uint8Array
  /** validity, seconds since 1970 */
  readonly from: number
  readonly until: number
  /** the signed prekey, 33 bytes */
  readonly spk: Uint8Array
  /** BLAKE2b-256 of each half of the ML-KEM-768 encapsulation key */
  readonly kem: KemNames
  /** the device's transport public key, Ed25519, 32 bytes */
  readonly transport: Uint8Array
  /** identity hashes of mailboxes, 32 bytes each */
  readonly mailboxes: readonly Uint8Array[]
  /** transport keys of relays that it can be reached through, Ed25519, 32 bytes each */
  readonly relays: readonly Uint8Array[]
}

/** A card for one connection only: `channel` is the hash of the transport's handshake. */
export type LiveCard = Card & { readonly channel: Uint8Array }

/** A verified card with the bytes that were signed and their hash. */
export type SignedCard<C extends Card = Card> = {
  readonly card: C
  readonly envelope: Uint8Array
  readonly hash: Uint8Array
}

const HASH_BYTES = 32
export const TRANSPORT_KEY_BYTES = 32
const CHANNEL_BYTES_MAX = 64

const shape: { readonly [K in keyof Card]: Reader<Card[K]> } = {
  v: literal(1),
  id: bytes(HASH_BYTES),
  head: bytes(HASH_BYTES),
  seq: uint(),
  device: uint(DEVICES_MAX - 1),
  serial: uint(),
  inc: bytes(INCARNATION_BYTES),
  from: uint(),
  until: uint(),
  spk: (value, name) => {
    const read = bytes(POINT_BYTES)(value, name)
    importPublicKey(read)
    return read
  },
  kem: tuple<KemNames>(bytes(HASH_BYTES), bytes(HASH_BYTES)),
  transport: bytes(TRANSPORT_KEY_BYTES),
  mailboxes: list(bytes(HASH_BYTES), 0, MAILBOXES_MAX),
  relays: list(bytes(RELAY_KEY_BYTES), 0, RELAYS_MAX),
}
const readCard = record<Card>(shape)
const readLiveCard = record<LiveCard>({ ...shape, channel: bytes(HASH_BYTES, CHANNEL_BYTES_MAX) })

/** What an owner decides about a new card; the rest follows from the log. */
export type CardContent = {
  readonly device: number
  /** milliseconds; also the start of validity */
  readonly now: number
  /** the incarnation of this device's store, 16 bytes */
  readonly inc: Uint8Array
  readonly spk: Uint8Array
  /** the ML-KEM-768 encapsulation key itself, 1184 bytes */
  readonly kem: Uint8Array
  readonly transport: Uint8Array
  readonly mailboxes?: readonly Uint8Array[]
  readonly relays?: readonly Uint8Array[]
  /** seconds of validity, default 24 h */
  readonly age?: number
}

const fill = (log: KeyLog, content: CardContent): Card => {
  const { device, now, inc, spk, kem, transport, mailboxes = [], relays = [], age = CARD_AGE } = content
  const from = Math.floor(now / 1000)
  const { hash: head, entry } = log.last
  const until = from + age
  const id = { v: 1, id: log.id, head, seq: entry.seq, device } as const
  return { ...id, serial: now, inc, from, until, spk, kem: kemNames(kem), transport, mailboxes, relays }
}

const seal = <C extends Card>(card: C, sign: P256PrivateKey, label: string): SignedCard<C> => {
  const envelope = signEnvelope(encodeCbor(card), sign, label)
  return { card, envelope, hash: sha256(envelope) }
}

/** Signs a card to publish. `sign` is the private half of the device's `sign` key. */
export const signCard = (log: KeyLog, sign: P256PrivateKey, content: CardContent): SignedCard =>
  seal(fill(log, content), sign, LABEL_CARD)

/** Signs a card for one connection, bound to the transport's handshake hash `channel` (32 to 64 bytes). */
export const signLiveCard = (
  log: KeyLog,
  sign: P256PrivateKey,
  content: CardContent,
  channel: Uint8Array,
): SignedCard<LiveCard> => seal({ ...fill(log, content), channel }, sign, LABEL_LIVE_CARD)

/** Whether a card is from so far ahead of this clock, seconds, that nobody with the same clock accepts it. */
export const isAheadOf = ({ from, serial }: Card, now: number): boolean =>
  isAhead(from, now) || isAhead(serial / 1000, now)

/** For a card that was held against the real clock when it was accepted, or signed here: no time is ahead of this one. */
export const LATE_CLOCK = Number.MAX_SAFE_INTEGER - CLOCK_TOLERANCE

const openCard = <C extends Card>(envelope: Uint8Array, read: Reader<C>): { card: C; opened: Envelope } => {
  if (envelope.length > ITEM_BYTES_MAX) throw new CardError('ERR_CARD_SIZE')
  try {
    const opened = openEnvelope(envelope)
    return { card: read(decodeCbor(opened.payload), 'card'), opened }
  } catch (cause) {
    throw new CardError('ERR_CARD_DECODE', { cause })
  }
}

/**
 * What a published card says, without verifying it: enough to see of which log it is.
 * @throws CardError ERR_CARD_SIZE, ERR_CARD_DECODE
 */
export const decodeCard = (envelope: Uint8Array): Card => openCard(envelope, readCard).card

const verifySigned = <C extends Card>(
  envelope: Uint8Array,
  log: KeyLog,
  now: number,
  read: Reader<C>,
  label: string,
): SignedCard<C> => {
  const { card, opened } = openCard(envelope, read)
  const { entry, hash } = log.last
  if (!equal(card.id, log.id)) throw new CardError('ERR_CARD_ID')
  if (card.seq !== entry.seq || !equal(card.head, hash)) throw new CardError('ERR_CARD_HEAD')
  if (entry.status === 'retired') throw new CardError('ERR_CARD_RETIRED')
  const device = entry.devices[card.device]
  if (device === undefined) throw new CardError('ERR_CARD_DEVICE')
  if (!verifyEnvelope(opened, device.sign, label)) throw new CardError('ERR_CARD_SIGNATURE')
  if (card.until <= card.from || card.until - card.from > CARD_AGE_MAX) throw new CardError('ERR_CARD_WINDOW')
  if (isAheadOf(card, now))
    throw new CardError('ERR_CARD_AHEAD', {
      hint: bothTimes(now, 'the card', Math.max(card.from, Math.floor(card.serial / 1000))),
    })
  return { card, envelope: Uint8Array.from(envelope), hash: sha256(envelope) }
}

/**
 * Verifies a published card against the verified log it belongs to. An expired card verifies: whether it is still
 * current is `isCurrent`'s question, because a stale card is a state people see, not an error.
 * @param now this clock, seconds
 * @throws CardError ERR_CARD_SIZE, _DECODE, _ID, _HEAD, _RETIRED, _DEVICE, _SIGNATURE, _WINDOW, _AHEAD
 */
export const verifyCard = (envelope: Uint8Array, log: KeyLog, now: number): SignedCard =>
  verifySigned(envelope, log, now, readCard, LABEL_CARD)

/**
 * Verifies a card made for this very connection.
 * @param channel the hash of this connection's transport handshake
 * @throws CardError those of `verifyCard`, ERR_CARD_EXPIRED, ERR_CARD_CHANNEL
 */
export const verifyLiveCard = (
  envelope: Uint8Array,
  log: KeyLog,
  now: number,
  channel: Uint8Array,
): SignedCard<LiveCard> => {
  const signed = verifySigned(envelope, log, now, readLiveCard, LABEL_LIVE_CARD)
  if (!isCurrent(signed.card, now))
    throw new CardError('ERR_CARD_EXPIRED', { hint: bothTimes(now, 'it ran out', signed.card.until) })
  if (!equal(signed.card.channel, channel)) throw new CardError('ERR_CARD_CHANNEL')
  return signed
}

/** Whether a verified card still vouches for the head of its log. */
export const isCurrent = (card: Card, now: number): boolean => now < card.until

/** @throws CardError ERR_CARD_KEM when `kem` is not the encapsulation key (1184 bytes) the card names */
export const checkKem = (card: Card, kem: Uint8Array): void => {
  const [first, second] = kemNames(kem)
  const isNamed = kem.length === KEM_PUBLIC_BYTES && equal(first, card.kem[0]) && equal(second, card.kem[1])
  if (!isNamed) throw new CardError('ERR_CARD_KEM')
}
