import { concat } from '../core/bytes.ts'
import { checkKem, isCurrent, type SignedCard } from '../core/card.ts'
import { DirectoryError, HandfastError } from '../core/errors.ts'
import { type Collector, createCollector, type Finding, type Tally } from './collector.ts'
import { COMMAND, decodeGetKemHalfAnswer, encodeMessage } from './messages.ts'
import { type DirectoryNetwork, type NodeAddress, nameOf } from './network-port.ts'
import { replicaTargets } from './replicas.ts'

/** What a lookup rests on, for people and programs to judge it by. */
export type Evidence = Tally & {
  /** nodes that were asked and did not answer */
  readonly failed: number
  /** whether the walks toward all replica targets ended before the deadline */
  readonly complete: boolean
}

export type Freshness = 'current' | 'stale'

export type Lookup = Finding & {
  /** `stale` when no unexpired card vouches for the log's head */
  readonly freshness: Freshness
  readonly evidence: Evidence
  /** nodes that hold the log that stands, nearest to the first replica target first */
  readonly holders: readonly NodeAddress[]
}

export type LookupOptions = { readonly now: number; readonly signal: AbortSignal }

/**
 * Finds an identity's log and freshest card. Every byte is verified; the furthest valid log stands, whoever served it.
 * @param id the 32-byte identity hash
 * @param options.now this clock, seconds
 * @param options.signal the overall deadline: what was found by then is the result
 * @throws DirectoryError ERR_LOOKUP_NOT_FOUND, ERR_LOOKUP_INCOMPLETE
 */
export const lookup = async (
  network: DirectoryNetwork,
  id: Uint8Array,
  { now, signal }: LookupOptions,
): Promise<Lookup> => {
  const collector = createCollector(id, now)
  const value = encodeMessage({ id, from: 0 })
  const walks = await Promise.all(
    replicaTargets(id).map(async (target) => {
      const pages = new Map<string, Promise<void>>()
      const walk = await network.walk(target, COMMAND.get, value, {
        signal,
        onAnswer: (node, answer) => {
          const name = nameOf(node)
          if (!pages.has(name)) pages.set(name, readOn(network, collector, id, target, node, answer, signal))
        },
      })
      await Promise.all(pages.values())
      return { ...walk, answered: pages.size }
    }),
  )
  const tally = collector.tally()
  const failed = walks.reduce((sum, walk) => sum + walk.failed, 0)
  const evidence = { ...tally, failed, complete: walks.every((walk) => walk.complete) }
  const found = collector.finding()
  if (found === null) {
    const conclusive = walks.every((walk) => walk.complete && walk.answered > walk.failed)
    const hint = `${tally.answered} nodes answered, ${failed} requests failed`
    throw new DirectoryError(conclusive ? 'ERR_LOOKUP_NOT_FOUND' : 'ERR_LOOKUP_INCOMPLETE', { hint })
  }
  const freshness = found.card !== null && isCurrent(found.card.card, now) ? 'current' : 'stale'
  const holders = (walks[0]?.closest ?? []).map(({ node }) => node)
  return { ...found, freshness, evidence, holders }
}

/** Asks one node page after page until it has told all that matters. */
const readOn = async (
  network: DirectoryNetwork,
  collector: Collector,
  id: Uint8Array,
  target: Uint8Array,
  node: NodeAddress,
  first: Uint8Array,
  signal: AbortSignal,
): Promise<void> => {
  const name = nameOf(node)
  let from = collector.accept(name, first)
  while (from !== null && !signal.aborted) {
    const answer = await network.request(node, COMMAND.get, encodeMessage({ id, from }), { signal, target })
    if (answer === null) return
    from = collector.accept(name, answer)
  }
}

/**
 * Fetches the ML-KEM-768 key (1184 bytes) a published card commits to, half by half, from the nodes that hold the log.
 * @throws DirectoryError ERR_LOOKUP_NOT_FOUND when none of them has it
 */
export const fetchKem = async (
  network: DirectoryNetwork,
  { card, holders }: { readonly card: SignedCard; readonly holders: readonly NodeAddress[] },
  signal: AbortSignal,
): Promise<Uint8Array> => {
  const { id } = card.card
  const target = replicaTargets(id)[0] ?? id
  for (const node of holders) {
    const halves = await Promise.all(
      [0, 1].map(async (half) => {
        const request = encodeMessage({ id, card: card.hash, half })
        const answer = await network.request(node, COMMAND.getKemHalf, request, { signal, target })
        return answer === null ? null : readHalf(answer)
      }),
    )
    const [first, second] = halves
    if (!first || !second) continue
    const kem = concat(first, second)
    try {
      checkKem(card.card, kem)
      return kem
    } catch (error) {
      if (!(error instanceof HandfastError)) throw error
    }
  }
  throw new DirectoryError('ERR_LOOKUP_NOT_FOUND', { hint: 'the ML-KEM key of the card' })
}

const readHalf = (answer: Uint8Array): Uint8Array | null => {
  try {
    return decodeGetKemHalfAnswer(answer).half
  } catch {
    return null
  }
}
