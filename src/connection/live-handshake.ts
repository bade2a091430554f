import { equal } from '../core/bytes.ts'
import { signLiveCard, verifyLiveCard } from '../core/card.ts'
import { ConnectionError, KeyLogError, MailboxError, PeerError } from '../core/errors.ts'
import { checkFloor, type Floor } from '../core/floor.ts'
import { initiate, respond, type Self } from '../core/handshake.ts'
import type { Identity } from '../core/identity.ts'
import { blake2b256 } from '../core/kdf.ts'
import { generateKem } from '../core/kem.ts'
import { appendEntry, compareLogs, complete, type KeyLog, type PartialLog, verifyLog } from '../core/key-log.ts'
import type { Device } from '../core/key-log-entry.ts'
import { HANDSHAKE_STEP_MS } from '../core/limits/connection-limits.ts'
import { generatePrivateKey } from '../core/p256.ts'
import { decryptMessage, encryptMessage, type Session } from '../core/session/session.ts'
import { seconds, type World } from '../core/world.ts'
import type { Channel } from './channel.ts'
import { WIRE_VERSION } from './frames.ts'
import { decodePayload, encodePayload } from './payloads.ts'

/** The handshake over a stream of frames (docs/spec/handshake.md §1): open → card → hello → confirm → confirm. */

/** What the initiator comes for: to talk, or to the mailbox that the responder keeps. */
export type Purpose = 'talk' | 'mailbox'

/** What both sides have in hand once it is done: the other's verified log and a session only the two share. */
export type Met = {
  readonly log: KeyLog
  /** the keys it used, of its log's last entry */
  readonly device: Device
  /** the incarnation of its store, 16 bytes */
  readonly inc: Uint8Array
  readonly session: Session
  /** our head as the other side knew it before; null when it had not asked */
  readonly seen: Uint8Array | null
  readonly purpose: Purpose
}

const CONFIRM = encodePayload({ k: 'confirm' })

/** Version of what is said to a mailbox (docs/spec/mailbox.md). */
const MAILBOX_VERSION = 1
const TO_MAILBOX = encodePayload({ k: 'mailbox', v: MAILBOX_VERSION })

/** What the initiator's first message says; whatever it is not is talk. @throws ConnectionError ERR_FRAME, ERR_FRAME_VERSION */
const purposeOf = (first: Uint8Array): Purpose => {
  const payload = decodePayload(first)
  if (payload?.k !== 'mailbox') return 'talk'
  if (payload.v !== MAILBOX_VERSION) throw new ConnectionError('ERR_FRAME_VERSION')
  return 'mailbox'
}

/** Decrypts a message that must be the confirmation. */
const confirmed = (session: Session, frame: { h: Uint8Array; d: Uint8Array }, world: World): Session => {
  const surroundings = { now: seconds(world), random: world.random }
  const opened = decryptMessage(session, { header: frame.h, token: frame.d }, surroundings)
  if (decodePayload(opened.plaintext)?.k !== 'confirm')
    throw new ConnectionError('ERR_FRAME', { hint: 'no confirmation' })
  return opened.session
}

const confirm = async (channel: Channel, session: Session, world: World): Promise<Session> => {
  const sent = encryptMessage(session, CONFIRM, { now: seconds(world), random: world.random })
  await channel.send({ t: 'msg', h: sent.message.header, d: sent.message.token })
  return sent.session
}

/** The owner's log as it served it, held against the one known: it may only have gone on. */
const advance = (known: KeyLog, served: readonly Uint8Array[]): KeyLog => {
  const [first] = served
  if (first === undefined) return known
  const whole = equal(blake2b256(first), known.id)
  const log = whole ? verifyLog(known.id, served) : complete(served.reduce<PartialLog>(appendEntry, known))
  const relation = compareLogs(log, known)
  if (relation === 'fork') throw new KeyLogError('ERR_LOG_FORK')
  if (relation === 'shorter' || relation === 'superseded') throw new KeyLogError('ERR_ROLLBACK')
  return log
}

/** As whom one calls: an identity on this device, and the incarnation of its store, 16 bytes. */
export type Caller = Self & { readonly inc: Uint8Array }

export type Initiating = {
  readonly identity: Caller
  /** the other's log as the directory showed it, verified to the address that was asked for */
  readonly known: KeyLog
  readonly floor: Floor | null
  readonly world: World
  /** default: to talk */
  readonly purpose?: Purpose | undefined
}

/**
 * The initiator's side. Everything is verified before the first secret is used.
 * @throws KeyLogError, CardError, HandshakeError, SessionError, ConnectionError, PeerError, each naming the check that failed
 */
