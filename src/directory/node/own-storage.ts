import { type DirectoryNetwork, type NodeAddress, nameOf } from '../network-port.ts'
import type { Storage } from './storage.ts'

/**
 * A storage node's own storage as one node among the others: HyperDHT asks everybody but itself, so that the first node of a network
 * would find nothing of what it stores, and could store nothing of its own.
 * @param self the address others know the node by; null while it is none of the nodes
 * @param now this clock, seconds
 */
export const includeOwn = (
  network: DirectoryNetwork,
  {
    storage,
    self,
    now,
  }: { readonly storage: Storage; readonly self: () => NodeAddress | null; readonly now: () => number },
): DirectoryNetwork => ({
  ...network,
  seeds: async (target) => {
    const own = self()
    return [...(own === null ? [] : [own]), ...(await network.seeds(target))]
  },
  request: async (node, request) => {
    const own = self()
    if (own === null || nameOf(node) !== nameOf(own)) return network.request(node, request)
    if (request.signal.aborted) return null
    const value = storage.handle(request.command, request.value, { now: now(), proven: request.token !== undefined })
    return { value, closer: [], token: new Uint8Array(0), id: network.idOf(own) }
  },
})
