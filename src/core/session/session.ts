import { equal, type RandomBytes } from '../bytes.ts'
import { SessionError } from '../errors.ts'
import { FERNET_IV_BYTES, openFernet, sealFernet } from '../fernet.ts'
import type { SecretKey } from '../kdf.ts'
import { decapsulate, encapsulate, generateKem, type KemPrivateKey } from '../kem.ts'
import { generatePrivateKey, type P256PrivateKey } from '../p256.ts'
import { pad, unpad } from '../padding.ts'
import { type ChainKey, stepChainKey, walkChain } from './chain-key.ts'
import { decodeHeader, encodeHeader, type Header, kemPartsHash } from './header.ts'
import { countMessage, isKemDue, type KemClock, startKemClock } from './kem-clock.ts'
import { messageFernetKey } from './message-key.ts'
import { stepRootKey } from './root-key.ts'
import {
  findSkippedKey,
  NO_SKIPPED_KEYS,
  type SkippedKey,
  type SkippedKeys,
  withoutOldKeys,
  withoutSkippedKey,
  withSkippedKeys,
} from './skipped-keys.ts'

/**
 * The Double Ratchet (Perrin & Marlinspike, rev. 1) over P-256 and Fernet, with ML-KEM-768 mixed into some of its steps.
 * A session is a value: every call returns the next one.
 */
export type Session = {
  /** 16 bytes, the same on both sides */
  readonly id: Uint8Array
  readonly rootKey: SecretKey
  /** dh_self */
  readonly self: P256PrivateKey
  /** dh_remote, 33 bytes; null until the responder has received */
  readonly remote: Uint8Array | null
  readonly sending: SendingChain | null
  readonly receiving: ReceivingChain | null
  /** messages sent in the chain before this one (pn) */
  readonly previous: number
  readonly skipped: SkippedKeys
  readonly kemClock: KemClock
}

/** The chain this side sends in. It ends when the other side has received of it, and with it goes the KEM private key. */
export type SendingChain = ChainKey & {
  /** the KEM key whose public half stands in the chain's headers, waiting for its answer */
  readonly offer: KemPrivateKey | null
  /** the ciphertext (1088 bytes) in the chain's headers, for the KEM key that the other side offered */
  readonly answer: Uint8Array | null
}

/** The chain this side receives in, with the hash (32 bytes) of what its headers say of the KEM. */
export type ReceivingChain = ChainKey & { readonly kemParts: Uint8Array }

/** One encrypted message: the header in the clear and a raw Fernet token under a key of its own. */
export type Message = { readonly header: Uint8Array; readonly token: Uint8Array }

/** The clock in seconds and fresh randomness for one step. */
export type Surroundings = {
  readonly now: number
  readonly random: RandomBytes
  /** the time by which skipped keys are old, and the one they are kept with; default: now */
  readonly past?: number
  readonly present?: number
}

/** The initiator's session: `remote` is the responder's signed prekey (spk_B), its first ratchet key. */
export const initiateSession = (
  id: Uint8Array,
  rootKey: SecretKey,
  remote: Uint8Array,
  { now, random }: Surroundings,
): Session => {
  const self = generatePrivateKey(random)
  const step = stepRootKey(rootKey, remote, self, null)
  return {
    id,
    rootKey: step.rootKey,
    self,
    remote,
    sending: { key: step.chainKey, index: 0, offer: null, answer: null },
    receiving: null,
    previous: 0,
    skipped: NO_SKIPPED_KEYS,
    kemClock: startKemClock(now),
  }
}

/** The responder's session: `self` is the signed prekey the initiator used. It can send once it has received. */
export const respondSession = (id: Uint8Array, rootKey: SecretKey, self: P256PrivateKey, now: number): Session => ({
  id,
  rootKey,
  self,
  remote: null,
  sending: null,
  receiving: null,
  previous: 0,
  skipped: NO_SKIPPED_KEYS,
  kemClock: startKemClock(now),
})

/**
 * Pads and encrypts `plaintext` as the next message. The first message of a chain decides whether the chain offers a KEM
 * key. Skipped keys older than a week are forgotten here too, since a silent peer may never send what would make us
 * forget them.
 * @throws SessionError ERR_SESSION_NOT_READY for a responder that has not received yet
 */
export const encryptMessage = (
  session: Session,
  plaintext: Uint8Array,
  { now, random, past = now }: Surroundings,
): { session: Session; message: Message } => {
  if (session.sending === null) throw new SessionError('ERR_SESSION_NOT_READY')
  const { id, self, previous, kemClock } = session
  const offers = session.sending.index === 0 && isKemDue(kemClock, now)
  const sending = offers ? { ...session.sending, offer: generateKem(random) } : session.sending
  const [kem, ct] = [sending.offer?.publicKey ?? null, sending.answer]
  const { messageKey, next } = stepChainKey(sending)
  const header = encodeHeader({ session: id, dh: self.publicKey, pn: previous, n: sending.index, kem, ct })
  const padded = pad(plaintext)
  const token = sealFernet(messageFernetKey(messageKey, header), padded, now, random(FERNET_IV_BYTES))
  padded.fill(0)
  return {
    session: {
      ...session,
      sending: { ...sending, ...next },
      skipped: withoutOldKeys(session.skipped, past),
      kemClock: countMessage(kemClock),
    },
    message: { header, token },
  }
}

