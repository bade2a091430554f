import type UDX from 'udx-native'
import type { NodeAddress } from '../directory/network-port.ts'
import type { Shared } from './serving.ts'

export type NodeOptions = {
  /** Nodes of the network to join; may be empty for its first node, and one that stays. */
  readonly bootstrap: readonly NodeAddress[]
  /** Nodes seen alive in this network before, which are asked when none of the list answers. */
  readonly remembered?: (() => readonly NodeAddress[]) | undefined
  /** Start a new network when no node of the list answers. `publicHost` or `host` is then the address others reach this node at. */
  readonly first?: boolean | undefined
  /**
   * Whether it keeps itself in its network (`presence.ts`): when nobody answers it is the first node of its own, and goes on asking; when
   * others reach it, it is one of the nodes. With `first`, or a list that names only itself, its own network is the one it is to be in.
   * Default: it is a client, and without anybody there is an error.
   */
  readonly stays?: boolean | undefined
  /** IPv4 address of this machine; default 127.0.0.1 in a loopback network, else every interface. */
  readonly host?: string | undefined
  /** IPv4 address that others reach this machine at, when it is another one; default: as others see it, or `host` for the first node. */
  readonly publicHost?: string | undefined
  /** Whether that is every interface also without a list, as in a local network. Default: false. */
  readonly wide?: boolean | undefined
  /** Default and 0: a free port. */
  readonly port?: number | undefined
  /** Store records for others and be a node they can bootstrap from: needs to be reachable. */
  readonly storage?: boolean | undefined
  /** 32 B: seed of the node's own Ed25519 key pair; default random. */
  readonly transportSeed?: Uint8Array | undefined
  /** Where sockets come from; default: UDP of this machine. A simulation has a network in memory. */
  readonly udx?: UDX | undefined
  /** UDP ports of all nodes of this machine that are one to others; each adds its own. Default: they are none to each other. */
  readonly ports?: Set<number> | undefined
  /** What it has in common with other nodes of this machine; default: nothing. */
  readonly shared?: Shared | undefined
  readonly signal?: AbortSignal | undefined
}