export const initiateLive = async (
  channel: Channel,
  { identity, known, floor, world, purpose = 'talk' }: Initiating,
): Promise<Met> => {
  const { handshakeHash } = channel.stream
  await channel.send({ t: 'open', v: WIRE_VERSION, id: known.id, head: known.last.hash })
  const frame = await channel.expect('card', HANDSHAKE_STEP_MS)
  const now = seconds(world)
  const log = advance(known, frame.log)
  if (floor !== null) checkFloor(floor, log, null)
  const card = verifyLiveCard(frame.card, log, now, handshakeHash)
  const begun = initiate(
    {
      self: { log: identity.log, device: identity.device, ik: identity.ik },
      inc: identity.inc,
      remote: { log, card, kem: frame.kem },
      channel: handshakeHash,
      seen: known.last.hash,
      first: purpose === 'mailbox' ? TO_MAILBOX : CONFIRM,
    },
    { now, random: world.random },
  )
  await channel.send({ t: 'hello', d: begun.hello })
  const answered = confirmed(begun.session, await channel.expect('msg', HANDSHAKE_STEP_MS), world)
  const session = await confirm(channel, answered, world)
  const { device, inc } = card.card
  return { log, device: deviceOf(log, device), inc, seen: null, session, purpose }
}

const talkOnly = (purpose: Purpose): void => {
  if (purpose !== 'talk') throw new MailboxError('ERR_MAILBOX_NONE')
}

export type Answering = {
  readonly identity: Identity
  /** the incarnation of our store, 16 bytes */
  readonly inc: Uint8Array
  /** our transport public key, 32 bytes */
  readonly transport: Uint8Array
  readonly world: World
  /** Decides whether the initiator's log may be believed; it runs while the confirmation is under way. */
  vet(log: KeyLog): Promise<void>
  /**
   * Throws when nobody is received for this purpose, or not who comes with it: what it proved to be, by an answer to this connection's keys.
   * Default: only who comes to talk is.
   */
  readonly admit?: ((purpose: Purpose, log: KeyLog, device: Device) => void) | undefined
}

/**
 * The responder's side, with prekeys made for this connection only, so that no hello can be replayed.
 * @throws KeyLogError, HandshakeError, SessionError, ConnectionError, PeerError, each naming the check that failed
 */
export const answerLive = async (
  channel: Channel,
  { identity, inc, transport, world, vet, admit = talkOnly }: Answering,
): Promise<Met> => {
  const { handshakeHash } = channel.stream
  const open = await channel.expect('open', HANDSHAKE_STEP_MS)
  if (!equal(open.id, identity.log.id)) throw new PeerError('ERR_PEER_NOT_HERE')
  const spk = generatePrivateKey(world.random)
  const kem = generateKem(world.random)
  const content = { device: identity.device, now: world.clock(), inc, spk: spk.publicKey, kem: kem.publicKey }
  const card = signLiveCard(identity.log, identity.sign, { ...content, transport }, handshakeHash)
  const log = entriesBehind(identity.log, open.head)
  await channel.send({ t: 'card', log, card: card.envelope, kem: kem.publicKey })

  const hello = await channel.expect('hello', HANDSHAKE_STEP_MS)
  const self = { log: identity.log, device: identity.device, ik: identity.ik }
  const surroundings = { now: seconds(world), random: world.random }
  const accepted = respond({ self, card, spk, kem, channel: handshakeHash }, hello.d, surroundings)
  const purpose = purposeOf(accepted.first)
  admit(purpose, accepted.log, deviceOf(accepted.log, accepted.device))
  const [session] = await Promise.all([
    confirm(channel, accepted.session, world).then(async (answered) =>
      confirmed(answered, await channel.expect('msg', HANDSHAKE_STEP_MS), world),
    ),
    // Who comes to a mailbox comes as nobody: there is no log to believe.
    purpose === 'talk' ? vet(accepted.log) : undefined,
  ])
  const { log: theirs, seen, inc: theirInc } = accepted
  return { log: theirs, device: deviceOf(theirs, accepted.device), inc: theirInc, seen, session, purpose }
}

/** Both sides have checked that the log has this device. */
const deviceOf = (log: KeyLog, index: number): Device => {
  const device = log.last.entry.devices[index]
  if (device === undefined) throw new ConnectionError('ERR_FRAME')
  return device
}

/** The part of our log the other side lacks: what follows `head`, or everything. */
const entriesBehind = (log: KeyLog, head: Uint8Array | null): readonly Uint8Array[] => {
  const known = head === null ? -1 : log.entries.findIndex(({ hash }) => equal(hash, head))
  return log.entries.slice(known + 1).map(({ envelope }) => envelope)
}
