import { KINDS_AGE_MS, KINDS_GRACE_MAX_MS, KINDS_GRACE_MIN_MS, KINDS_MAX_MS, KINDS_SAMPLE } from '../limits.ts'
import type { DirectoryNetwork, NodeAddress } from '../network-port.ts'
import type { StockNetwork } from '../stock-port.ts'
import { askForIdentity } from './get-requests.ts'

/** What the nodes of this network understand: the requests of Handfast's own nodes, or HyperDHT's alone. */

export type Understood =
  /** all that answered are nodes of Handfast */
  | 'own'
  /** none is */
  | 'stock'
  /** some are: `mostly` says which are more */
  | 'both'

export type KindsReading = { readonly understood: Understood; readonly mostly: 'own' | 'stock' }

export type NodeKinds = {
  /** What is known, or found out now: by asking nodes around a random place. null when nobody answered. Never rejects. */
  look(): Promise<KindsReading | null>
  /** What was found out last. */
  last(): KindsReading | null
}

const TARGET_BYTES = 32

type Kind = 'own' | 'stock'

/** What a node answers to; null when it is silent. A stock node says nothing at all to what it does not understand. */
const kindOf = async (
  own: DirectoryNetwork,
  stock: StockNetwork,
  node: NodeAddress,
  signal: AbortSignal,
): Promise<Kind | null> => {
  const { clock, random } = own
  const target = random(TARGET_BYTES)
  const { promise, resolve } = Promise.withResolvers<Kind | null>()
  const began = clock.now()
  let callOff = (): void => {}
  const isOwn = askForIdentity(own, target)(node, target, signal).then((answer) => {
    if (answer?.value != null) resolve('own')
  })
  const isStock = stock
    .request(node, { command: 'immutable-get', target, value: null, signal })
    .then((answer): boolean => {
      if (answer?.value == null) return false
      // Both were asked at once: the answer to the other takes about as long.
      const grace = Math.min(KINDS_GRACE_MAX_MS, Math.max(KINDS_GRACE_MIN_MS, 2 * (clock.now() - began)))
      callOff = clock.after(grace, () => resolve('stock'))
      return true
    })
  void Promise.all([isStock, isOwn]).then(([answered]) => resolve(answered ? 'stock' : null))
  try {
    return await promise
  } finally {
    callOff()
  }
}

/** What so many nodes answer to; those that are silent are waited for until half of all have answered, and a little longer. */
const kindsOf = async (
  own: DirectoryNetwork,
  stock: StockNetwork,
  nodes: readonly NodeAddress[],
): Promise<readonly Kind[]> => {
  const over = new AbortController()
  const kinds: Kind[] = []
  const callOffs = [own.clock.after(KINDS_MAX_MS, () => over.abort())]
  await Promise.all(
    nodes.map(async (node) => {
      const kind = await kindOf(own, stock, node, over.signal)
      if (kind !== null) kinds.push(kind)
      if (2 * kinds.length >= nodes.length && callOffs.length === 1)
        callOffs.push(own.clock.after(KINDS_GRACE_MAX_MS, () => over.abort()))
    }),
  )
  for (const callOff of callOffs) callOff()
  over.abort()
  return kinds
}

export const createNodeKinds = (own: DirectoryNetwork, stock: StockNetwork): NodeKinds => {
  const { clock } = own
  let known: { readonly at: number; readonly reading: KindsReading } | null = null
  let looking: Promise<KindsReading | null> | undefined

  const look = async (): Promise<KindsReading | null> => {
    const nodes = await own.seeds(own.random(TARGET_BYTES))
    const kinds = await kindsOf(own, stock, nodes.slice(0, KINDS_SAMPLE))
    const count = (kind: Kind): number => kinds.filter((one) => one === kind).length
    const [owns, stocks] = [count('own'), count('stock')]
    if (owns + stocks === 0) return null
    const mostly = owns > stocks ? 'own' : 'stock'
    const reading: KindsReading = { understood: stocks === 0 ? 'own' : owns === 0 ? 'stock' : 'both', mostly }
    known = { at: clock.now(), reading }
    return reading
  }

  return {
    look: () => {
      if (known !== null && clock.now() - known.at < KINDS_AGE_MS) return Promise.resolve(known.reading)
      looking ??= look().finally(() => {
        looking = undefined
      })
      // What was found out before is good enough until something else is.
      return known === null ? looking : Promise.resolve(known.reading)
    },
    last: () => known?.reading ?? null,
  }
}
