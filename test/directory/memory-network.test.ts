import { at } from '../core/identities.ts'
import { createMemoryNetwork, hanging } from './memory-network.ts'
import { checkNetworkContract } from './network-contract.ts'

checkNetworkContract(async (_, size) => {
  const net = createMemoryNetwork(size)
  return {
    network: net.network,
    nodes: net.nodes,
    now: net.now,
    silence: async (index) => {
      at(net.nodes, index).behaviour = hanging
    },
  }
})
