import { equal, hex, utf8 } from './bytes.ts'
import { type Card, checkKem, type SignedCard } from './card.ts'
import { decodeCbor, encodeCbor } from './cbor.ts'
import { HandshakeError, KeyError, PeerError } from './errors.ts'
import { FERNET_IV_BYTES, type FernetKey, openFernet, sealFernet, takeFernetKey } from './fernet.ts'
import { bytes, list, nullable, record, uint } from './fields.ts'
import { decodeHello, encodeHello } from './hello.ts'
import { blake2b256, hkdfOf, type SecretKey, secretKey, sha256 } from './kdf.ts'
import { decapsulate, encapsulate, type KemPrivateKey } from './kem.ts'
import { type KeyLog, verifyLog } from './key-log.ts'
import type { Device } from './key-log-entry.ts'
import { LABEL_HANDSHAKE, LABEL_IDENTITY, LABEL_ROOT, LABEL_SESSION } from './labels.ts'
import { DEVICES_MAX, INCARNATION_BYTES, ITEM_BYTES_MAX, LOG_ENTRIES_MAX } from './limits/protocol-limits.ts'
import { dh, generatePrivateKey, type P256PrivateKey } from './p256.ts'
import { SESSION_ID_BYTES } from './session/header.ts'
import {
  decryptMessage,
  encryptMessage,
  initiateSession,
  respondSession,
  type Session,
  type Surroundings,
} from './session/session.ts'
import { createWiping } from './wipe.ts'

/** Hybrid X3DH with a sealed initiator (docs/spec/handshake.md §2); the names es1, es2, ss, se, ii, h0, k0, h1, rk are the specification's. */

const HASH_BYTES = 32

type Sealed = {
  readonly log: readonly Uint8Array[]
  readonly device: number
  readonly inc: Uint8Array
  readonly seen: Uint8Array | null
}

const readSealed = record<Sealed>({
  log: list(bytes(1, ITEM_BYTES_MAX), 1, LOG_ENTRIES_MAX),
  device: uint(DEVICES_MAX - 1),
  inc: bytes(INCARNATION_BYTES),
  seen: nullable(bytes(HASH_BYTES)),
})

/** h0 binds everything public: whom the hello is for, by which card, on which connection. */
const transcript = (card: SignedCard, ek: Uint8Array, ct: Uint8Array, channel: Uint8Array): Uint8Array =>
  sha256(utf8(LABEL_HANDSHAKE), encodeCbor([card.card.id, card.card.head, card.hash, ek, ct, channel]))

const identityKey = (h0: Uint8Array, ...secrets: readonly Uint8Array[]): FernetKey =>
  takeFernetKey(hkdfOf(h0, secrets, LABEL_IDENTITY, 32))

const rootKeyOf = (h1: Uint8Array, ...secrets: readonly Uint8Array[]): SecretKey =>
  secretKey(hkdfOf(h1, secrets, LABEL_ROOT, 32))

/** Derived from the secrets: from public values alone, whoever sees the id could try whose identity is sealed beside it. */
const sessionId = (h1: Uint8Array, ...secrets: readonly Uint8Array[]): Uint8Array =>
  hkdfOf(h1, secrets, LABEL_SESSION, SESSION_ID_BYTES)

const deviceOf = (log: KeyLog, index: number): Device => {
  if (log.last.entry.status === 'retired') throw new PeerError('ERR_PEER_RETIRED')
  const device = log.last.entry.devices[index]
  if (device === undefined) throw new HandshakeError('ERR_HELLO_DEVICE')
  return device
}

/** One side's own identity on this device: `ik` is the private half of `devices[device].dh`. */
export type Self = { readonly log: KeyLog; readonly device: number; readonly ik: P256PrivateKey }

export type Initiation = {
  readonly self: Self
  /** the incarnation of the initiator's store, 16 bytes */
  readonly inc: Uint8Array
  /** the responder's verified log and verified card, and the ML-KEM key (1184 bytes) that card commits to */
  readonly remote: { readonly log: KeyLog; readonly card: SignedCard<Card>; readonly kem: Uint8Array }
  /** the hash of the transport's handshake, or empty when the responder is offline */
  readonly channel: Uint8Array
  /** the responder's head as the directory showed it, so that it can notice a split view; null when it was not asked */
  readonly seen: Uint8Array | null
  /** plaintext of the first message */
  readonly first: Uint8Array
}

/** A hello to send, the session it begins, and the session's h1. */
export type Initiated = {
  readonly hello: Uint8Array
  readonly session: Session
  /** 32 bytes, the same on both sides: chooses between two sessions (`preferSession`) */
  readonly h1: Uint8Array
}

/**
 * The initiator's side: the hello to send and the session it begins.
 * The caller has verified `remote.log` to the address it asked for and `remote.card` against that log.
 * @throws CardError ERR_CARD_KEM; PeerError ERR_PEER_RETIRED; HandshakeError ERR_HELLO_DEVICE, ERR_HELLO_SIZE; KeyError ERR_KEM_KEY when the
 *   responder committed to a malformed key
 */
