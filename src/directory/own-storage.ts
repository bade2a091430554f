import { REPLICA_NODES } from '../core/limits.ts'
import { type DirectoryNetwork, type NodeAddress, nameOf } from './network-port.ts'
import type { Storage } from './storage.ts'

/** A node shows itself none. */
const NO_TOKEN = new Uint8Array(0)

/**
 * A storage node's own storage as one node among the others: HyperDHT asks everybody but itself, so that the first node of a network
 * would find nothing of what it keeps, and could keep nothing of its own.
 * @param self the address others know the node by
 * @param now this clock, seconds
 */
export const includeOwn = (
  network: DirectoryNetwork,
  { storage, self, now }: { readonly storage: Storage; readonly self: NodeAddress; readonly now: () => number },
): DirectoryNetwork => ({
  walk: async (target, command, value, options) => {
    const own = storage.handle(command, value, { now: now(), proven: false })
    if (own !== null) options.onAnswer(self, own, NO_TOKEN)
    const walk = await network.walk(target, command, value, options)
    const others = walk.closest.filter(({ node }) => nameOf(node) !== nameOf(self))
    const closest = own === null ? others : [...others, { node: self, token: NO_TOKEN }]
    return { ...walk, closest: closest.slice(0, REPLICA_NODES) }
  },
  request: async (node, command, value, options) => {
    if (nameOf(node) !== nameOf(self)) return network.request(node, command, value, options)
    return options.signal.aborted
      ? null
      : storage.handle(command, value, { now: now(), proven: options.token !== undefined })
  },
})
