import type HyperDHT from 'hyperdht'
import type { NodeAddress } from '../directory/network-port.ts'
import type { StockAnswer, StockCommand, StockNetwork, StockRequest } from '../directory/stock-port.ts'
import { askNode, dhtNodes, type Requesting } from './dht-nodes.ts'

/** HyperDHT's own requests for values, one node at a time: which nodes are asked, and whom to believe, is the directory's business. */

/** As HyperDHT 6.34 numbers its commands. */
const COMMANDS: Readonly<Record<StockCommand, number>> = {
  'mutable-put': 6,
  'mutable-get': 7,
  'immutable-put': 8,
  'immutable-get': 9,
}

const NOTHING = new Uint8Array(0)

export const createStockRequests = (dht: HyperDHT, requesting: Requesting = {}): StockNetwork => ({
  ...dhtNodes(() => dht, requesting),
  request: (node, message) => request(dht, node, message),
})

const request = async (
  dht: HyperDHT,
  node: NodeAddress,
  { command, target, value, token, signal }: StockRequest,
): Promise<StockAnswer | null> => {
  const message = { command: COMMANDS[command], target, value, token: token ?? null }
  const reply = await askNode(dht, signal, (_, session) => dht.request(message, node, { session }))
  if (reply === null) return null
  return { ...reply, value: reply.error === 0 ? (reply.value ?? NOTHING) : null }
}
