import { NetworkError } from '../core/errors.ts'
import type { NodeAddress } from '../directory/network-port.ts'
import { warn } from './membership.ts'
import { createNode, type DhtNode, type NodeOptions } from './node.ts'

/**
 * The further ports of a machine that keeps records for others. HyperDHT asks nodes at which address they see it, to find out how its NAT
 * behaves, and believes nothing before three of them answered (`lib/nat.js`, which asks four). A network of one machine with one port can
 * help nobody behind a NAT; four nodes of one machine can.
 */

/** On loopback nothing stands between anybody, and one is enough. */
export const NODE_PORTS = 4

/** The next port, or a free one when that is somebody else's. */
const openNext = async (options: NodeOptions, port: number): Promise<DhtNode> => {
  try {
    return await createNode({ ...options, port: port > 65_535 ? 0 : port })
  } catch (error) {
    if (!(error instanceof NetworkError && error.code === 'ERR_PORT_IN_USE')) throw error
    return createNode({ ...options, port: 0 })
  }
}

/**
 * What `node` tells others of: also while it cannot reach `other` itself, since some routers send nothing back that comes from inside and
 * is for their own outer address.
 */
const introduce = ({ dht }: DhtNode, other: DhtNode): void => {
  const { host, port } = seenAt(other)
  dht.addNode({ host, port })
  dht.on('remove-node', (gone) => {
    if (gone.host === host && gone.port === port && !dht.destroyed && !other.dht.destroyed) dht.addNode({ host, port })
  })
}

/**
 * Nodes on the ports after that of `first`, which must be persistent. Others learn of them from it. All are closed again on failure.
 * @param options those that `first` was made with
 * @throws those of `createNode`
 */
export const openFurtherPorts = async (first: DhtNode, options: NodeOptions): Promise<readonly DhtNode[]> => {
  // Who is told its outer address need not find it out, and may not reach the first one there.
  const told = options.publicHost !== undefined
  const bootstrap = told ? options.bootstrap : [seenAt(first), ...options.bootstrap]
  // The first one knows what others there are; only where it may not be reached has each to look for itself.
  const on = { stays: told, remembered: told ? options.remembered : undefined }
  const opened: DhtNode[] = []
  try {
    while (opened.length < NODE_PORTS - 1) {
      const port = first.port + opened.length + 1
      const own = { ...on, bootstrap, first: bootstrap.length === 0, storage: true, transportSeed: undefined }
      const next = await openNext({ ...options, ...own }, port)
      opened.push(next)
      introduce(first, next)
      introduce(next, first)
    }
    return opened
  } catch (error) {
    await Promise.all(opened.map((node) => node.close()))
    throw error
  }
}

export type FurtherPorts = {
  /** those that are open */
  readonly nodes: readonly DhtNode[]
  /** Resolves when what `first` stands for now is done. @throws those of `createNode`, once */
  settled(): Promise<void>
  close(): Promise<void>
}

/**
 * The same for as long as `first` is there: from when it is in a network, since before nobody says where others see it, and anew when that
 * is another address.
 * @param onOpened is told of each before others are
 */
export const keepFurtherPorts = (
  first: DhtNode,
  options: NodeOptions,
  onOpened: (node: DhtNode) => void,
): FurtherPorts => {
  let nodes: readonly DhtNode[] = []
  let host: string | null = null
  let closed = false
  const closeNodes = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.close()))
    nodes = []
  }
  const look = async (): Promise<void> => {
    if (closed || first.state().state !== 'joined') return
    const present = seenAt(first).host
    if (present === host) {
      // It may be among others now.
      for (const { dht } of nodes) dht.refresh()
      return
    }
    await closeNodes()
    nodes = await openFurtherPorts(first, options)
    host = present
    nodes.forEach(onOpened)
  }
  let looking = look()
  const end = first.watch(() => {
    looking = looking.catch(() => {}).then(look)
    looking.catch(warn)
  })
  return {
    get nodes() {
      return nodes
    },
    settled: () => looking,
    close: async () => {
      closed = true
      end()
      await looking.catch(() => {})
      await closeNodes()
    },
  }
}

/** Where others reach a node. */
export const seenAt = ({ dht, host, port }: DhtNode): NodeAddress => dht.remoteAddress() ?? { host, port }
