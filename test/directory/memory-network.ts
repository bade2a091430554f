import { equal, hex, utf8 } from '../../src/core/bytes.ts'
import { sha256 } from '../../src/core/kdf.ts'
import type { ClosestNode, DirectoryNetwork, NodeAddress } from '../../src/directory/network-port.ts'
import { nameOf } from '../../src/directory/network-port.ts'
import { createStorage, type Storage } from '../../src/directory/storage.ts'
import { NOW } from '../core/identities.ts'

/** A DirectoryNetwork without sockets: storage nodes that anyone may replace by liars. */

/** What one node answers: bytes, null for "no answer", or a promise that may never come. */
export type Behaviour = (request: {
  readonly command: number
  readonly value: Uint8Array
  /** what the node's own storage would answer to this, or to another value */
  readonly honest: (other?: Uint8Array) => Uint8Array | null
}) => Uint8Array | null | Promise<Uint8Array | null>

export type MemoryNode = {
  readonly address: NodeAddress
  readonly storage: Storage
  /** replaces the honest answer */
  behaviour: Behaviour | null
  /** requests it got since the network began, by command */
  readonly asked: Map<number, number>
}

export type MemoryNetwork = {
  readonly network: DirectoryNetwork
  readonly nodes: readonly MemoryNode[]
  /** seconds; the clock of every node */
  now: number
}

const CLOSEST_MAX = 20

/** Where all requests come from. */
const CLIENT = '192.0.2.1'

const distance = (target: Uint8Array, node: NodeAddress): string => {
  const id = sha256(utf8(nameOf(node)))
  return hex(id.map((byte, index) => byte ^ (target[index] ?? 0)))
}

export const tokenOf = (node: NodeAddress): Uint8Array => sha256(utf8(`token of ${nameOf(node)}`))

/** Resolves with null as soon as `signal` aborts. */
const orAbort = async <T>(work: Promise<T | null>, signal: AbortSignal): Promise<T | null> => {
  if (signal.aborted) return null
  const { promise, resolve } = Promise.withResolvers<null>()
  const stop = (): void => resolve(null)
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

export const createMemoryNetwork = (
  size: number,
  { capacity }: { readonly capacity?: number | undefined } = {},
): MemoryNetwork => {
  const nodes = Array.from(
    { length: size },
    (_, index): MemoryNode => ({
      address: { host: `10.0.${index >> 8}.${index & 255}`, port: 49737 },
      storage: createStorage(capacity === undefined ? {} : { capacity }),
      behaviour: null,
      asked: new Map(),
    }),
  )
  const byName = new Map(nodes.map((node) => [nameOf(node.address), node]))
  const clock = { now: NOW }

  const ask = async (
    node: MemoryNode,
    command: number,
    value: Uint8Array,
    token: Uint8Array | undefined,
    signal: AbortSignal,
  ): Promise<Uint8Array | null> => {
    node.asked.set(command, (node.asked.get(command) ?? 0) + 1)
    // A wrong token is an error reply, which is no answer.
    if (token !== undefined && !equal(token, tokenOf(node.address))) return null
    const honest = (other: Uint8Array = value): Uint8Array | null =>
      node.storage.handle(command, other, { now: clock.now, proven: token !== undefined, from: CLIENT })
    const answer = Promise.resolve(node.behaviour === null ? honest() : node.behaviour({ command, value, honest }))
    return orAbort(answer, signal)
  }

  const network: DirectoryNetwork = {
    walk: async (target, command, value, { signal, onAnswer }) => {
      const sorted = nodes.toSorted((a, b) => (distance(target, a.address) < distance(target, b.address) ? -1 : 1))
      const closest: ClosestNode[] = []
      let failed = 0
      // Like Kademlia: nearer nodes first, and on until enough have answered.
      while (sorted.length > 0 && closest.length < CLOSEST_MAX && !signal.aborted) {
        const round = sorted.splice(0, CLOSEST_MAX - closest.length)
        const answers = await Promise.all(
          round.map(async (node) => {
            const answer = await ask(node, command, value, undefined, signal)
            if (answer !== null) onAnswer(node.address, answer, tokenOf(node.address))
            return answer
          }),
        )
        for (const [index, node] of round.entries()) {
          if (answers[index] === null) failed += 1
          else closest.push({ node: node.address, token: tokenOf(node.address) })
        }
      }
      return { closest, failed, complete: !signal.aborted }
    },
    request: async (address, command, value, { signal, token }) => {
      const node = byName.get(nameOf(address))
      return node === undefined || signal.aborted ? null : ask(node, command, value, token, signal)
    },
  }
  return Object.assign(clock, { network, nodes })
}

/** Behaviours of nodes that fail or lie. */
export const silent: Behaviour = () => null

/** Never answers; only the deadline ends the waiting. */
export const hanging: Behaviour = () => new Promise(() => {})

export const saying =
  (value: Uint8Array): Behaviour =>
  () =>
    value
