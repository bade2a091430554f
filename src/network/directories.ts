import type HyperDHT from 'hyperdht'
import type { Directory } from '../directory/client/directory.ts'
import { createNodeKinds, type KindsReading } from '../directory/client/node-kinds.ts'
import { createOwnDirectory } from '../directory/client/own-directory.ts'
import { createTwoDirectories } from '../directory/client/two-directories.ts'
import type { DirectoryNetwork } from '../directory/network-port.ts'
import type { Storage } from '../directory/node/storage.ts'
import { createStockDirectory } from '../directory/stock/stock-directory.ts'
import type { Requesting } from './dht-nodes.ts'
import { joinDirectory } from './directory-plugin.ts'
import { createStockRequests } from './stock-requests.ts'

/** The directories of a network, and which of them its nodes understand, as far as that is known. */
export type Directories = {
  readonly directory: Directory
  /** The same without what this node itself keeps. */
  readonly others: Directory
  understood(): KindsReading | null
}

/** Requests to nodes of Handfast: to all others, and with this one, when it is one of them. */
export type OwnRequests = { readonly others: DirectoryNetwork; readonly withOwn?: DirectoryNetwork | undefined }

/** Both directories over one node. */
export const directoriesOver = (
  dht: HyperDHT,
  { others, withOwn = others }: OwnRequests,
  requesting: Requesting = {},
): Directories => {
  const stock = createStockRequests(dht, requesting)
  // What others understand: that this node does says nothing of a network.
  const kinds = createNodeKinds(others, stock)
  const over = (own: DirectoryNetwork): Directory =>
    createTwoDirectories(
      { own: createOwnDirectory(own), stock: createStockDirectory(stock) },
      { kinds, clock: own.clock },
    )
  // Known by the time it is needed.
  void kinds.look()
  return { directory: over(withOwn), others: over(others), understood: kinds.last }
}

/** Lets `dht` serve the directory from `storage` once it is persistent, and asks other nodes by what they understand. */
export const joinDirectories = (dht: HyperDHT, storage: Storage, requesting: Requesting = {}): Directories =>
  directoriesOver(dht, { others: joinDirectory(dht, storage, requesting) }, requesting)
