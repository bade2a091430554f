/** The same production code on nodes that know nothing of Handfast: HyperDHT as it is, with nothing of ours about it. */

import { once } from 'node:events'
import HyperDHT from 'hyperdht'
import { createStockDirectory } from '../src/directory/stock/stock-directory.ts'
import { createNode, type NodeOptions } from '../src/network/node.ts'
import { createStockRequests } from '../src/network/stock-requests.ts'
import { type Production, production, type SimNode } from './production.ts'

/** Nodes that ask are Handfast's; those that keep are not. */
const createStockNode = async (options: NodeOptions): Promise<SimNode> => {
  const { udx, host = '', port = 0, bootstrap, storage = false } = options
  if (!storage || udx === undefined) return createNode(options)
  const settings = { udx, host, ephemeral: false, firewalled: false, anyPort: false }
  const first = bootstrap.length === 0
  const dht = first
    ? HyperDHT.bootstrapper(port, host, { ...settings, bootstrap })
    : new HyperDHT({ ...settings, port, bootstrap })
  dht.on('error', () => undefined)
  await Promise.all([dht.fullyBootstrapped(), first ? undefined : once(dht, 'persistent')])
  return { dht, close: () => dht.destroy({ force: true }) }
}

export const stockProduction: Production = {
  ...production,
  createNode: createStockNode,
  join: (dht) => createStockDirectory(createStockRequests(dht)),
}
