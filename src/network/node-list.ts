/** The list of nodes through which a network is entered, as people write it: `host:port`, separated by commas or spaces. */

import { isIPv4 } from 'node:net'
import { NetworkError } from '../core/errors.ts'
import { isLoopback } from '../directory/ip-networks.ts'
import type { NodeAddress } from '../directory/network-port.ts'

const HOST_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/
const HINT_CHARACTERS = 80

/** True for 127.0.0.0/8 in dotted form and for `localhost`. */
export const isLoopbackName = (host: string): boolean => host === 'localhost' || isLoopback(host)

/**
 * Reads a bootstrap list; host names become lower case, repeated nodes count once.
 * Throws NetworkError ERR_NETWORK_MISSING for an empty list, ERR_NETWORK_FORMAT for an item that is not `host:port`.
 */
export const parseNodes = (text: string | readonly string[]): readonly NodeAddress[] => {
  const items = (typeof text === 'string' ? text : text.join(',')).split(/[\s,]+/).filter((item) => item !== '')
  if (items.length === 0) throw new NetworkError('ERR_NETWORK_MISSING')
  const nodes = new Map<string, NodeAddress>()
  for (const item of items) {
    const node = parseItem(item)
    nodes.set(`${node.host}:${node.port}`, node)
  }
  return [...nodes.values()]
}

const parseItem = (item: string): NodeAddress => {
  const [host = '', port = '', ...rest] = item.toLowerCase().split(':')
  const node = { host, port: /^[0-9]{1,5}$/.test(port) ? Number(port) : 0 }
  if (rest.length > 0 || !isNodeAddress(node)) {
    throw new NetworkError('ERR_NETWORK_FORMAT', { hint: item.slice(0, HINT_CHARACTERS) })
  }
  return node
}

/** True for what HyperDHT can be given: it reads an `@` in a host as two hosts, and takes any port. */
export const isNodeAddress = ({ host, port }: NodeAddress): boolean =>
  Number.isInteger(port) && port >= 1 && port <= 65535 && (isIPv4(host) ? isUnicast(host) : isHostName(host))

const isUnicast = (host: string): boolean => {
  const first = Number(host.split('.')[0])
  return first > 0 && first < 224
}

// A last label of digits alone would be a mistyped IPv4 address.
const isHostName = (host: string): boolean => {
  const labels = host.split('.')
  return host.length <= 253 && labels.every((label) => HOST_LABEL.test(label)) && !/^[0-9]+$/.test(labels.at(-1) ?? '')
}
