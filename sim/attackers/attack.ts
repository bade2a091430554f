/** What attackers have in common: they are real nodes that joined like everybody, and then answer as they please. */

import type { Statement } from '../people.ts'
import type { Address } from '../world/network.ts'
import type { Random } from '../world/random.ts'
import {
  type DirectoryRequest,
  decodeRequest,
  directoryRequest,
  encodeReply,
  nodeId,
  type WireRequest,
} from '../world/wire.ts'
import type { Member, World } from '../world/world.ts'

/** All that the conspirators know: everything that was ever said, and one another. */
export type Plot = {
  readonly world: World
  readonly random: Random
  /** the storage nodes they run */
  readonly attackers: readonly Member[]
}

export type Attack = {
  readonly name: string
  /** One line: what its nodes do. */
  readonly summary: string
  /** Gives one storage node its orders. */
  subvert?(member: Member, plot: Plot): void
  /** What they do on their own, once the victims' updates are published. */
  strike?(plot: Plot): Promise<void>
}

/** A request of the directory as it reaches an attacker's node. */
export type Ask = {
  readonly request: WireRequest
  readonly question: DirectoryRequest
  readonly from: Address
}

/** An answer, or none. */
export type Order = { readonly value: Uint8Array | null; readonly closerNodes?: readonly Address[] } | 'silence'

/**
 * From now on `decide` answers what the directory asks this node. Everything else it answers as before, or it would fall out of the
 * routing tables.
 */
export const giveOrders = (member: Member, { world, random }: Plot, decide: (ask: Ask) => Order): void => {
  const { machine, address, node } = member
  const id = nodeId(address)
  const token = random.bytes(32)
  machine.intercept = (data, from, at) => {
    const request = decodeRequest(data)
    const question = request === null ? null : directoryRequest(request)
    if (request === null || question === null) return false
    const order = decide({ request, question, from })
    if (order === 'silence') return true
    const { value, closerNodes = request.target === null ? [] : node.dht.table.closest(Buffer.from(request.target)) } =
      order
    const reply = encodeReply({ tid: request.tid, to: from, id, token, closerNodes, error: 0, value })
    world.network.send({ from: at, to: from, data: reply })
    return true
  }
  member.honest = false
}

/** The statement a lying node shows of an identity: the first one, that was superseded since; null for nobody it knows. */
export const firstStatement = ({ world }: Plot, id: Uint8Array): Statement | null =>
  world.truth.people.find((person) => Buffer.compare(person.id, id) === 0)?.statements[0] ?? null

/** The `count` honest nodes nearest to a target, the nearest first. */
export const nearestHonest = ({ world }: Plot, target: Uint8Array, count: number): readonly Member[] =>
  nearest(target, world.honest(), ({ address }) => nodeId(address), count)

/** The `count` items nearest to a target, the nearest first. */
export const nearest = <T>(
  target: Uint8Array,
  items: readonly T[],
  idOf: (item: T) => Uint8Array,
  count: number,
): T[] => {
  const distances = items.map((item) => ({ item, distance: distanceTo(target, idOf(item)) }))
  distances.sort((a, b) => Buffer.compare(a.distance, b.distance))
  return distances.slice(0, count).map(({ item }) => item)
}

const distanceTo = (target: Uint8Array, id: Uint8Array): Uint8Array =>
  id.map((byte, index) => byte ^ (target[index] ?? 0))
