import { isIPv4 } from 'node:net'
import { NetworkError } from '../core/errors.ts'
import type { NodeAddress } from '../directory/network-port.ts'
import { isNodeAddress } from './node-list.ts'

/** What a node is given, held against what HyperDHT would make of it. */

/** @throws NetworkError ERR_NETWORK_MISSING, ERR_NETWORK_FORMAT */
export const checkBootstrap = (bootstrap: unknown, first: boolean): readonly NodeAddress[] => {
  // Callers without types: `false`, null or nothing would make HyperDHT contact public hosts.
  if (!Array.isArray(bootstrap) || (bootstrap.length === 0 && !first)) throw new NetworkError('ERR_NETWORK_MISSING')
  const nodes: readonly NodeAddress[] = bootstrap
  for (const node of nodes) {
    if (!isNodeAddress(node)) throw new NetworkError('ERR_NETWORK_FORMAT', { hint: `${node.host}:${node.port}` })
  }
  return nodes
}

/** @throws NetworkError ERR_NETWORK_HOST */
export const checkHost = (host: string): string => {
  if (host === 'localhost') return '127.0.0.1'
  if (!isIPv4(host)) throw new NetworkError('ERR_NETWORK_HOST', { hint: host })
  return host
}
