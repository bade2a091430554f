import type { DhtAnswer, NodeAddress, Nodes } from './network-port.ts'

/**
 * What the directory needs of nodes that may know nothing of Handfast: HyperDHT's own requests for values. `network/stock-requests.ts` is the
 * real adapter; tests have one in memory.
 */

export type StockCommand = 'mutable-get' | 'mutable-put' | 'immutable-get' | 'immutable-put'

export type StockRequest = {
  readonly command: StockCommand
  /** the place of the value, 32 bytes; the answer names nodes closer to it */
  readonly target: Uint8Array
  /** as `stock/stock-format.ts` writes it; null for 'immutable-get' */
  readonly value: Uint8Array | null
  readonly token?: Uint8Array | undefined
  readonly signal: AbortSignal
}

/** What one node answered: its `value` is empty when it holds nothing there, or took what was put. */
export type StockAnswer = DhtAnswer & {
  /** HyperDHT's number of why it refused, and `value` is null then; 0 when it did not */
  readonly error: number
}

/** Numbers of dht-rpc and HyperDHT. */
export const STOCK_ERROR = { unknownCommand: 1, invalidToken: 2, seqReused: 16, seqTooLow: 17 } as const

export type StockNetwork = Nodes & {
  /** Asks one node; null when it does not answer, and as soon as the signal aborts. Never throws for silence or a closed node. */
  request(node: NodeAddress, request: StockRequest): Promise<StockAnswer | null>
}
