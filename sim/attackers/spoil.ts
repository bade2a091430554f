/** What the thief of a device does to its slot, and strangers to the caches of stock nodes: both by HyperDHT's own commands. */

import { placeOfSlot } from '../../src/core/epoch-keys.ts'
import { blake2b256 } from '../../src/core/kdf.ts'
import { signMutable } from '../../src/core/mutable-value.ts'
import { encodeMutablePut } from '../../src/directory/stock/stock-format.ts'
import { newest, type Person } from '../people.ts'
import { type Address, nameOf } from '../world/network.ts'
import { decodeReply, encodeRequest, type WireReply } from '../world/wire.ts'
import type { Member, World } from '../world/world.ts'
import { nearestHonest, type Plot } from './attack.ts'

const COMMAND = { mutablePut: 6, immutablePut: 8, immutableGet: 9 } as const
const WAIT_MS = 1_000
const TRIES = 4
/** Tokens hold for 7.5 s at least. */
const TOKEN_MS = 6_000

/** Somebody with a socket of his own who puts values at nodes. */
type Putter = {
  /** Whether the node took it. */
  put(to: Address, command: number, target: Uint8Array, value: Uint8Array): Promise<boolean>
  close(): void
}

const createPutter = ({ clock, network, newHost }: World): Putter => {
  const address = { host: newHost(), port: 4000 }
  const waiting = new Map<number, (reply: WireReply) => void>()
  const tokens = new Map<string, { readonly token: Uint8Array; readonly until: number }>()
  let tid = 0
  network.bind(address, (data) => {
    const reply = decodeReply(data)
    if (reply !== null) waiting.get(reply.tid)?.(reply)
  })

  const ask = async (to: Address, request: Omit<Parameters<typeof encodeRequest>[0], 'tid' | 'to' | 'internal'>) => {
    for (let tries = 0; tries < TRIES; tries++) {
      tid = (tid + 1) & 0xffff
      const { promise, resolve } = Promise.withResolvers<WireReply | null>()
      const timer = clock.after(WAIT_MS, () => resolve(null))
      const number = tid
      waiting.set(number, resolve)
      network.send({ from: address, to, data: encodeRequest({ ...request, tid, to, internal: false }) })
      const reply = await promise
      waiting.delete(number)
      clock.cancel(timer)
      if (reply !== null) return reply
    }
    return null
  }

  const tokenFor = async (to: Address): Promise<Uint8Array | null> => {
    const known = tokens.get(nameOf(to))
    if (known !== undefined && known.until > clock.now()) return known.token
    const reply = await ask(to, { command: COMMAND.immutableGet, target: new Uint8Array(32), value: null })
    if (!reply?.token) return null
    tokens.set(nameOf(to), { token: reply.token, until: clock.now() + TOKEN_MS })
    return reply.token
  }

  return {
    put: async (to, command, target, value) => {
      const token = await tokenFor(to)
      const reply = token === null ? null : await ask(to, { command, target, value, token })
      return reply !== null && reply.error === 0
    },
    close: () => network.unbind(address),
  }
}

/** Nodes around a slot that a thief writes to: more than keep it. */
const SPOILED_NODES = 40

/** The thief of a device writes noise into its slot, over the card that is there. @returns nodes that took it */
export const spoilSlot = async (plot: Plot, person: Person, epoch: number): Promise<number> => {
  const { world, random } = plot
  const key = world.truth.slotKeys(person)[epoch]
  if (key === undefined) throw new Error('nobody has that key')
  const value = signMutable(key, newest(person).slot.seq + 1_000, random.bytes(60))
  const putter = createPutter(world)
  const target = placeOfSlot(key.publicKey)
  const nodes = nearestHonest(plot, target, SPOILED_NODES)
  const took = await Promise.all(
    nodes.map(({ address }) => putter.put(address, COMMAND.mutablePut, target, encodeMutablePut(value))),
  )
  putter.close()
  return took.filter(Boolean).length
}

/** Puts so many values that nobody needs at one node, one after the other from each of some machines. */
export const floodCache = async (
  { world, random }: Plot,
  victim: Member,
  { values, machines }: { readonly values: number; readonly machines: number },
): Promise<number> => {
  const putters = Array.from({ length: machines }, () => createPutter(world))
  let left = values
  let took = 0
  const fill = async ({ put }: Putter): Promise<void> => {
    while (left > 0) {
      left -= 1
      const value = random.bytes(16)
      if (await put(victim.address, COMMAND.immutablePut, blake2b256(value), value)) took += 1
    }
  }
  await Promise.all(putters.map(fill))
  for (const { close } of putters) close()
  return took
}
