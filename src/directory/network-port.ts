import type { Command } from './messages.ts'

/** What the directory needs of the DHT. `plugin.ts` is the real adapter; tests have one in memory. */

export type NodeAddress = { readonly host: string; readonly port: number }

export const nameOf = ({ host, port }: NodeAddress): string => `${host}:${port}`

/** A node near the target with the round-trip token it gave, which a PUT must show, and whoever wants a large answer. */
export type ClosestNode = { readonly node: NodeAddress; readonly token: Uint8Array }

export type Walk = {
  /** the nodes closest to the target that answered, nearest first, at most 20 */
  readonly closest: readonly ClosestNode[]
  /** nodes that gave no answer, or none that this request has */
  readonly failed: number
  /** whether the walk ended by itself, not by the signal */
  readonly complete: boolean
}

export type DirectoryNetwork = {
  /**
   * Asks the nodes on the way to `target`, nearer and nearer; `onAnswer` sees each answer as it comes, with the round-trip token beside
   * it. Never throws for silent nodes.
   */
  walk(
    target: Uint8Array,
    command: Command,
    value: Uint8Array,
    options: {
      readonly signal: AbortSignal
      onAnswer(node: NodeAddress, value: Uint8Array, token: Uint8Array | null): void
    },
  ): Promise<Walk>
  /** Asks one node; null when it does not answer. */
  request(
    node: NodeAddress,
    command: Command,
    value: Uint8Array,
    options: { readonly signal: AbortSignal; readonly target: Uint8Array; readonly token?: Uint8Array },
  ): Promise<Uint8Array | null>
}
