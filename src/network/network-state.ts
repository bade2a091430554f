/**
 * How others see where this peer is: `open` when they can reach it as it is; `consistent` when a router shows all of them one address;
 * `random` when it shows each of them another; `unknown` while too few have said.
 */
export type NatKind = 'unknown' | 'open' | 'consistent' | 'random'

/** How this peer is in the network. */
export type NetworkState = {
  /** `joined`: others answer here, or came in through this peer. `waiting`: nobody does, and it goes on trying. */
  readonly state: 'waiting' | 'joined'
  /** since when, milliseconds since 1970 */
  readonly since: number
  /** Nodes that this one knows. */
  readonly nodes: number
  /** UDP port that it is bound to. */
  readonly port: number
  readonly nat: NatKind
  /** where others see it; port 0 when each of them sees another; null while nobody has said */
  readonly address: { readonly host: string; readonly port: number } | null
  /** where others can enter the network through this peer, as they give it to `network`; null while it is none of its nodes */
  readonly entrance: string | null
}

/** What others notice of a change, and a person is told of. */
export const isOtherState = (a: NetworkState, b: NetworkState): boolean =>
  a.state !== b.state || a.nat !== b.nat || a.address?.host !== b.address?.host || a.entrance !== b.entrance
