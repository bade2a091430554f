import { suite } from 'node:test'
import { NOW } from '../core/identities.ts'
import { checkDirectoryContract } from './directory-contract.ts'
import { createMemoryNetwork, silent } from './memory-network.ts'
import { createStockMemory } from './stock/stock-memory.ts'

suite('the directory of Handfast’s own nodes', () => {
  checkDirectoryContract(async (_, size) => {
    const net = createMemoryNetwork(size)
    return {
      ...{ directory: net.directory, now: NOW },
      forget: net.forget,
      silence: () => {
        for (const node of net.nodes) node.behaviour = silent
      },
    }
  })
})

suite('the directory of any nodes', () => {
  checkDirectoryContract(async (_, size) => {
    const net = createStockMemory(size)
    return {
      ...{ directory: net.directory, now: NOW },
      forget: net.forget,
      silence: () => {
        for (const node of net.nodes) node.behaviour = () => null
      },
    }
  })
})
