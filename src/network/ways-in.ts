import { isIPv4 } from 'node:net'
import type HyperDHT from 'hyperdht'
import { type NodeAddress, nameOf } from '../directory/network-port.ts'

/** By which nodes a network is entered, and how a node that is alone asks them. */

export type WaysIn = {
  /** The nodes that were chosen, by address or name. */
  readonly list: readonly NodeAddress[]
  /** Nodes that were seen alive in this network before: they are asked when nobody of the list answers. */
  readonly remembered?: (() => readonly NodeAddress[]) | undefined
}

/** Nodes that are asked at one time: a list and what is remembered may have a hundred. */
const ASKED_AT_ONCE = 16

const resolve = async (dht: HyperDHT, { host, port }: NodeAddress): Promise<NodeAddress> => ({
  host: isIPv4(host) ? host : (await dht.udx.lookup(host, { family: 4 })).host,
  port,
})

/**
 * Asks nodes whether they are there; names are looked up anew each time. Whoever answers under its own id is known to HyperDHT from then on.
 * @returns the addresses of those that answered
 */
export const askNodes = async (
  dht: HyperDHT,
  nodes: readonly NodeAddress[],
  isOwn: (node: NodeAddress) => boolean,
): Promise<readonly NodeAddress[]> => {
  const live = new Map<string, NodeAddress>()
  const ask = async (node: NodeAddress): Promise<void> => {
    const address = await resolve(dht, node)
    if (isOwn(address)) return
    await dht.ping(address, { retry: false })
    live.set(nameOf(address), address)
  }
  for (let from = 0; from < nodes.length && !dht.destroyed; from += ASKED_AT_ONCE)
    await Promise.allSettled(nodes.slice(from, from + ASKED_AT_ONCE).map(ask))
  return [...live.values()]
}
