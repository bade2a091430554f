import { hex, type RandomBytes, utf8 } from '../../src/core/bytes.ts'
import { type Accepted, type Initiation, initiate, type Response, respond } from '../../src/core/handshake.ts'
import { secretKey } from '../../src/core/kdf.ts'
import { exportKem } from '../../src/core/kem.ts'
import { exportPrivateKey } from '../../src/core/p256.ts'
import type { ChainKey } from '../../src/core/session/chain-key.ts'
import {
  decryptMessage,
  encryptMessage,
  initiateSession,
  type Message,
  respondSession,
  type Session,
} from '../../src/core/session/session.ts'
import { encodeSession } from '../../src/core/session/snapshot.ts'
import { ecdh, type Handmade } from './handmade-hello.ts'
import {
  at,
  envelopesOf,
  grown,
  type Identity,
  makeBytes,
  makeIdentity,
  makeKey,
  makePrekeys,
  NOW,
  type Prekeys,
  presentCard,
  publishCard,
} from './identities.ts'
import { seededRandom } from './test-bytes.ts'

/** Builders of handshakes and sessions, and what looks inside them. */

/** Two identities before their handshake: what Alice knows, what Bob holds, and what a handmade hello is made of. */
export type Meeting = {
  readonly alice: Identity
  readonly bob: Identity
  readonly prekeys: Prekeys
  readonly initiation: Initiation
  readonly response: Response
  readonly handmade: Handmade
}

export const makeMeeting = (name: string, { live = true } = {}): Meeting => {
  const [alice, bob] = [grown(makeIdentity('alice')), grown(makeIdentity('bob'))]
  const prekeys = makePrekeys(name)
  const channel = live ? makeBytes(`${name}/channel`, 64) : new Uint8Array(0)
  const card = live ? presentCard(bob, prekeys, channel) : publishCard(bob, prekeys)
  const [ikA, ikB] = [at(alice.devices, 0).ik, at(bob.devices, 0).ik]
  const [kem, first] = [prekeys.kem.publicKey, utf8('hello')]
  const seen = bob.log.last.hash
  const inc = makeBytes('alice/inc', 16)
  return {
    alice,
    bob,
    prekeys,
    initiation: {
      self: { log: alice.log, device: 0, ik: ikA },
      inc,
      remote: { log: bob.log, card, kem },
      channel,
      seen,
      first,
    },
    response: { self: { log: bob.log, device: 0, ik: ikB }, card, ...prekeys, channel },
    handmade: {
      card,
      ikB: ikB.publicKey,
      kem,
      channel,
      ek: makeKey(`${name}/ek`),
      ratchet: makeKey(`${name}/ratchet`),
      identity: { log: envelopesOf(alice.log), device: 0, inc, seen },
      idA: alice.log.id,
      headA: alice.log.last.hash,
      se: ecdh(prekeys.spk.publicKey, ikA),
      ii: ecdh(ikB.publicKey, ikA),
      first,
    },
  }
}

export const surroundings = (name: string, now: number = NOW) => ({ now, random: seededRandom(name) })

/** A whole handshake: Alice's session after her hello, Bob's after he opened it. */
export const shakeHands = (
  { initiation, response }: Meeting,
  name: string,
): { readonly hello: Uint8Array; readonly alice: Session; readonly h1: Uint8Array; readonly bob: Accepted } => {
  const { hello, session, h1 } = initiate(initiation, surroundings(`${name}/alice`))
  return { hello, alice: session, h1, bob: respond(response, hello, surroundings(`${name}/bob`)) }
}

/** One side of a conversation: its session moves on with every message. */
export type Side = {
  session: Session
  readonly send: (text: string, now?: number) => Message
  readonly receive: (message: Message, now?: number) => string
}

export const makeSide = (session: Session, random: RandomBytes): Side => {
  const side: Side = {
    session,
    send: (text, now = NOW) => {
      const sent = encryptMessage(side.session, utf8(text), { now, random })
      side.session = sent.session
      return sent.message
    },
    receive: (message, now = NOW) => {
      const opened = decryptMessage(side.session, message, { now, random })
      side.session = opened.session
      return Buffer.from(opened.plaintext).toString()
    },
  }
  return side
}

/** Two sides over a root key both know, without a handshake. Alice initiated; Bob has received nothing yet. */
export const makeSides = (name: string): { readonly alice: Side; readonly bob: Side } => {
  const [id, spk] = [makeBytes(`${name}/id`, 16), makeKey(`${name}/spk`)]
  const rootKey = () => secretKey(makeBytes(`${name}/rk`, 32))
  const random = seededRandom(`${name}/alice`)
  return {
    alice: makeSide(initiateSession(id, rootKey(), spk.publicKey, { now: NOW, random }), random),
    bob: makeSide(respondSession(id, rootKey(), spk, NOW), seededRandom(`${name}/bob`)),
  }
}

/** Two sides of which both can send. */
export const makeTalkingSides = (name: string): { readonly alice: Side; readonly bob: Side } => {
  const sides = makeSides(name)
  sides.bob.receive(sides.alice.send('first'))
  sides.alice.receive(sides.bob.send('second'))
  return sides
}

const hexOf = (bytes: Uint8Array | null): string | null => (bytes === null ? null : hex(bytes))

const dumpChain = (chain: ChainKey | null) => (chain === null ? null : [hex(chain.key.export()), chain.index])

/** Every byte of a session, secrets too, as text: what must be equal when nothing may have changed. */
export const dumpSession = ({ sending, receiving, ...session }: Session): object => ({
  id: hex(session.id),
  rootKey: hex(session.rootKey.export()),
  self: [exportPrivateKey(session.self), session.self.publicKey].map(hex),
  remote: hexOf(session.remote),
  sending: [dumpChain(sending), sending?.offer ? hex(exportKem(sending.offer)) : null, hexOf(sending?.answer ?? null)],
  receiving: [dumpChain(receiving), hexOf(receiving?.kemParts ?? null)],
  previous: session.previous,
  skipped: [...session.skipped].map(([name, { key, time }]) => [name, hex(key.export()), time]),
  kemClock: session.kemClock,
  snapshot: hex(encodeSession({ ...session, sending, receiving })),
})
