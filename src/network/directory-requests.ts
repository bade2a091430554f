import { randomBytes } from 'node:crypto'
import { isIPv4 } from 'node:net'
import HyperDHT from 'hyperdht'
import type Plugin from 'hyperdht/lib/plugin.js'
import { REPLICA_NODES } from '../core/limits/record-limits.ts'
import { sizeFrom } from '../directory/density.ts'
import { compareDistances, distanceOf } from '../directory/distance.ts'
import { limitNetworks } from '../directory/ip-networks.ts'
import { NETWORK_NODES } from '../directory/limits.ts'
import {
  type Clock,
  type DhtAnswer,
  type DhtRequest,
  type DirectoryNetwork,
  type NodeAddress,
  systemClock,
} from '../directory/network-port.ts'

/** The requesting half of the plugin: single requests over dht-rpc, which repeats each three times, a second apart. */

export type Requesting = {
  /** nodes of one public /24 network that may be among the closest; Infinity where all nodes are one's own. Default: 2 */
  readonly perNetwork?: number | undefined
  readonly clock?: Clock | undefined
}

export const createRequests = (
  plugin: Plugin,
  { perNetwork = NETWORK_NODES, clock = systemClock }: Requesting = {},
): DirectoryNetwork => ({
  request: (node, message) => request(plugin, node, message),
  seeds: (target) => seeds(plugin, target, perNetwork),
  idOf,
  size: () => size(plugin),
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

const seeds = async ({ dht }: Plugin, target: Uint8Array, perNetwork: number): Promise<readonly NodeAddress[]> => {
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

const size = ({ dht }: Plugin): number | null => {
  if (dht === null) return null
  const { id } = dht.table
  const neighbours = dht.table.closest(id, REPLICA_NODES)
  return sizeFrom(neighbours.map((node) => distanceOf(node.id, id)).sort(compareDistances))
}

const request = async (
  plugin: Plugin,
  node: NodeAddress,
  { target, command, value, token, signal }: DhtRequest,
): Promise<DhtAnswer | null> => {
  const { dht } = plugin
  if (signal.aborted || dht === null || dht.destroyed) return null
  const session = dht.session()
  const stop = (): void => session.destroy()
  signal.addEventListener('abort', stop, { once: true })
  try {
    const reply = await plugin.request({ command, target, value, token: token ?? null }, node, { session })
    const own = dht.table.id
    const closer = (reply.closerNodes ?? []).map(addressOf).filter((closer) => !own.equals(idOf(closer)))
    const { token: fresh, from } = reply
    return {
      value: reply.error === 0 && reply.value !== null ? Uint8Array.from(reply.value) : null,
      closer,
      token: fresh === null ? null : Uint8Array.from(fresh),
      id: from.id === null ? null : Uint8Array.from(from.id),
    }
  } catch {
    // Silence, an abort and a closed node are all one thing to the directory: no answer.
    return null
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
