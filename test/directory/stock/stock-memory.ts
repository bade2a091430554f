import { equal, hex } from '../../../src/core/bytes.ts'
import { placeOfSlot } from '../../../src/core/epoch-keys.ts'
import { blake2b256 } from '../../../src/core/kdf.ts'
import { type MutableValue, verifyMutable } from '../../../src/core/mutable-value.ts'
import type { Directory } from '../../../src/directory/client/directory.ts'
import { type NodeAddress, nameOf } from '../../../src/directory/network-port.ts'
import { createStockDirectory } from '../../../src/directory/stock/stock-directory.ts'
import { decodeMutableAnswer, encodeMutableAnswer } from '../../../src/directory/stock/stock-format.ts'
import {
  STOCK_ERROR,
  type StockAnswer,
  type StockNetwork,
  type StockRequest,
} from '../../../src/directory/stock-port.ts'
import { createTopology, idOf, type MemoryOptions, orAbort, tokenOf } from '../memory-network.ts'

/** Stock nodes of HyperDHT without sockets, any of whom may be replaced by a liar. What they check is what HyperDHT 6.34 checks. */

/** What a node answers in place of the honest answer: null for silence, or a promise that may never come. */
export type StockBehaviour = (
  request: StockRequest,
  honest: () => StockAnswer | null,
) => StockAnswer | null | Promise<StockAnswer | null>

export type StockNode = {
  readonly address: NodeAddress
  readonly immutables: Map<string, Uint8Array>
  readonly mutables: Map<string, MutableValue>
  behaviour: StockBehaviour | null
  /** requests it got */
  asked: number
}

export type StockMemory = {
  readonly network: StockNetwork
  readonly directory: Directory
  readonly nodes: readonly StockNode[]
  /** requests that all got */
  readonly asked: number
  /** Has all nodes lose what they keep, but for the first `keeping` of them. */
  forget(keeping: number): void
}

const NOTHING = new Uint8Array(0)
const KEY_BYTES = 32

/** A refusal has no value. */
type Outcome = { readonly value: Uint8Array | null; readonly error: number }

const put = ({ mutables }: StockNode, target: Uint8Array, bytes: Uint8Array): Outcome | null => {
  const value = { key: bytes.slice(0, KEY_BYTES), ...decodeMutableAnswer(bytes.subarray(KEY_BYTES)) }
  if (!equal(placeOfSlot(value.key), target) || !verifyMutable(value)) return null
  const known = mutables.get(hex(target))
  if (known !== undefined && known.seq === value.seq && !equal(known.value, value.value))
    return { value: null, error: STOCK_ERROR.seqReused }
  if (known !== undefined && known.seq > value.seq) return { value: null, error: STOCK_ERROR.seqTooLow }
  mutables.set(hex(target), value)
  return { value: NOTHING, error: 0 }
}

/** What an honest node does; null: it does not answer. */
const serve = (node: StockNode, { command, target, value, token }: StockRequest): Outcome | null => {
  switch (command) {
    case 'immutable-get':
      return { value: node.immutables.get(hex(target)) ?? NOTHING, error: 0 }
    case 'mutable-get': {
      const known = node.mutables.get(hex(target))
      return { value: known === undefined ? NOTHING : encodeMutableAnswer(known), error: 0 }
    }
    case 'immutable-put':
      if (token === undefined || value === null || !equal(blake2b256(value), target)) return null
      node.immutables.set(hex(target), value)
      return { value: NOTHING, error: 0 }
    case 'mutable-put':
      return token === undefined || value === null ? null : put(node, target, value)
  }
}

export const createStockMemory = (
  size: number,
  {
    addressOf = (index) => ({ host: `10.0.${index >> 8}.${index & 255}`, port: 49737 }),
    clock,
  }: Pick<MemoryOptions, 'addressOf' | 'clock'> = {},
): StockMemory => {
  const nodes = Array.from(
    { length: size },
    (_, index): StockNode => ({
      address: addressOf(index),
      immutables: new Map(),
      mutables: new Map(),
      behaviour: null,
      asked: 0,
    }),
  )
  const byName = new Map(nodes.map((node) => [nameOf(node.address), node]))
  const {
    nodes: shared,
    closest,
    stir,
  } = createTopology(
    nodes.map(({ address }) => address),
    clock,
  )

  const network: StockNetwork = {
    ...shared,
    request: async (address, request) => {
      const node = byName.get(nameOf(address))
      const { signal, target, token } = request
      if (signal.aborted) return null
      if (node === undefined) return orAbort(new Promise<null>(() => {}), signal)
      stir()
      node.asked += 1
      const rest = {
        closer: closest(target).filter((one) => nameOf(one) !== nameOf(address)),
        token: tokenOf(address),
        id: idOf(address),
      }
      const honest = (): StockAnswer | null => {
        // A wrong token is refused with a right one.
        if (token !== undefined && !equal(token, tokenOf(address)))
          return { ...rest, value: null, error: STOCK_ERROR.invalidToken }
        const outcome = serve(node, request)
        return outcome === null ? null : { ...rest, ...outcome }
      }
      if (node.behaviour === null) return honest()
      const said = await orAbort(Promise.resolve(node.behaviour(request, honest)), signal)
      stir()
      return said
    },
  }
  return {
    network,
    directory: createStockDirectory(network),
    nodes,
    forget: (keeping) => {
      for (const { immutables, mutables } of nodes.slice(keeping)) {
        immutables.clear()
        mutables.clear()
      }
    },
    get asked() {
      return nodes.reduce((sum, { asked }) => sum + asked, 0)
    },
  }
}

/** The nodes nearest to a target, as far as is told. */
export const nearest = ({ nodes }: StockMemory, target: Uint8Array, count: number): readonly StockNode[] => {
  const near = createTopology(nodes.map(({ address }) => address))
    .closest(target)
    .slice(0, count)
  return near.flatMap((address) => nodes.find((node) => nameOf(node.address) === nameOf(address)) ?? [])
}
