import { encodeCbor } from '../../src/core/cbor.ts'
import { signEnvelope } from '../../src/core/cose.ts'
import { blake2b256 } from '../../src/core/kdf.ts'
import { LABEL_KEY_LOG } from '../../src/core/labels.ts'
import { generatePrivateKey } from '../../src/core/p256.ts'
import { replicaTargets } from '../../src/directory/replicas.ts'
import { COMMAND, decodePutAnswer, encodeMessage } from '../../src/directory/request-format.ts'
import type { Client } from '../world/client.ts'
import type { Member } from '../world/world.ts'
import type { Plot } from './attack.ts'

/**
 * Fills storage nodes with identities that nobody needs. They are properly signed: keys cost nothing. Few networks send them, with
 * many addresses each, as fast as the nodes take them.
 */

export type Flood = {
  readonly victims: readonly Member[]
  /** envelopes of first entries, each of another identity */
  readonly envelopes: readonly Uint8Array[]
  /** /24 networks of the senders, and machines in each */
  readonly networks: number
  readonly machines: number
}

export type Flooded = {
  /** PUTs that were confirmed, refused, and not answered after several tries */
  stored: number
  refused: number
  unanswered: number
}

/** A PUT that gets no answer is repeated after so many milliseconds, a node may be too busy with this network. */
const BACK_OFF_MS = 1_000
const TRIES = 3

/** Throw-away identities, all of one root key: each commits to another next one, and so is another identity. */
export const throwAway = ({ world, random }: Plot, count: number): readonly Uint8Array[] => {
  const root = generatePrivateKey((size) => random.bytes(size))
  const devices = [{ sign: root.publicKey, dh: root.publicKey }]
  const time = Math.floor(world.clock.now() / 1000)
  return Array.from({ length: count }, () => {
    const keys = { next: random.bytes(32), slot: random.bytes(32), after: random.bytes(32) }
    const entry = { v: 1, seq: 0, prev: null, root: root.publicKey, ...keys, devices, status: 'active', time }
    return signEnvelope(encodeCbor(entry), root, LABEL_KEY_LOG)
  })
}

export const flood = async (plot: Plot, { victims, envelopes, networks, machines }: Flood): Promise<Flooded> => {
  const result: Flooded = { stored: 0, refused: 0, unanswered: 0 }
  const clients = Array.from({ length: networks }, () => sendersIn(plot, machines)).flat()

  const sendAll = async (client: Client, share: number, victim: Member): Promise<void> => {
    for (let index = share; index < envelopes.length; index += clients.length) {
      const envelope = envelopes[index]
      if (envelope === undefined) return
      const id = blake2b256(envelope)
      const put = encodeMessage({ t: 'entry', id, d: envelope })
      const target = replicaTargets(id)[0] ?? id
      count(result, await send(plot, client, victim, put, target))
    }
  }
  await Promise.all(victims.flatMap((victim) => clients.map((client, share) => sendAll(client, share, victim))))
  for (const client of clients) client.close()
  return result
}

/** Machines of one /24. */
const sendersIn = ({ world }: Plot, machines: number): readonly Client[] => {
  const network = world.newHost().split('.').slice(0, 3).join('.')
  return Array.from({ length: machines }, (_, index) => world.client({ host: `${network}.${1 + index}`, port: 4000 }))
}

const send = async (
  { world }: Plot,
  client: Client,
  { address }: Member,
  put: Uint8Array,
  target: Uint8Array,
): Promise<Uint8Array | null> => {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    if (attempt > 0) await world.clock.wait(BACK_OFF_MS)
    const reply = await client.askWithToken(address, COMMAND.put, put, target, { tries: 1 })
    if (reply?.value) return Uint8Array.from(reply.value)
  }
  return null
}

const count = (result: Flooded, answer: Uint8Array | null): void => {
  if (answer === null) result.unanswered += 1
  else if (decodePutAnswer(answer).refused === null) result.stored += 1
  else result.refused += 1
}
