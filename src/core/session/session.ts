import { equal, type RandomBytes } from '../bytes.ts'
import { SessionError } from '../errors.ts'
import { FERNET_IV_BYTES, openFernet, sealFernet } from '../fernet.ts'
import type { SecretKey } from '../kdf.ts'
import { SKIP_MAX } from '../limits.ts'
import { generatePrivateKey, type P256PrivateKey } from '../p256.ts'
import { pad, unpad } from '../padding.ts'
import { type ChainKey, stepChainKey } from './chain-key.ts'
import { decodeHeader, encodeHeader, type Header } from './header.ts'
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

/** The Double Ratchet (Perrin & Marlinspike, rev. 1) over P-256 and Fernet. A session is a value: every call returns the next one. */
export type Session = {
  /** 16 bytes, the same on both sides */
  readonly id: Uint8Array
  readonly rootKey: SecretKey
  /** dh_self */
  readonly self: P256PrivateKey
  /** dh_remote, 33 bytes; null until the responder has received */
  readonly remote: Uint8Array | null
  readonly sending: ChainKey | null
  readonly receiving: ChainKey | null
  /** messages sent in the chain before this one (pn) */
  readonly previous: number
  readonly skipped: SkippedKeys
}

/** One encrypted message: the header in the clear and a raw Fernet token under a key of its own. */
export type Message = { readonly header: Uint8Array; readonly token: Uint8Array }

/** The clock in seconds and fresh randomness for one step. */
export type Surroundings = { readonly now: number; readonly random: RandomBytes }

/** The initiator's session: `remote` is the responder's signed prekey (spk_B), its first ratchet key. */
export const initiateSession = (
  id: Uint8Array,
  rootKey: SecretKey,
  remote: Uint8Array,
  random: RandomBytes,
): Session => {
  const self = generatePrivateKey(random)
  const step = stepRootKey(rootKey, remote, self)
  return {
    id,
    rootKey: step.rootKey,
    self,
    remote,
    sending: { key: step.chainKey, index: 0 },
    receiving: null,
    previous: 0,
    skipped: NO_SKIPPED_KEYS,
  }
}

/** The responder's session: `self` is the signed prekey the initiator used. It can send once it has received. */
export const respondSession = (id: Uint8Array, rootKey: SecretKey, self: P256PrivateKey): Session => ({
  id,
  rootKey,
  self,
  remote: null,
  sending: null,
  receiving: null,
  previous: 0,
  skipped: NO_SKIPPED_KEYS,
})

/**
 * Pads and encrypts `plaintext` as the next message. Skipped keys older than a week are forgotten here too, since a
 * silent peer may never send what would make us forget them.
 * @throws SessionError ERR_SESSION_NOT_READY for a responder that has not received yet
 */
export const encryptMessage = (
  session: Session,
  plaintext: Uint8Array,
  { now, random }: Surroundings,
): { session: Session; message: Message } => {
  if (session.sending === null) throw new SessionError('ERR_SESSION_NOT_READY')
  const { messageKey, next } = stepChainKey(session.sending)
  const { id, self, previous, sending } = session
  const header = encodeHeader({ session: id, dh: self.publicKey, pn: previous, n: sending.index })
  const token = sealFernet(messageFernetKey(messageKey, header), pad(plaintext), now, random(FERNET_IV_BYTES))
  const skipped = withoutOldKeys(session.skipped, now)
  return { session: { ...session, sending: next, skipped }, message: { header, token } }
}

/** Walks a chain to message `until`, keeping the keys it passes. */
const skip = (chain: ChainKey, dh: Uint8Array, until: number): { chain: ChainKey; passed: SkippedKey[] } => {
  if (until - chain.index > SKIP_MAX) throw new SessionError('ERR_MESSAGE_SKIP')
  const passed: SkippedKey[] = []
  let current = chain
  while (current.index < until) {
    const { messageKey, next } = stepChainKey(current)
    passed.push({ dh, n: current.index, key: messageKey })
    current = next
  }
  return { chain: current, passed }
}

const open = (messageKey: SecretKey, message: Message): Uint8Array => {
  try {
    return unpad(openFernet(messageFernetKey(messageKey, message.header), message.token))
  } catch (cause) {
    throw new SessionError('ERR_MESSAGE_TOKEN', { cause })
  }
}

/** The receiving chain that `header` belongs to, and the keys of the chain before it that have not arrived. */
const chainFor = (session: Session, header: Header): { rootKey: SecretKey; chain: ChainKey; passed: SkippedKey[] } => {
  const { remote, receiving, rootKey } = session
  if (remote !== null && receiving !== null && equal(header.dh, remote))
    return { rootKey, chain: receiving, passed: [] }
  const before = remote !== null && receiving !== null ? skip(receiving, remote, header.pn).passed : []
  const step = dhStep(session, header)
  return { rootKey: step.rootKey, chain: { key: step.chainKey, index: 0 }, passed: before }
}

const dhStep = (session: Session, header: Header): ReturnType<typeof stepRootKey> => {
  try {
    return stepRootKey(session.rootKey, header.dh, session.self)
  } catch (cause) {
    throw new SessionError('ERR_MESSAGE_HEADER', { cause })
  }
}

/**
 * Decrypts one message. Messages may arrive in any order; each opens once. On any error `session` is still the state to
 * use: nothing is kept of a message whose token did not verify.
 * @throws SessionError ERR_MESSAGE_HEADER, _SESSION, _DUPLICATE, _SKIP, _TOKEN. A duplicate from an earlier chain cannot
 *   be told from a forgery: its key is gone, so it is ERR_MESSAGE_TOKEN or ERR_MESSAGE_SKIP.
 */
export const decryptMessage = (
  session: Session,
  message: Message,
  { now, random }: Surroundings,
): { session: Session; plaintext: Uint8Array } => {
  const header = decodeHeader(message.header)
  if (!equal(header.session, session.id)) throw new SessionError('ERR_MESSAGE_SESSION')
  const skipped = withoutOldKeys(session.skipped, now)

  const kept = findSkippedKey(skipped, header.dh, header.n)
  if (kept !== undefined) {
    const plaintext = open(kept, message)
    return { session: { ...session, skipped: withoutSkippedKey(skipped, header.dh, header.n) }, plaintext }
  }

  const { rootKey, chain, passed } = chainFor(session, header)
  if (header.n < chain.index) throw new SessionError('ERR_MESSAGE_DUPLICATE')
  const ahead = skip(chain, header.dh, header.n)
  const { messageKey, next } = stepChainKey(ahead.chain)
  const plaintext = open(messageKey, message)

  const received = {
    ...session,
    receiving: next,
    skipped: withSkippedKeys(skipped, [...passed, ...ahead.passed], now),
  }
  if (session.remote !== null && session.receiving !== null && equal(header.dh, session.remote))
    return { session: received, plaintext }
  const self = generatePrivateKey(random)
  const answer = stepRootKey(rootKey, header.dh, self)
  return {
    session: {
      ...received,
      rootKey: answer.rootKey,
      self,
      remote: header.dh,
      sending: { key: answer.chainKey, index: 0 },
      previous: session.sending?.index ?? 0,
    },
    plaintext,
  }
}
