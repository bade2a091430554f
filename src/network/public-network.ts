import { BOOTSTRAP_NODES } from 'hyperdht/lib/constants.js'
import { NetworkError } from '../core/errors.ts'
import { isLoopback } from '../directory/ip-networks.ts'
import type { NodeAddress } from '../directory/network-port.ts'

/** The entrances of the public HyperDHT network, which are contacted only when a person chose `public`. */

/** HyperDHT writes address@name:port. The name is there for when the address has changed. */
const ENTRANCE = /^([\d.]+)@([a-z0-9.-]+):(\d+)$/

const asNodes = (text: string): readonly NodeAddress[] => {
  const [, address, name, port] = ENTRANCE.exec(text) ?? []
  return [address, name].flatMap((host) => (host === undefined ? [] : [{ host, port: Number(port) }]))
}

let standIn: readonly NodeAddress[] | null = null

/** Addresses and names of the nodes that lead into the public network. Nothing is looked up here. */
export const publicNodes = (): readonly NodeAddress[] => standIn ?? BOOTSTRAP_NODES.flatMap(asNodes)

/**
 * For tests: nodes of this machine stand for the public network, in this process. No others can, so that this leads nobody to another
 * network than he chose.
 * @returns ends it
 * @throws NetworkError ERR_LOOPBACK_ONLY for a node beyond 127.0.0.0/8
 */
export const standInForPublic = (nodes: readonly NodeAddress[]): (() => void) => {
  const beyond = nodes.find(({ host }) => !isLoopback(host))
  if (beyond !== undefined) throw new NetworkError('ERR_LOOPBACK_ONLY', { hint: beyond.host })
  standIn = nodes
  return () => {
    standIn = null
  }
}
