import type { RandomBytes } from '../core/bytes.ts'
import type { Command } from './request-format.ts'

/** What the directory needs of the DHT. `network/directory-requests.ts` is the real adapter; tests have one in memory. */

export type NodeAddress = { readonly host: string; readonly port: number }

export const nameOf = ({ host, port }: NodeAddress): string => `${host}:${port}`

/** A node near the target with the round-trip token it gave, which a PUT must show, and which earns large answers. */
export type ClosestNode = { readonly node: NodeAddress; readonly token: Uint8Array }

export type DhtRequest = {
  /** the answer names nodes closer to this, 32 bytes */
  readonly target: Uint8Array
  readonly command: Command
  readonly value: Uint8Array
  readonly token?: Uint8Array | undefined
  readonly signal: AbortSignal
}

/** What one node answered. All of it is that node's word. */
export type DhtAnswer = {
  /** null when the node has no answer to this request, or refused the token */
  readonly value: Uint8Array | null
  /** nodes it says are closer to the target */
  readonly closer: readonly NodeAddress[]
  /** a fresh round-trip token */
  readonly token: Uint8Array | null
  /** the id it goes by; null when it stores nothing */
  readonly id: Uint8Array | null
}

/** Time, in milliseconds of a clock that never runs backwards. */
export type Clock = {
  now(): number
  /** Calls `run` once, after `milliseconds`; returns what calls it off. */
  after(milliseconds: number, run: () => void): () => void
}

/** Nodes, whatever they understand: what a walk needs beside what it asks them. */
export type Nodes = {
  /** Nodes to begin a walk with: the closest to `target` this node knows, and those it entered the network by. */
  seeds(target: Uint8Array): Promise<readonly NodeAddress[]>
  /** The 32-byte id of whoever is at this address: nobody chooses his own. */
  idOf(node: NodeAddress): Uint8Array
  /** How many nodes there are, as far as this node's own neighbourhood tells; null when it does not. */
  size(): number | null
  /** nodes of one public /24 network that may be among the closest; Infinity for a network whose nodes are all one's own */
  readonly perNetwork: number
  readonly clock: Clock
  readonly random: RandomBytes
}

export type DirectoryNetwork = Nodes & {
  /** Asks one node; null when it does not answer, and as soon as the signal aborts. Never throws for silence or a closed node. */
  request(node: NodeAddress, request: DhtRequest): Promise<DhtAnswer | null>
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after: (milliseconds, run) => {
    const timer = setTimeout(run, milliseconds)
    return () => clearTimeout(timer)
  },
}
