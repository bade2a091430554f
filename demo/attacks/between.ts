/**
 * Mallory stands between the two streams: Alice's transport was made to dial her, and she dials Bob. Both streams are
 * encrypted, and both end at her.
 */

import { type CardFrame, decodeFrame, encodeFrame } from '../../src/connection/frames.ts'
import { signLiveCard } from '../../src/core/card.ts'
import { systemWorld } from '../../src/identity/system-world.ts'
import type { FrameStream } from '../../src/network/frame-stream.ts'
import { countKinds } from '../capture.ts'
import { withSignatureOf } from './forgeries.ts'
import type { Hand } from './hand.ts'

/** What she does to the card that Bob sends. */
export type Tampering = 'unchanged' | 'prekeys-under-his-signature' | 'prekeys-signed-by-her' | 'own-identity'

/** Bytes that came to her, and frames of each type from either side. */
export type Relayed = {
  readonly bytes: number
  readonly fromAlice: Readonly<Record<string, number>>
  readonly fromBob: Readonly<Record<string, number>>
}

export type Relay = {
  /** the transport key Alice must be made to dial */
  readonly key: Uint8Array
  /** Relays the next stream that comes, tampering with it; resolves once both sides are gone. */
  relayOne(tampering: Tampering): Promise<Relayed>
}

export const startRelay = async (hand: Hand): Promise<Relay> => {
  const incoming = await hand.transport.listen()
  return {
    key: hand.transport.publicKey,
    relayOne: async (tampering) => {
      const { value: alice, done } = await incoming.next()
      if (done === true) throw new Error('Mallory no longer listens')
      const bob = await hand.transport.connect(hand.bob.card.card.transport)
      const fromAlice: Uint8Array[] = []
      const fromBob: Uint8Array[] = []
      await Promise.all([
        pump(alice, bob, fromAlice, (frame) => frame),
        pump(bob, alice, fromBob, (frame) => tamper(hand, tampering, alice, frame)),
      ])
      const bytes = [...fromAlice, ...fromBob].reduce((sum, frame) => sum + frame.length, 0)
      return { bytes, fromAlice: countKinds(fromAlice), fromBob: countKinds(fromBob) }
    },
  }
}

const pump = async (
  from: FrameStream,
  to: FrameStream,
  seen: Uint8Array[],
  change: (frame: Uint8Array) => Uint8Array,
): Promise<void> => {
  try {
    for await (const frame of from.receive()) {
      seen.push(frame)
      await to.send(change(frame))
    }
  } catch {
    // One side hung up: so does the other.
  }
  await to.close()
}

const tamper = (hand: Hand, tampering: Tampering, alice: FrameStream, frame: Uint8Array): Uint8Array => {
  const card = decodeFrame(frame)
  if (card?.t !== 'card' || tampering === 'unchanged') return frame
  return encodeFrame(tamperings[tampering](hand, alice.handshakeHash, card))
}

/** Her answers in place of Bob's card. All carry the hash of Alice's own stream, so that only a signature stands in her way. */
const tamperings = {
  'prekeys-under-his-signature': (hand: Hand, channel: Uint8Array, card: CardFrame): CardFrame => ({
    ...card,
    card: withSignatureOf(card.card, liveCard(hand, hand.bob.log, channel)),
    kem: hand.kem.publicKey,
  }),
  'prekeys-signed-by-her': (hand: Hand, channel: Uint8Array, card: CardFrame): CardFrame => ({
    ...card,
    card: liveCard(hand, hand.bob.log, channel),
    kem: hand.kem.publicKey,
  }),
  'own-identity': (hand: Hand, channel: Uint8Array, card: CardFrame): CardFrame => ({
    ...card,
    log: hand.identity.log.entries.map(({ envelope }) => envelope),
    card: liveCard(hand, hand.identity.log, channel),
    kem: hand.kem.publicKey,
  }),
}

const liveCard = (hand: Hand, log: Hand['bob']['log'], channel: Uint8Array): Uint8Array => {
  const { identity, spk, kem, transport } = hand
  const content = {
    device: 0,
    now: systemWorld.clock(),
    inc: systemWorld.random(16),
    spk: spk.publicKey,
    kem: kem.publicKey,
  }
  return signLiveCard(log, identity.sign, { ...content, transport: transport.publicKey }, channel).envelope
}
