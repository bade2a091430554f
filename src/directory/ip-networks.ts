import { isIPv4 } from 'node:net'
import type { NodeAddress } from './network-port.ts'

/** What an IPv4 address tells of its owner: networks are dear, addresses within one are cheap. */

export const isLoopback = (host: string): boolean => isIPv4(host) && host.startsWith('127.')

/** RFC 1918 and link-local. */
const PRIVATE = /^(10\.|172\.(1[6-9]|2\d|3[01])\.|192\.168\.|169\.254\.)/

export const isPrivate = (host: string): boolean => isIPv4(host) && PRIVATE.test(host)

/** The first 24 bits of an IPv4 address, as text; any other text stands for itself: HyperDHT knows no other addresses. */
export const slash24Of = (host: string): string => (isIPv4(host) ? host.slice(0, host.lastIndexOf('.')) : host)

/** The network that answers for an address: its first 24 bits. A private one answers for itself, since a whole office shares the 24 bits. */
export const sourceNetworkOf = (host: string): string => (isPrivate(host) ? host : slash24Of(host))

export type Reach = 'loopback' | 'private' | 'public'

/** Where an address can be reached from; null for what is no node's address. */
export const reachOf = ({ host, port }: NodeAddress): Reach | null => {
  if (!isIPv4(host) || !Number.isInteger(port) || port < 1 || port > 65535) return null
  const [a = 0, b = 0] = host.split('.').map(Number)
  if (a === 0 || a >= 224) return null
  if (a === 127) return 'loopback'
  const isPrivate =
    a === 10 ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && b === 168) ||
    (a === 169 && b === 254) ||
    (a === 100 && b >= 64 && b < 128)
  return isPrivate ? 'private' : 'public'
}

/** The network whose nodes count together; null where addresses cost nothing and say nothing: at home and on one machine. */
export const sharedNetworkOf = (node: NodeAddress): string | null =>
  reachOf(node) === 'public' ? slash24Of(node.host) : null

/** The first nodes of each public network, `perNetwork` of them. */
export const limitNetworks = (nodes: readonly NodeAddress[], perNetwork: number): readonly NodeAddress[] => {
  const counts = new Map<string, number>()
  return nodes.filter((node) => {
    const network = sharedNetworkOf(node)
    if (network === null) return true
    const count = (counts.get(network) ?? 0) + 1
    counts.set(network, count)
    return count <= perNetwork
  })
}

/**
 * Which nodes others may send us to. Whoever names private addresses must not make us probe the network we stand in, unless that is
 * where the DHT is: then we know a node there ourselves.
 */
export const askableFrom = (seeds: readonly NodeAddress[]): ((node: NodeAddress) => boolean) => {
  const allowed = new Set<Reach | null>(seeds.map(reachOf))
  allowed.delete(null)
  if (allowed.has('private')) allowed.add('public')
  return (node) => allowed.has(reachOf(node))
}
