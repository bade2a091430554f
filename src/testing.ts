import { createStorage } from './directory/node/storage.ts'
import { joinDirectory } from './network/directory-plugin.ts'
import { createNode } from './network/node.ts'
import { createStockNode } from './network/stock-node.ts'
import { type OpenOptions, openPeer } from './peer/open.ts'
import type { Peer } from './peer/peer.ts'

/**
 * The public module for tests of programs that embed Handfast: a whole network in this process, on 127.0.0.1 only.
 *
 *     import { createTestNetwork } from 'handfast/testing'
 *     await using network = await createTestNetwork({ nodes: 5 })
 *     const alice = await network.openPeer()
 *     const bob = await network.openPeer()
 *     await alice.messages.send(bob.address, 'hello')
 */

/** What a network for tests is made of. */
export type TestNetworkOptions = {
  /** How many nodes it has, 1 to 50. Default: 5. */
  readonly nodes?: number | undefined
  /** Whether they are nodes of HyperDHT that know nothing of Handfast, as in a network of strangers. Default: storage nodes of Handfast. */
  readonly stock?: boolean | undefined
}

/** What a peer of a test network is opened with: as `openPeer`, on this network. */
export type TestPeerOptions = Omit<OpenOptions, 'network' | 'host'>

/** A network of real nodes that cannot send anything beyond 127.0.0.0/8. */
export type TestNetwork = AsyncDisposable & {
  /** What other processes on this machine give as their network. */
  readonly network: string
  /** Opens a peer on this network, by default online and with a fresh identity in memory. It closes with the network. @throws as `openPeer` */
  openPeer(options?: TestPeerOptions): Promise<Peer>
  /** Closes all peers that were opened here, and then the nodes. */
  close(): Promise<void>
}

const HOST = '127.0.0.1'
const NODES = 5
const NODES_MAX = 50

type Running = { readonly port: number; close(): Promise<void> }

const startNode = async (first: readonly Running[]): Promise<Running> => {
  const nodes = first.map(({ port }) => ({ host: HOST, port }))
  const node = await createNode({ bootstrap: nodes, first: nodes.length === 0, host: HOST, storage: true })
  const storage = createStorage({ self: () => node.dht.id })
  joinDirectory(node.dht, storage)
  const close = async (): Promise<void> => {
    await node.close()
    storage.close()
  }
  return { port: node.port, close }
}

const startStockNode = (first: readonly Running[]): Promise<Running> =>
  createStockNode(first.map(({ port }) => ({ host: HOST, port })))

/**
 * Starts a network in this process: real nodes with real sockets on 127.0.0.1, whose addresses nobody else knows. No other host is
 * ever contacted.
 * @throws RangeError for another number of nodes than 1 to 50; NetworkError
 */
export const createTestNetwork = async ({
  nodes = NODES,
  stock = false,
}: TestNetworkOptions = {}): Promise<TestNetwork> => {
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > NODES_MAX) throw new RangeError(`nodes: 1 to ${NODES_MAX}`)
  const running: Running[] = []
  const peers = new Set<Peer>()

  const close = async (): Promise<void> => {
    await Promise.all([...peers].map((peer) => peer.close()))
    await Promise.all(running.map((node) => node.close()))
  }
  try {
    const start = stock ? startStockNode : startNode
    const first = await start([])
    running.push(first)
    const others = Array.from({ length: nodes - 1 }, async () => running.push(await start([first])))
    await Promise.all(others)
    const network = `${HOST}:${first.port}`
    return {
      network,
      openPeer: async (options = {}) => {
        const peer = await openPeer({ ...options, network, host: HOST })
        peers.add(peer)
        return peer
      },
      close,
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
