import assert from 'node:assert/strict'
import { createPrivateKey, decapsulate } from 'node:crypto'
import { decodeAddress, encodeAddress } from '../../src/core/address.ts'
import { hex, type RandomBytes } from '../../src/core/bytes.ts'
import { checkKem, verifyCard, verifyLiveCard } from '../../src/core/card.ts'
import { decodeCbor } from '../../src/core/cbor.ts'
import { respond } from '../../src/core/handshake.ts'
import { blake2b256, secretKey } from '../../src/core/kdf.ts'
import { generateKem } from '../../src/core/kem.ts'
import { verifyLog } from '../../src/core/key-log.ts'
import { importPrivateKey } from '../../src/core/p256.ts'
import {
  decryptMessage,
  encryptMessage,
  initiateSession,
  respondSession,
  type Session,
} from '../../src/core/session/session.ts'
import { decodeSession, encodeSession } from '../../src/core/session/snapshot.ts'
import { ecdh, type HelloFields, handmadeHello } from '../core/handmade-hello.ts'
import { at } from '../core/identities.ts'
import { dumpSession } from '../core/sessions.ts'
import { fromHex, seededRandom } from '../core/test-bytes.ts'
import { checkConversation } from './conversation.ts'
import { expecting, type Refused } from './expecting.ts'
import { identityChecks } from './identity-checks.ts'
import { mailboxChecks } from './mailbox-checks.ts'
import { checkPlaces } from './places-checks.ts'
import { checkSlot } from './slot-checks.ts'
import type { Trace } from './trace.ts'

/** What each vector of handshake and session claims, held against the code; a mismatch throws. */

export type HandshakeVector = Refused & {
  readonly now: number
  readonly responder: {
    readonly address: string
    readonly log: readonly string[]
    readonly card: string
    /** the connection the card was made for; absent for a published card */
    readonly channel?: string
    readonly ik: string
    readonly spk: string
    readonly kemSeed: string
  }
  readonly channel: string
  readonly hello: string
  readonly spent?: readonly string[]
  readonly address?: string
  readonly device?: number
  readonly inc?: string
  readonly seen?: string
  readonly first?: string
  readonly session?: string
  readonly second?: { readonly header: string; readonly token: string; readonly plaintext: string }
  readonly initiator?: {
    readonly log: readonly string[]
    readonly ik: string
    readonly ek: string
    readonly ratchet: string
    readonly ss: string
    readonly messages: readonly { readonly [name: string]: string }[]
  }
}

export const checkHandshake = (vector: HandshakeVector): void => {
  const { now, responder, channel: channelText, second, initiator } = vector
  const log = verifyLog(decodeAddress(responder.address), responder.log.map(fromHex))
  const [channel, envelope, own] = [fromHex(channelText), fromHex(responder.card), responder.channel]
  const card = own === undefined ? verifyCard(envelope, log, now) : verifyLiveCard(envelope, log, now, fromHex(own))
  const [ik, spk] = [importPrivateKey(fromHex(responder.ik)), importPrivateKey(fromHex(responder.spk))]
  const kem = generateKem(() => fromHex(responder.kemSeed))
  checkKem(card.card, kem.publicKey)
  const surroundings = { now, random: seededRandom('vectors') }
  const self = { log, device: card.card.device, ik }
  const accepted = expecting(vector, () =>
    respond({ self, card, spk, kem, channel, spent: new Set(vector.spent) }, fromHex(vector.hello), surroundings),
  )
  if (accepted === null) return
  assert.deepEqual(
    {
      address: encodeAddress(accepted.log.id),
      device: accepted.device,
      inc: hex(accepted.inc),
      seen: accepted.seen && hex(accepted.seen),
      first: hex(accepted.first),
      session: hex(accepted.session.id),
    },
    {
      address: vector.address,
      device: vector.device,
      inc: vector.inc,
      seen: vector.seen,
      first: vector.first,
      session: vector.session,
    },
  )
  assert.ok(second !== undefined && initiator !== undefined)
  const message = { header: fromHex(second.header), token: fromHex(second.token) }
  assert.equal(hex(decryptMessage(accepted.session, message, surroundings).plaintext), second.plaintext)
  remake(vector, initiator, { card, ikB: at(log.last.entry.devices, self.device).dh, kem: kem.publicKey, channel })
}

const hexed = (values: { readonly [name: string]: Uint8Array }) =>
  Object.fromEntries(Object.entries(values).map(([name, bytes]) => [name, hex(bytes)]))

