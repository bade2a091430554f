/** The DHT: real storage nodes, each with a UDP socket of its own on 127.0.0.1. */

import { hex } from '../src/core/bytes.ts'
import { sha256 } from '../src/core/kdf.ts'
import { createStorage, type Storage } from '../src/directory/node/storage.ts'
import { COMMAND, decodeGetAnswer, encodeMessage, type GetAnswer } from '../src/directory/request-format.ts'
import { joinDirectory } from '../src/network/directory-plugin.ts'
import { createNode, type DhtNode } from '../src/network/node.ts'

/** What one storage node keeps of an identity: hashes in hex, null where it keeps nothing. */
export type Holding = { readonly head: string | null; readonly card: string | null }

export type Network = {
  readonly nodes: readonly DhtNode[]
  /** where others enter it: 'host:port' */
  readonly bootstrap: readonly string[]
  /** Asks every storage node in turn what it keeps of `id`, without the network. */
  holdings(id: Uint8Array): readonly Holding[]
  close(): Promise<void>
}

/** How many nodes newcomers are told of. */
const BOOTSTRAP_NODES = 3

/** Starts `size` nodes; a test may give them another storage than the real one. */
export const startNetwork = async (size: number, makeStorage: () => Storage = createStorage): Promise<Network> => {
  const nodes: DhtNode[] = []
  const storages: Storage[] = []
  const close = async (): Promise<void> => void (await Promise.all(nodes.map((node) => node.close())))

  const start = async (options: Parameters<typeof createNode>[0]): Promise<DhtNode> => {
    const node = await createNode({ ...options, storage: true })
    const storage = makeStorage()
    joinDirectory(node.dht, storage)
    nodes.push(node)
    storages.push(storage)
    return node
  }

  const first = await start({ bootstrap: [], first: true })
  const bootstrap = [{ host: first.host, port: first.port }]
  const others = await Promise.allSettled(Array.from({ length: size - 1 }, () => start({ bootstrap })))
  const failed = others.find((other) => other.status === 'rejected')
  if (failed !== undefined) {
    await close()
    throw failed.reason
  }
  return {
    nodes,
    bootstrap: nodes.slice(0, BOOTSTRAP_NODES).map(({ host, port }) => `${host}:${port}`),
    holdings: (id) => storages.map((storage) => holdingOf(storage, id)),
    close,
  }
}

const holdingOf = (storage: Storage, id: Uint8Array): Holding => {
  const ask = (from: number): GetAnswer | null => {
    const request = { now: Math.floor(Date.now() / 1000), proven: false }
    const answer = storage.handle(COMMAND.get, encodeMessage({ id, from }), request)
    return answer === null ? null : decodeGetAnswer(answer)
  }
  const log = ask(0)
  // Cards are numbered behind the entries.
  const card = ask(log?.entryCount ?? 0)?.cards.at(0)
  return { head: log?.tip ? hex(log.tip) : null, card: card === undefined ? null : hex(sha256(card)) }
}
