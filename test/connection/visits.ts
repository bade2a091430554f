import { type Channel, openChannel } from '../../src/connection/channel.ts'
import { WIRE_VERSION } from '../../src/connection/frames.ts'
import { type Answering, answerLive, type Met } from '../../src/connection/live-handshake.ts'
import { verifyLiveCard } from '../../src/core/card.ts'
import { encodeCbor } from '../../src/core/cbor.ts'
import { initiate } from '../../src/core/handshake.ts'
import type { Identity } from '../../src/core/identity.ts'
import { verifyLog } from '../../src/core/key-log.ts'
import type { Session } from '../../src/core/session/session.ts'
import { makeBytes, NOW } from '../core/identities.ts'
import { seededRandom } from '../core/test-bytes.ts'
import { createPair } from './memory-transport.ts'
import { answering, bob, codeOf, mallory, send } from './sides.ts'

/** Whoever comes to Bob over a stream in memory, with a hello that the test may change. */

type Visit = { readonly near: Channel; readonly met: Promise<Met>; readonly outcome: Promise<unknown> }

export const visit = (identity: Identity = bob, changed: Partial<Answering> = {}): Visit => {
  const pair = createPair()
  const channel = openChannel(pair.far)
  const met = answerLive(channel, answering(identity, changed))
  const outcome = codeOf(
    met.catch(async (error) => {
      await channel.refuse(error)
      throw error
    }),
  )
  return { near: openChannel(pair.near), met, outcome }
}

/** The frame that opens a handshake with Bob, whose log is not known yet. */
export const open = { t: 'open', v: WIRE_VERSION, id: bob.log.id, head: null }

/** Opens, and makes the hello that `near`'s card calls for; what comes of it is for the test to send. */
export const prepare = async (
  near: Channel,
  self: Identity = mallory,
  first: Uint8Array = encodeCbor({ k: 'confirm' }),
): Promise<{ hello: Uint8Array; session: Session }> => {
  await send(near, open)
  const frame = await near.expect('card', 1_000)
  const log = verifyLog(bob.log.id, frame.log)
  const channel = near.stream.handshakeHash
  const card = verifyLiveCard(frame.card, log, NOW, channel)
  const remote = { log, card, kem: frame.kem }
  return initiate(
    { self, inc: makeBytes('inc', 16), remote, channel, seen: null, first },
    { now: NOW, random: seededRandom('mallory') },
  )
}
