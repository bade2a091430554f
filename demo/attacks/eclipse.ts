/** Mallory surrounds Alice: a network of her own nodes only, which tell of Bob what was true before. */

import { type Hand, startNode } from './hand.ts'
import { rememberedPast } from './lying-nodes.ts'

const NODES = 4

/** Starts the network; resolves with the list of nodes ('host:port') that Alice will be told to start from. */
export const startEclipse = async (hand: Hand): Promise<readonly string[]> => {
  const first = await startNode(hand, rememberedPast(hand), { bootstrap: [], first: true })
  const bootstrap = [{ host: first.host, port: first.port }]
  const others = await Promise.all(
    Array.from({ length: NODES - 1 }, () => startNode(hand, rememberedPast(hand), { bootstrap })),
  )
  return [first, ...others].map(({ host, port }) => `${host}:${port}`)
}
