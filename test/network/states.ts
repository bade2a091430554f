import type { NetworkState } from '../../src/network/network-state.ts'

/** The state of a peer that others answer. */
export const NETWORK: NetworkState = {
  ...{ state: 'joined', since: 0, nodes: 1, port: 1, nat: 'open' },
  ...{ address: { host: '127.0.0.1', port: 1 }, entrance: null },
}