const open = (messageKey: SecretKey, message: Message): Uint8Array => {
  try {
    return unpad(openFernet(messageFernetKey(messageKey, message.header), message.token))
  } catch (cause) {
    throw new SessionError('ERR_SESSION_TOKEN', { cause })
  }
}

/** Opens message `n` of a chain: the chain behind it, and the keys of the messages before it that have not arrived. */
const openInChain = (
  chain: ChainKey,
  { dh, n }: Header,
  message: Message,
): { next: ChainKey; passed: readonly SkippedKey[]; plaintext: Uint8Array } => {
  const { chain: reached, passed } = walkChain(chain, dh, n)
  const { messageKey, next } = stepChainKey(reached)
  return { next, passed, plaintext: open(messageKey, message) }
}

/** The present receiving chain when the header belongs to it, null when it begins another. */
const presentChain = ({ remote, receiving }: Session, header: Header): ReceivingChain | null => {
  if (remote === null || receiving === null || !equal(header.dh, remote)) return null
  if (!equal(kemPartsHash(header), receiving.kemParts))
    throw new SessionError('ERR_SESSION_HEADER', { hint: 'the headers of a chain must agree' })
  return receiving
}

/** Runs what a header's key or ciphertext may be too malformed for. */
const fromHeader = <T>(action: () => T): T => {
  try {
    return action()
  } catch (cause) {
    throw new SessionError('ERR_SESSION_HEADER', { cause })
  }
}

type Opened = { readonly session: Session; readonly plaintext: Uint8Array }

/** A message that begins a receiving chain: one root step to open it, and one for the chain that answers it. */
const receiveStep = (session: Session, header: Header, message: Message, surroundings: Surroundings): Opened => {
  const { now, random, present = now } = surroundings
  const { remote, receiving, kemClock } = session
  const offer = session.sending?.offer ?? null
  // Whoever received of a chain has seen what it offers, so its next chain answers that, and no other does.
  if ((offer === null) !== (header.ct === null)) throw new SessionError('ERR_SESSION_HEADER')
  const before = remote === null || receiving === null ? [] : walkChain(receiving, remote, header.pn).passed
  const step = fromHeader(() => {
    const ss = offer === null || header.ct === null ? null : decapsulate(offer, header.ct)
    return stepRootKey(session.rootKey, header.dh, session.self, ss)
  })
  const { next, passed, plaintext } = openInChain({ key: step.chainKey, index: 0 }, header, message)

  const { kem } = header
  const self = generatePrivateKey(random)
  const answer = kem === null ? null : fromHeader(() => encapsulate(kem))
  const reply = stepRootKey(step.rootKey, header.dh, self, answer?.ss ?? null)
  return {
    session: {
      ...session,
      rootKey: reply.rootKey,
      self,
      remote: header.dh,
      sending: { key: reply.chainKey, index: 0, offer: null, answer: answer?.ct ?? null },
      receiving: { ...next, kemParts: kemPartsHash(header) },
      previous: session.sending?.index ?? 0,
      skipped: withSkippedKeys(session.skipped, [...before, ...passed], present),
      kemClock: kem !== null || header.ct !== null ? startKemClock(now) : countMessage(kemClock),
    },
    plaintext,
  }
}

/**
 * Decrypts one message. Messages may arrive in any order; each opens once. On any error `session` is still the state to
 * use: nothing is kept of a message whose token did not verify.
 * @throws SessionError ERR_SESSION_HEADER, _OTHER, _DUPLICATE, _SKIP, _TOKEN. A duplicate from an earlier chain cannot
 *   be told from a forgery, since its key is gone: it is ERR_SESSION_TOKEN, _SKIP or _HEADER.
 */
export const decryptMessage = (session: Session, message: Message, surroundings: Surroundings): Opened => {
  const { now, past = now, present = now } = surroundings
  const header = decodeHeader(message.header)
  if (!equal(header.session, session.id)) throw new SessionError('ERR_SESSION_OTHER')
  const chain = presentChain(session, header)
  const skipped = withoutOldKeys(session.skipped, past)
  const kemClock = countMessage(session.kemClock)

  const kept = findSkippedKey(skipped, header.dh, header.n)
  if (kept !== undefined) {
    const plaintext = open(kept, message)
    return { session: { ...session, skipped: withoutSkippedKey(skipped, header.dh, header.n), kemClock }, plaintext }
  }
  if (chain === null) return receiveStep({ ...session, skipped }, header, message, surroundings)
  if (header.n < chain.index) throw new SessionError('ERR_SESSION_DUPLICATE')
  const { next, passed, plaintext } = openInChain(chain, header, message)
  return {
    session: {
      ...session,
      receiving: { ...chain, ...next },
      skipped: withSkippedKeys(skipped, passed, present),
      kemClock,
    },
    plaintext,
  }
}
