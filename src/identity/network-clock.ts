import { NetworkError } from '../core/errors.ts'
import { CLOCK_MS } from '../core/limits/connection-limits.ts'
import { askTimes, holdClock, type OwnClock } from '../directory/client/heard-times.ts'
import { createStorage } from '../directory/node/storage.ts'
import { joinDirectory } from '../network/directory-plugin.ts'
import { createNode } from '../network/node.ts'
import { parseNodes } from '../network/node-list.ts'
import { systemWorld } from './system-world.ts'

/** Holds this computer's clock against a network, where nothing else is asked of it. */

export type ClockCheck = Omit<OwnClock, 'world'> & {
  /** At least one node of the network: 'host:port', several separated by commas, or a list. */
  readonly network: string | readonly string[]
  readonly signal?: AbortSignal | undefined
}

/**
 * Without a network that answers it goes on: nothing is known then.
 * @throws DirectoryError ERR_CLOCK; NetworkError ERR_NETWORK_MISSING, _FORMAT; the signal's reason
 */
export const holdNetworkClock = async ({ network, signal, ...own }: ClockCheck): Promise<void> => {
  const nodes = parseNodes(network)
  const node = await createNode({ bootstrap: nodes, signal }).catch((error: unknown) => {
    signal?.throwIfAborted()
    if (error instanceof NetworkError) return null
    throw error
  })
  if (node === null) return
  try {
    const late = AbortSignal.any([AbortSignal.timeout(CLOCK_MS), ...(signal === undefined ? [] : [signal])])
    const reading = await askTimes(joinDirectory(node.dht, createStorage()), systemWorld, late)
    signal?.throwIfAborted()
    holdClock(reading, { world: systemWorld, ...own })
  } finally {
    await node.close()
  }
}
