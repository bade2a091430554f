import type Plugin from 'hyperdht/lib/plugin.js'
import type { DhtAnswer, DhtRequest, DirectoryNetwork, NodeAddress } from '../directory/network-port.ts'
import { askNode, dhtNodes, type Requesting } from './dht-nodes.ts'

/** The requesting half of the plugin. */
export const createRequests = (plugin: Plugin, requesting: Requesting = {}): DirectoryNetwork => ({
  ...dhtNodes(() => plugin.dht, requesting),
  request: (node, message) => request(plugin, node, message),
})

const request = async (
  plugin: Plugin,
  node: NodeAddress,
  { target, command, value, token, signal }: DhtRequest,
): Promise<DhtAnswer | null> => {
  const reply = await askNode(plugin.dht, signal, (_, session) =>
    plugin.request({ command, target, value, token: token ?? null }, node, { session }),
  )
  if (reply === null) return null
  const { error, ...answer } = reply
  return { ...answer, value: error === 0 ? answer.value : null }
}
