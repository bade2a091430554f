/** How this peer is in the network. */
export type NetworkState = {
  /** Whether other nodes answer. */
  readonly online: boolean
  /** Nodes that this one knows. */
  readonly nodes: number
  /** UDP port that it is bound to. */
  readonly port: number
}

/** The node below, as a peer sees it. */
export type NetworkPort = {
  state(): NetworkState
  /** Calls back when `online` changes. @returns ends that */
  watch(listener: (state: NetworkState) => void): () => void
}