/** Makes the hello again from the initiator's secrets: every byte of it, and every value on the way. */
const remake = (
  vector: HandshakeVector,
  initiator: NonNullable<HandshakeVector['initiator']>,
  remote: Pick<Parameters<typeof handmadeHello>[0], 'card' | 'ikB' | 'kem' | 'channel'>,
): void => {
  const { ct } = decodeCbor(fromHex(vector.hello)) as HelloFields
  const envelopes = initiator.log.map(fromHex)
  const seen = fromHex(vector.seen ?? '')
  const { hello, steps, message } = handmadeHello({
    ...remote,
    ek: importPrivateKey(fromHex(initiator.ek)),
    ratchet: importPrivateKey(fromHex(initiator.ratchet)),
    identity: { log: envelopes, device: vector.device ?? 0, inc: fromHex(vector.inc ?? ''), seen },
    idA: blake2b256(at(envelopes, 0)),
    headA: blake2b256(at(envelopes, -1)),
    se: ecdh(remote.card.card.spk, importPrivateKey(fromHex(initiator.ik))),
    ii: ecdh(remote.ikB, importPrivateKey(fromHex(initiator.ik))),
    first: fromHex(vector.first ?? ''),
    encapsulated: { sharedKey: Buffer.from(initiator.ss, 'hex'), ciphertext: Buffer.from(ct) },
  })
  assert.equal(hex(hello), vector.hello)
  const [first, second] = [vector.first, vector.second?.plaintext].map((text, n) => message(n, fromHex(text ?? '')))
  assert.ok(first !== undefined && second !== undefined)
  const messages = [first, second].map(({ on }) => hexed(on))
  const { log, ik, ek, ratchet } = initiator
  assert.deepEqual(initiator, { log, ik, ek, ratchet, ...hexed(steps), messages })
  assert.deepEqual([hex(second.header), hex(second.token)], [vector.second?.header, vector.second?.token])
  const seed = { key: fromHex(vector.responder.kemSeed), format: 'raw-seed', asymmetricKeyType: 'ml-kem-768' } as const
  assert.equal(hex(decapsulate(createPrivateKey(seed), ct)), initiator.ss)
}

type MessageText = { readonly header: string; readonly token: string }
type Step = MessageText & { readonly now: number; readonly send?: string; readonly receive?: string }

export type SessionVector = Refused & {
  readonly role?: 'initiator' | 'responder'
  readonly id?: string
  readonly rootKey?: string
  /** when the session began */
  readonly begun?: number
  readonly remote?: string
  readonly self?: string
  /** what the session was stored as, instead of how it began */
  readonly snapshot?: string
  readonly random?: readonly string[]
  readonly steps?: readonly Step[]
  readonly after?: string
  readonly now?: number
  readonly message?: MessageText
}

type ConversationVector = Trace & { readonly description: string }

const messageOf = ({ header, token }: MessageText) => ({ header: fromHex(header), token: fromHex(token) })

const beginSession = (vector: SessionVector, random: RandomBytes): Session => {
  const { role, begun: now, snapshot } = vector
  if (snapshot !== undefined) return decodeSession(fromHex(snapshot))
  assert.ok(now !== undefined)
  const [id, rootKey] = [fromHex(vector.id ?? ''), secretKey(fromHex(vector.rootKey ?? ''))]
  return role === 'initiator'
    ? initiateSession(id, rootKey, fromHex(vector.remote ?? ''), { now, random })
    : respondSession(id, rootKey, importPrivateKey(fromHex(vector.self ?? '')), now)
}

export const checkSession = (vector: SessionVector | ConversationVector): void => {
  if ('chains' in vector) checkConversation(vector)
  else checkOneSide(vector)
}

const checkOneSide = (vector: SessionVector): void => {
  const left = [...(vector.random ?? [])]
  const random: RandomBytes = (size) => {
    const bytes = fromHex(left.shift() ?? '')
    assert.equal(bytes.length, size)
    return bytes
  }
  if (vector.steps === undefined) {
    expecting(vector, () => beginSession(vector, random))
    return
  }
  let session = beginSession(vector, random)
  for (const step of vector.steps) {
    const { now, send, receive } = step
    if (send !== undefined) {
      const sent = encryptMessage(session, fromHex(send), { now, random })
      assert.deepEqual([hex(sent.message.header), hex(sent.message.token)], [step.header, step.token])
      session = sent.session
    } else {
      const opened = decryptMessage(session, messageOf(step), { now, random })
      assert.equal(hex(opened.plaintext), receive)
      session = opened.session
    }
  }
  assert.equal(left.length, 0)
  const { message, now, error, after } = vector
  if (after !== undefined) assert.equal(hex(encodeSession(session)), after)
  assert.equal(message === undefined, error === undefined)
  if (message === undefined || now === undefined) return
  const before = dumpSession(session)
  expecting(vector, () => decryptMessage(session, messageOf(message), { now, random }))
  assert.deepEqual(dumpSession(session), before)
}

/** How the vectors of each folder are held against the code. */
export const protocolChecks: { readonly [folder: string]: (vector: never) => void } = {
  ...identityChecks,
  slot: checkSlot,
  handshake: checkHandshake,
  session: checkSession,
  ...mailboxChecks,
  places: checkPlaces,
}
