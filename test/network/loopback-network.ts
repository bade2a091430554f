/** A DHT network on 127.0.0.1 for one test: real nodes, closed when the test ends. */

import { randomBytes } from 'node:crypto'
import type { TestContext } from 'node:test'
import type { NodeAddress } from '../../src/directory/network-port.ts'
import { createNode, type DhtNode, type NodeOptions } from '../../src/network/node.ts'
import { createTransport, type FrameStream, type Transport } from '../../src/network/transport.ts'

export type LoopbackNetwork = {
  readonly nodes: readonly DhtNode[]
  readonly bootstrap: readonly NodeAddress[]
  join(options?: Partial<NodeOptions>): Promise<DhtNode>
}

export const startNetwork = async (t: TestContext, size = 3): Promise<LoopbackNetwork> => {
  const open: DhtNode[] = []
  // Storage nodes last: the others say goodbye to them.
  t.after(async () => {
    await Promise.all(open.filter((node) => node.dht.ephemeral).map((node) => node.close()))
    await Promise.all(open.map((node) => node.close()))
  })
  const add = async (options: NodeOptions): Promise<DhtNode> => {
    const node = await createNode(options)
    open.push(node)
    return node
  }
  const first = await add({ bootstrap: [], first: true, storage: true })
  const bootstrap = [addressOf(first)]
  const rest = await Promise.all(Array.from({ length: size - 1 }, () => add({ bootstrap, storage: true })))
  return { nodes: [first, ...rest], bootstrap, join: (options = {}) => add({ bootstrap, ...options }) }
}

export const addressOf = ({ host, port }: DhtNode): NodeAddress => ({ host, port })

export type Pair = {
  readonly alice: DhtNode
  readonly bob: DhtNode
  readonly aliceTransport: Transport
  readonly bobTransport: Transport
  /** Alice's side of a new stream, then Bob's. */
  connect(): Promise<[FrameStream, FrameStream]>
}

/** Alice and Bob in a small network; Bob listens. */
export const startPair = async (t: TestContext): Promise<Pair> => {
  const network = await startNetwork(t)
  const [alice, bob] = await Promise.all([network.join(), network.join()])
  const aliceTransport = createTransport(alice, randomBytes(32))
  const bobTransport = createTransport(bob, randomBytes(32))
  const incoming = await bobTransport.listen()
  return {
    alice,
    bob,
    aliceTransport,
    bobTransport,
    connect: async () => Promise.all([aliceTransport.connect(bobTransport.publicKey), nextOf(incoming)]),
  }
}

/** The next value; throws when the iterator has ended. */
export const nextOf = async <T>(iterator: AsyncIterator<T>): Promise<T> => {
  const { value, done } = await iterator.next()
  if (done === true) throw new Error('the iterator has ended')
  return value
}

/** The code of the error that `work` rejects with; undefined when it resolves. */
export const codeOf = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
  )