export const initiate = (
  { self, inc, remote, channel, seen, first }: Initiation,
  { now, random }: Surroundings,
): Initiated => {
  checkKem(remote.card.card, remote.kem)
  const { spk, device } = remote.card.card
  const ek = generatePrivateKey(random)
  using secrets = createWiping()
  const ikB = deviceOf(remote.log, device).dh
  const es1 = secrets.keep(dh(ikB, ek))
  const es2 = secrets.keep(dh(spk, ek))
  const { ct, ss } = encapsulate(remote.kem)
  secrets.keep(ss)
  const se = secrets.keep(dh(spk, self.ik))
  const ii = secrets.keep(dh(ikB, self.ik))
  const h0 = transcript(remote.card, ek.publicKey, ct, channel)
  const log = self.log.entries.map(({ envelope }) => envelope)
  const identity = encodeCbor({ log, device: self.device, inc, seen })
  const sealed = sealFernet(identityKey(h0, es1, es2, ss), identity, now, random(FERNET_IV_BYTES))
  const h1 = sha256(h0, sealed, self.log.id, self.log.last.hash)
  const rk = rootKeyOf(h1, es1, es2, ss, se, ii)
  const surroundings = { now, random }
  const session = initiateSession(sessionId(h1, es1, es2, ss), rk, spk, surroundings)
  const begun = encryptMessage(session, first, surroundings)
  const hello = encodeHello({ v: 1, ek: ek.publicKey, card: remote.card.hash, ct, sealed, first: begun.message })
  return { hello, session: begun.session, h1 }
}

export type Response = {
  readonly self: Self
  /** the card the hello must have been made for, with the private halves of its prekeys */
  readonly card: SignedCard<Card>
  readonly spk: P256PrivateKey
  readonly kem: KemPrivateKey
  readonly channel: Uint8Array
  /**
   * The `ek`s, as hex, of the hellos that were accepted for this card, kept as long as its prekeys are; left out for a
   * live card, which is used once
   */
  readonly spent?: Pick<ReadonlySet<string>, 'has'>
}

/** What the responder learns: who is there (verified to its address), what it sent, and the session. */
export type Accepted = {
  readonly log: KeyLog
  readonly device: number
  /** the incarnation of the initiator's store, 16 bytes */
  readonly inc: Uint8Array
  readonly seen: Uint8Array | null
  readonly first: Uint8Array
  readonly session: Session
  /** what must be remembered of a hello for a published card, 33 bytes */
  readonly ek: Uint8Array
  /** 32 bytes, the same on both sides: chooses between two sessions (`preferSession`) */
  readonly h1: Uint8Array
}

/** Opens the sealed part. One code for every failure: whoever sent it learns nothing about where it stopped. */
const unseal = (key: FernetKey, sealed: Uint8Array): Sealed => {
  try {
    return readSealed(decodeCbor(openFernet(key, sealed)), 'sealed')
  } catch (cause) {
    throw new HandshakeError('ERR_HELLO_SEALED', { cause })
  }
}

/**
 * The responder's side: verifies a hello to its sender's address and begins the session.
 * The initiator is authenticated by the first message; it has seen us confirm only when its next one arrives.
 * @throws HandshakeError ERR_HELLO_DECODE, _VERSION, _CARD, _REPLAY, _SEALED, _DEVICE; PeerError ERR_PEER_RETIRED, ERR_PEER_SELF;
 *   KeyLogError from the initiator's log; SessionError ERR_SESSION_* when the first message does not open
 */
export const respond = (
  { self, card, spk, kem, channel, spent }: Response,
  hello: Uint8Array,
  { now, random }: Surroundings,
): Accepted => {
  const { ek, card: cardHash, ct, sealed, first } = decodeHello(hello)
  if (!equal(cardHash, card.hash)) throw new HandshakeError('ERR_HELLO_CARD')
  if (spent?.has(hex(ek))) throw new HandshakeError('ERR_HELLO_REPLAY')
  using secrets = createWiping()
  const ss = secrets.keep(decapsulate(kem, ct))
  const [es1, es2] = [secrets.keep(agree(ek, self.ik)), secrets.keep(agree(ek, spk))]
  const h0 = transcript(card, ek, ct, channel)
  const { log: envelopes, device, inc, seen } = unseal(identityKey(h0, es1, es2, ss), sealed)
  const log = verifyLog(blake2b256(envelopes[0] ?? new Uint8Array(0)), envelopes)
  const ikA = deviceOf(log, device).dh
  // Who stole spk knows se of everybody, and who stole ik_B knows ii: to write as A takes both of B's, or A's.
  const [se, ii] = [secrets.keep(dh(ikA, spk)), secrets.keep(dh(ikA, self.ik))]
  const h1 = sha256(h0, sealed, log.id, log.last.hash)
  const rk = rootKeyOf(h1, es1, es2, ss, se, ii)
  const session = respondSession(sessionId(h1, es1, es2, ss), rk, spk, now)
  const opened = decryptMessage(session, first, { now, random })
  if (equal(log.id, self.log.id)) throw new PeerError('ERR_PEER_SELF')
  return { log, device, inc, seen, first: opened.plaintext, session: opened.session, ek, h1 }
}

const agree = (ek: Uint8Array, own: P256PrivateKey): Uint8Array => {
  try {
    return dh(ek, own)
  } catch (cause) {
    if (cause instanceof KeyError) throw new HandshakeError('ERR_HELLO_DECODE', { cause })
    throw cause
  }
}
