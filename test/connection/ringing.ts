import { type Channel, openChannel } from '../../src/connection/channel.ts'
import { type Initiating, initiateLive, type Met } from '../../src/connection/live-handshake.ts'
import { signLiveCard } from '../../src/core/card.ts'
import type { Identity } from '../../src/core/identity.ts'
import type { KeyLog } from '../../src/core/key-log.ts'
import { CARD_AGE } from '../../src/core/limits/protocol-limits.ts'
import { makeBytes, makePrekeys, NOW } from '../core/identities.ts'
import { createPair, type MemoryPair } from './memory-transport.ts'
import { alice, bob, codeOf, dialing } from './sides.ts'

/** Alice dials Bob over a stream in memory; the test answers, with his card or something like it. */

type Ringing = {
  readonly pair: MemoryPair
  /** the responder's end, which has received `open` */
  readonly far: Channel
  readonly outcome: Promise<unknown>
  readonly met: Promise<Met>
}

export const ring = async (changed: Partial<Initiating> = {}, near: Identity = alice): Promise<Ringing> => {
  const pair = createPair()
  const channel = openChannel(pair.near)
  const met = initiateLive(channel, dialing(near, bob, changed))
  const outcome = codeOf(
    met.catch(async (error) => {
      await channel.refuse(error)
      throw error
    }),
  )
  const far = openChannel(pair.far)
  await far.expect('open', 1_000)
  return { pair, far, outcome, met }
}

type Served = {
  log: KeyLog
  sign: Identity['sign']
  now: number
  age: number
  hash: Uint8Array
  envelopes: readonly Uint8Array[]
}

/** Those of the card Bob serves. */
export const prekeys = makePrekeys('served')

/** Bob's card frame, or something like it. */
export const served = (far: Channel, changed: Partial<Served> = {}) => {
  const {
    log = bob.log,
    sign = bob.sign,
    now = NOW,
    age = CARD_AGE,
    hash = far.stream.handshakeHash,
    envelopes = [],
  } = changed
  const content = {
    device: 0,
    now: now * 1000,
    inc: makeBytes('far/inc', 16),
    spk: prekeys.spk.publicKey,
    kem: prekeys.kem.publicKey,
    transport: makeBytes('far', 32),
    age,
  }
  return {
    t: 'card',
    log: envelopes,
    card: signLiveCard(log, sign, content, hash).envelope,
    kem: prekeys.kem.publicKey,
  }
}
