import { randomBytes } from 'node:crypto'
import { isIPv4 } from 'node:net'
import HyperDHT, { type Reply, type Session } from 'hyperdht'
import { REPLICA_NODES } from '../core/limits/record-limits.ts'
import { sizeFrom } from '../directory/density.ts'
import { compareDistances, distanceOf } from '../directory/distance.ts'
import { limitNetworks } from '../directory/ip-networks.ts'
import { NETWORK_NODES } from '../directory/limits.ts'
import { type Clock, type NodeAddress, type Nodes, systemClock } from '../directory/network-port.ts'

/** What both directories need of a HyperDHT node: whom it knows, and single requests, which dht-rpc repeats three times, a second apart. */

export type Requesting = {
  /** nodes of one public /24 network that may be among the closest; Infinity where all nodes are one's own. Default: 2 */
  readonly perNetwork?: number | undefined
  readonly clock?: Clock | undefined
}

/** @param current the node; null while there is none */
export const dhtNodes = (
  current: () => HyperDHT | null,
  { perNetwork = NETWORK_NODES, clock = systemClock }: Requesting = {},
): Nodes => ({
  seeds: (target) => seeds(current(), target, perNetwork),
  idOf,
  size: () => size(current()),
  perNetwork,
  clock,
  random: randomBytes,
})

/** As dht-rpc computes it: the BLAKE2b-256 hash of address and port, the port little-endian. */
const idOf = ({ host, port }: NodeAddress): Uint8Array =>
  Uint8Array.from(HyperDHT.hash(Uint8Array.of(...host.split('.').map(Number), port & 255, port >> 8)))

const addressOf = ({ host, port }: NodeAddress): NodeAddress => ({ host, port })

/** Of so many, 20 are taken: whoever fills the routing table with ports of one address is not all a walk begins with. */
const SEEDS_FROM = 3 * REPLICA_NODES

const seeds = async (dht: HyperDHT | null, target: Uint8Array, perNetwork: number): Promise<readonly NodeAddress[]> => {
  if (dht === null || dht.destroyed) return []
  const near = dht.table.closest(Buffer.from(target), SEEDS_FROM).map(addressOf)
  const known = limitNetworks(near, perNetwork).slice(0, REPLICA_NODES)
  const entrances = await Promise.all(
    dht.bootstrapNodes.map(async ({ host, port }) => {
      if (isIPv4(host)) return [{ host, port }]
      const found = await dht.udx.lookup(host, { family: 4 }).catch(() => null)
      return found === null ? [] : [{ host: found.host, port }]
    }),
  )
  return [...known, ...entrances.flat()]
}

const size = (dht: HyperDHT | null): number | null => {
  if (dht === null) return null
  const { id } = dht.table
  const neighbours = dht.table.closest(id, REPLICA_NODES)
  return sizeFrom(neighbours.map((node) => distanceOf(node.id, id)).sort(compareDistances))
}

/** A reply in plain bytes, of which this node is told all but itself. */
export type PlainReply = {
  readonly error: number
  readonly value: Uint8Array | null
  readonly closer: readonly NodeAddress[]
  readonly token: Uint8Array | null
  readonly id: Uint8Array | null
}

/** Sends one request that ends with the signal. @returns null for silence, an abort and a closed node: all one thing to the directory */
export const askNode = async (
  dht: HyperDHT | null,
  signal: AbortSignal,
  send: (dht: HyperDHT, session: Session) => Promise<Reply>,
): Promise<PlainReply | null> => {
  if (signal.aborted || dht === null || dht.destroyed) return null
  const session = dht.session()
  const stop = (): void => session.destroy()
  signal.addEventListener('abort', stop, { once: true })
  try {
    const { error, value, closerNodes, token, from } = await send(dht, session)
    const own = dht.table.id
    return {
      error,
      value: value === null ? null : Uint8Array.from(value),
      closer: (closerNodes ?? []).map(addressOf).filter((closer) => !own.equals(idOf(closer))),
      token: token === null ? null : Uint8Array.from(token),
      id: from.id === null ? null : Uint8Array.from(from.id),
    }
  } catch {
    return null
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
