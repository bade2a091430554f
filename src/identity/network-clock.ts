import { NetworkError } from '../core/errors.ts'
import { CLOCK_MS } from '../core/limits/connection-limits.ts'
import { holdClock, type OwnClock } from '../directory/client/heard-times.ts'
import { createStorage } from '../directory/node/storage.ts'
import { joinDirectories } from '../network/directories.ts'
import { entrancesOf, type NetworkChoice } from '../network/network-choice.ts'
import { createNode } from '../network/node.ts'
import { systemWorld } from './system-world.ts'

/** Holds this computer's clock against a network, where nothing else is asked of it. */

export type ClockCheck = Omit<OwnClock, 'world'> & {
  readonly network: NetworkChoice
  readonly signal?: AbortSignal | undefined
}

/**
 * Without a network that answers it goes on: nothing is known then.
 * @throws DirectoryError ERR_CLOCK; the signal's reason
 */
export const holdNetworkClock = async ({ network, signal, ...own }: ClockCheck): Promise<void> => {
  const bootstrap = entrancesOf(network)
  // On the local network nobody is there before somebody was found.
  if (bootstrap.length === 0) return
  const node = await createNode({ bootstrap, signal }).catch((error: unknown) => {
    signal?.throwIfAborted()
    if (error instanceof NetworkError) return null
    throw error
  })
  if (node === null) return
  try {
    const late = AbortSignal.any([AbortSignal.timeout(CLOCK_MS), ...(signal === undefined ? [] : [signal])])
    const reading = await joinDirectories(node.dht, createStorage()).directory.askTimes(systemWorld, late)
    signal?.throwIfAborted()
    holdClock(reading, { world: systemWorld, ...own })
  } finally {
    await node.close()
  }
}
