import { equal, hex, utf8 } from '../../src/core/bytes.ts'
import { sha256 } from '../../src/core/kdf.ts'
import type { Directory } from '../../src/directory/client/directory.ts'
import { createOwnDirectory } from '../../src/directory/client/own-directory.ts'
import { distanceOf } from '../../src/directory/distance.ts'
import { limitNetworks } from '../../src/directory/ip-networks.ts'
import { NETWORK_NODES } from '../../src/directory/limits.ts'
import {
  type DhtAnswer,
  type DirectoryNetwork,
  type NodeAddress,
  type Nodes,
  nameOf,
} from '../../src/directory/network-port.ts'
import { createStorage, type Storage } from '../../src/directory/node/storage.ts'
import { makeBytes, NOW } from '../core/identities.ts'
import { createIdleClock, type IdleClock } from './client/idle-clock.ts'

/** A DirectoryNetwork without sockets: storage nodes that anyone may replace by liars. Time passes only while all wait. */

/** What one node answers: bytes, null for "no answer", or a promise that may never come. */
export type Behaviour = (request: {
  readonly command: number
  readonly value: Uint8Array
  /** what the node's own storage would answer to this, or to another value */
  readonly honest: (other?: Uint8Array) => Uint8Array | null
}) => Uint8Array | null | Promise<Uint8Array | null>

export type MemoryNode = {
  readonly address: NodeAddress
  storage: Storage
  /** replaces the honest answer */
  behaviour: Behaviour | null
  /** changes the rest of an answer: nodes it names, token and id, or that there is a value */
  manner: ((answer: DhtAnswer, target: Uint8Array) => DhtAnswer) | null
  /** requests it got since the network began, by command */
  readonly asked: Map<number, number>
}

export type MemoryNetwork = {
  readonly network: DirectoryNetwork
  readonly directory: Directory
  readonly nodes: readonly MemoryNode[]
  /** seconds; the clock of every node */
  now: number
  /** Has all nodes lose what they keep, but for the first `keeping` of them. */
  forget(keeping: number): void
}

export type MemoryOptions = {
  readonly capacity?: number | undefined
  /** default: each in a private network of its own kind, where nodes of one /24 are not counted together */
  readonly addressOf?: ((index: number) => NodeAddress) | undefined
  readonly clock?: IdleClock | undefined
}

/** Nodes that one names, and that a walk begins with, as in HyperDHT. */
const CLOSEST_MAX = 20

export const idOf = (node: NodeAddress): Uint8Array => sha256(utf8(nameOf(node)))

export const tokenOf = (node: NodeAddress): Uint8Array => sha256(utf8(`token of ${nameOf(node)}`))

/** Resolves with null as soon as `signal` aborts. */
export const orAbort = async <T>(work: Promise<T | null>, signal: AbortSignal): Promise<T | null> => {
  if (signal.aborted) return null
  const { promise, resolve } = Promise.withResolvers<null>()
  const stop = (): void => resolve(null)
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** Where the nodes of a network in memory are, whichever directory is over them. */
export type Topology = {
  readonly nodes: Nodes
  /** the nodes closest to a target */
  closest(target: Uint8Array): readonly NodeAddress[]
  /** Something happens: time does not pass. */
  stir(): void
}

export const createTopology = (addresses: readonly NodeAddress[], clock: IdleClock = createIdleClock()): Topology => {
  const ids = addresses.map((address) => ({ address, id: idOf(address) }))
  let randoms = 0

  /** All nodes, nearest first, by target: every answer names some. */
  const sorted = new Map<string, readonly NodeAddress[]>()
  const closest = (target: Uint8Array, count = CLOSEST_MAX): readonly NodeAddress[] => {
    const known = sorted.get(hex(target))
    const all =
      known ??
      ids
        .map(({ address, id }) => ({ address, distance: hex(distanceOf(id, target)) }))
        .sort((a, b) => (a.distance < b.distance ? -1 : 1))
        .map(({ address }) => address)
    sorted.set(hex(target), all)
    return all.slice(0, count)
  }

  const nodes: Nodes = {
    seeds: async (target) => limitNetworks(closest(target, 3 * CLOSEST_MAX), NETWORK_NODES).slice(0, CLOSEST_MAX),
    idOf,
    size: () => addresses.length,
    perNetwork: NETWORK_NODES,
    clock,
    random: (length) => makeBytes(`random ${randoms++}`, length),
  }
  return { nodes, closest, stir: clock.stir }
}

export const createMemoryNetwork = (
  size: number,
  {
    capacity,
    clock,
    addressOf = (index) => ({ host: `10.0.${index >> 8}.${index & 255}`, port: 49737 }),
  }: MemoryOptions = {},
): MemoryNetwork => {
  const nodes = Array.from(
    { length: size },
    (_, index): MemoryNode => ({
      address: addressOf(index),
      storage: createStorage(capacity === undefined ? {} : { capacity }),
      ...{ behaviour: null, manner: null },
      asked: new Map(),
    }),
  )
  const byName = new Map(nodes.map((node) => [nameOf(node.address), node]))
  const seconds = { now: NOW }
  const {
    nodes: shared,
    closest,
    stir,
  } = createTopology(
    nodes.map(({ address }) => address),
    clock,
  )

  const network: DirectoryNetwork = {
    ...shared,
    request: async (address, { target, command, value, token, signal }) => {
      const node = byName.get(nameOf(address))
      if (signal.aborted) return null
      if (node === undefined) return orAbort(new Promise<null>(() => {}), signal)
      stir()
      node.asked.set(command, (node.asked.get(command) ?? 0) + 1)
      // A wrong token is refused with a right one.
      const isWrong = token !== undefined && !equal(token, tokenOf(address))
      const honest = (other: Uint8Array = value): Uint8Array | null =>
        node.storage.handle(command, other, { now: seconds.now, proven: token !== undefined })
      const said = isWrong ? null : (node.behaviour?.({ command, value, honest }) ?? null)
      const answer = node.behaviour === null && !isWrong ? honest() : await orAbort(Promise.resolve(said), signal)
      stir()
      if (answer === null && !isWrong) return null
      const closer = closest(target).filter((one) => nameOf(one) !== nameOf(address))
      const whole = { value: answer, closer, token: tokenOf(address), id: idOf(address) }
      return node.manner === null ? whole : node.manner(whole, target)
    },
  }
  const forget = (keeping: number): void => {
    for (const node of nodes.slice(keeping)) node.storage = createStorage(capacity === undefined ? {} : { capacity })
  }
  return Object.assign(seconds, { network, directory: createOwnDirectory(network), nodes, forget })
}

/** Behaviours of nodes that fail or lie. */
export const silent: Behaviour = () => null

/** Never answers; only time ends the waiting. */
export const hanging: Behaviour = () => new Promise(() => {})

export const saying =
  (value: Uint8Array): Behaviour =>
  () =>
    value
