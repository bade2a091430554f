import type { NetworkState } from '../network/network-state.ts'

/** How a peer is in the network, and whose nodes keep what is published there. */
export type PeerNetwork = NetworkState & {
  /**
   * `own`: nodes of Handfast, which verify what they keep; `stock`: nodes that know nothing of it; `both`: some of each, and both are asked.
   * null while nobody has answered.
   */
  readonly directory: 'own' | 'stock' | 'both' | null
}

/** The node below, as a peer sees it. */
export type NetworkPort = {
  state(): NetworkState
  /** Calls back when the state changes: whether others answer, and how they see this peer. @returns ends that */
  watch(listener: (state: NetworkState) => void): () => void
  /**
   * Calls back when others may have lost what this peer told them: nodes came back without it, this peer was away, or it is at another
   * address. Strangers can bring that about. @returns ends that
   */
  onShaken(listener: () => void): () => void
}

/** Waits until others answer. @throws the signal's reason */
export const whenJoined = async (network: NetworkPort, signal: AbortSignal): Promise<void> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const abort = (): void => reject(signal.reason)
  const look = (): void => {
    if (network.state().state === 'joined') resolve()
  }
  const end = network.watch(look)
  signal.addEventListener('abort', abort, { once: true })
  look()
  if (signal.aborted) abort()
  try {
    await promise
  } finally {
    end()
    signal.removeEventListener('abort', abort)
  }
}
