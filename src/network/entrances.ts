import type HyperDHT from 'hyperdht'
import { BEACON_ENTRANCES_MAX } from '../core/limits/beacon-limits.ts'
import { reachOf } from '../directory/ip-networks.ts'
import type { NodeAddress } from '../directory/network-port.ts'

/** What was found on the local network, as a way into the network of nodes. */
export type Entrances = {
  /** Begins lookups there too, and gets to know the node if it stores for others. The last 8 are kept. */
  add(at: NodeAddress): void
}

const isSame = (a: NodeAddress, b: NodeAddress): boolean => a.host === b.host && a.port === b.port

/**
 * Only while no public node is known: on a public network a private node to begin with would let every node of it send us to private
 * addresses (`askableFrom`), and one that we know would be named to strangers. Whoever is found is dialled there all the same.
 */
export const createEntrances = (dht: HyperDHT): Entrances => {
  let kept: readonly NodeAddress[] = []
  const knowsPublic = (): boolean => dht.toArray().some((node) => reachOf(node) === 'public')
  const without = (left: readonly NodeAddress[]): HyperDHT.Address[] =>
    dht.bootstrapNodes.filter((node) => !left.some((one) => isSame(one, node)))

  const forget = (): void => {
    dht.bootstrapNodes = without(kept)
    kept = []
  }
  dht.on('add-node', (node) => {
    if (kept.length > 0 && reachOf(node) === 'public') forget()
  })

  return {
    add: (at) => {
      if (dht.destroyed || knowsPublic()) return
      const others = kept.filter((one) => !isSame(one, at))
      const own = dht.bootstrapNodes.some((node) => isSame(node, at)) && others.length === kept.length
      // One that was given as a node of the list stays what it is.
      if (own) return
      const next = [...others, { ...at }].slice(-BEACON_ENTRANCES_MAX)
      dht.bootstrapNodes = [...without(kept), ...next.map(({ host, port }) => ({ host, port }))]
      kept = next
      dht.ping(at, { retry: false }).catch(() => {})
    },
  }
}
