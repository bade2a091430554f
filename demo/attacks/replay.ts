/** Mallory replays to Bob what Alice sent him before, on streams of her own. */

import { openChannel } from '../../src/connection/channel.ts'
import { decodeFrame, encodeFrame, type Frame, WIRE_VERSION } from '../../src/connection/frames.ts'
import { initiateLive } from '../../src/connection/live-handshake.ts'
import { hex } from '../../src/core/bytes.ts'
import { sha256 } from '../../src/core/kdf.ts'
import { systemWorld } from '../../src/identity/system-world.ts'
import type { FrameStream } from '../../src/network/frame-stream.ts'
import { firstOf } from '../capture.ts'
import type { Overheard } from '../wiretap.ts'
import type { Hand } from './hand.ts'

export type Replay = {
  /** the card Alice's hello was made for, and the one Bob gave Mallory; hashes in hex */
  readonly cards: { readonly then: string; readonly now: string }
  /** the code of the error frame Bob answered with */
  readonly answer: string
}

const next = async (frames: AsyncIterator<Uint8Array>): Promise<Frame | null> => {
  const { value, done } = await frames.next()
  return done === true ? null : decodeFrame(value)
}

/** Bob's refusal: his next error frame. */
const refusal = async (frames: AsyncIterator<Uint8Array>): Promise<string> => {
  for (;;) {
    const frame = await next(frames)
    if (frame === null) return 'no answer'
    if (frame.t === 'error') return frame.code
  }
}

/** Opens a stream of her own to Bob, is given a live card as anybody is, and sends an old frame in answer. */
const replayToNewCard = async (hand: Hand, then: string, frame: Frame): Promise<Replay> => {
  const stream = await hand.transport.connect(hand.bob.card.card.transport)
  try {
    const frames = stream.receive()
    await stream.send(encodeFrame({ t: 'open', v: WIRE_VERSION, id: hand.bob.log.id, head: null }))
    const card = await next(frames)
    if (card?.t !== 'card') throw new Error('Bob gave no card')
    await stream.send(encodeFrame(frame))
    return { cards: { then, now: hex(sha256(card.card)) }, answer: await refusal(frames) }
  } finally {
    await stream.close()
  }
}

const cardOf = (overheard: readonly Overheard[]): string => hex(sha256(firstOf(overheard, 'card').card))

export const replayHello = (hand: Hand, overheard: readonly Overheard[]): Promise<Replay> =>
  replayToNewCard(hand, cardOf(overheard), firstOf(overheard, 'hello'))

/** Skips the hello: the first message of the session, as if it belonged to the new stream. */
export const replayMessage = (hand: Hand, overheard: readonly Overheard[]): Promise<Replay> =>
  replayToNewCard(hand, cardOf(overheard), firstSent(overheard))

/** Meets Bob properly, as herself, and sends Alice's message inside her own session. Resolves with Bob's refusal. */
export const replayInside = async (hand: Hand, overheard: readonly Overheard[]): Promise<string> => {
  const stream = await hand.transport.connect(hand.bob.card.card.transport)
  const answers: Uint8Array[] = []
  try {
    const channel = openChannel(tee(stream, answers))
    const identity = { ...hand.identity, inc: systemWorld.random(16) }
    await initiateLive(channel, { identity, known: hand.bob.log, floor: null, world: systemWorld })
    await channel.send(firstSent(overheard))
    // Bob's refusal ends the channel with ERR_REMOTE; its frame says why.
    for (;;) if ((await channel.next().catch(() => null)) === null) break
    const last = answers.at(-1)
    const frame = last === undefined ? null : decodeFrame(last)
    return frame?.t === 'error' ? frame.code : 'no answer'
  } finally {
    await stream.close()
  }
}

/** Alice's first message after the handshake's own: what she sent as `msg`. */
const firstSent = (overheard: readonly Overheard[]): Frame => {
  const sent = overheard.filter(({ outgoing }) => outgoing)
  return firstOf(sent, 'msg')
}

const tee = (stream: FrameStream, seen: Uint8Array[]): FrameStream => {
  async function* receive(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const frame of stream.receive()) {
      seen.push(frame)
      yield frame
    }
  }
  return { ...stream, receive }
}
