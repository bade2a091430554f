import type { Directory } from '../../src/directory/client/directory.ts'
import { createNodeKinds, type NodeKinds } from '../../src/directory/client/node-kinds.ts'
import { createTwoDirectories } from '../../src/directory/client/two-directories.ts'
import { createIdleClock } from './client/idle-clock.ts'
import { createMemoryNetwork, type MemoryNetwork, silent } from './memory-network.ts'
import { createStockMemory, type StockMemory } from './stock/stock-memory.ts'

/** Nodes of which some are Handfast's, and answer both kinds of requests, and the others HyperDHT's alone. */
export type MixedNetwork = {
  readonly own: MemoryNetwork
  readonly stock: StockMemory
  readonly kinds: NodeKinds
  readonly directory: Directory
}

/** @param owns how many of the nodes are Handfast's */
export const createMixedNetwork = (size: number, owns: number): MixedNetwork => {
  const clock = createIdleClock()
  const [own, stock] = [createMemoryNetwork(size, { clock }), createStockMemory(size, { clock })]
  for (const node of own.nodes.slice(owns)) node.behaviour = silent
  const kinds = createNodeKinds(own.network, stock.network)
  const directory = createTwoDirectories({ own: own.directory, stock: stock.directory }, { kinds, clock })
  return { own, stock, kinds, directory }
}
