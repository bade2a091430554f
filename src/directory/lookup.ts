import { concat } from '../core/bytes.ts'
import { checkKem, isCurrent, type SignedCard } from '../core/card.ts'
import { DirectoryError } from '../core/errors.ts'
import type { Anchor } from '../core/key-log.ts'
import { type Collector, createCollector, type Finding, type Tally } from './collector.ts'
import { COMMAND, decodeGetKemHalfAnswer, encodeMessage, encodePaddedGet } from './messages.ts'
import { type ClosestNode, type DirectoryNetwork, nameOf } from './network-port.ts'
import { replicaTargets } from './replicas.ts'

/** What a lookup rests on, for people and programs to judge it by. */
export type Evidence = Tally & {
  /** requests on the walks that got no answer; a silent node near several targets counts at each */
  readonly failed: number
  /** whether the walks toward all replica targets ended before the deadline */
  readonly complete: boolean
}

export type Freshness = 'current' | 'stale'

export type Lookup = Finding & {
  /** `stale` when no unexpired card vouches for the log's head */
  readonly freshness: Freshness
  readonly evidence: Evidence
  /** closest nodes that say they hold the log that stands, nearest first, from all replica targets in turn */
  readonly holders: readonly ClosestNode[]
}

export type LookupOptions = {
  readonly now: number
  readonly signal: AbortSignal
  /** an entry that a person has confirmed: of a fork that parts before it, the branch through it stands */
  readonly anchor?: Anchor | null | undefined
}

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
  { now, signal, anchor }: LookupOptions,
): Promise<Lookup> => {
  const collector = createCollector(id, now, anchor)
  // So long that the first page may be large, although no node has given a token yet.
  const value = encodePaddedGet({ id, from: 0 })
  // A node near several targets is read once: its places are counted from one answer to the next.
  const readings = new Map<string, Promise<void>>()
  const walks = await Promise.all(
    replicaTargets(id).map(async (target) => {
      const names = new Set<string>()
      const walk = await network.walk(target, COMMAND.get, value, {
        signal,
        onAnswer: (node, answer, token) => {
          const name = nameOf(node)
          names.add(name)
          if (!readings.has(name))
            readings.set(name, readOn(network, collector, { id, target, node, token }, answer, signal))
        },
      })
      return { ...walk, names: [...names] }
    }),
  )
  await Promise.all(readings.values())
  const tally = collector.tally()
  const failed = walks.reduce((sum, walk) => sum + walk.failed, 0)
  const evidence = { ...tally, failed, complete: walks.every((walk) => walk.complete) }
  const found = collector.finding()
  if (found === null) {
    // Most nodes asked at every target have to say "nothing": silence and nonsense say nothing at all.
    const conclusive = walks.every(({ complete, failed, names }) => {
      const empty = names.filter((name) => collector.stance(name) === 'empty').length
      return complete && empty > names.length - empty + failed
    })
    const hint = `${tally.answered} nodes answered, ${failed} requests failed`
    throw new DirectoryError(conclusive ? 'ERR_LOOKUP_NOT_FOUND' : 'ERR_LOOKUP_INCOMPLETE', { hint })
  }
  const freshness = found.card !== null && isCurrent(found.card.card, now) ? 'current' : 'stale'
  const nearest = inTurn(walks.map(({ closest }) => closest))
  const holders = nearest.filter(({ node }) => collector.stance(nameOf(node)) === 'agreeing')
  return { ...found, freshness, evidence, holders }
}

/** The first of every list, then the second of every list, and so on; each node once. */
const inTurn = (lists: readonly (readonly ClosestNode[])[]): readonly ClosestNode[] => {
  const longest = Math.max(0, ...lists.map(({ length }) => length))
  const all = Array.from({ length: longest }, (_, index) => lists.flatMap((list) => list[index] ?? [])).flat()
  return [...new Map(all.map((closest) => [nameOf(closest.node), closest])).values()]
}

type Reading = { readonly id: Uint8Array; readonly target: Uint8Array; readonly token: Uint8Array | null }

/** Asks one node page after page until it has told all that matters. */
const readOn = async (
  network: DirectoryNetwork,
  collector: Collector,
  { id, target, node, token }: Omit<ClosestNode, 'token'> & Reading,
  first: Uint8Array,
  signal: AbortSignal,
): Promise<void> => {
  const options = token === null ? { signal, target } : { signal, target, token }
  const name = nameOf(node)
  let from = collector.accept(name, first)
  while (from !== null && !signal.aborted) {
    const answer = await network.request(node, COMMAND.get, encodeMessage({ id, from }), options)
    if (answer === null) return
    from = collector.accept(name, answer)
  }
}

/**
 * Fetches the ML-KEM-768 key (1184 bytes) a published card commits to from the nodes that hold the log. All are asked at once:
 * silent nodes near a target must not use up the time.
 * @throws DirectoryError ERR_LOOKUP_NOT_FOUND when each of them answered and none has it, ERR_LOOKUP_INCOMPLETE otherwise
 */
export const fetchKem = async (
  network: DirectoryNetwork,
  { card, holders }: { readonly card: SignedCard; readonly holders: readonly ClosestNode[] },
  signal: AbortSignal,
): Promise<Uint8Array> => {
  const { id } = card.card
  const target = replicaTargets(id)[0] ?? id
  const done = new AbortController()
  const options = { signal: AbortSignal.any([signal, done.signal]), target }
  let silent = holders.length === 0
  const ask = async ({ node, token }: ClosestNode, half: number): Promise<Uint8Array | null> => {
    const request = encodeMessage({ id, card: card.hash, half })
    const answer = await network.request(node, COMMAND.getKemHalf, request, { ...options, token })
    silent ||= answer === null
    return answer === null ? null : readHalf(answer)
  }
  const fetch = async (node: ClosestNode): Promise<Uint8Array> => {
    const [first, second] = await Promise.all([ask(node, 0), ask(node, 1)])
    if (!first || !second) throw new DirectoryError('ERR_LOOKUP_NOT_FOUND')
    const kem = concat(first, second)
    checkKem(card.card, kem)
    return kem
  }
  try {
    return await Promise.any(holders.map(fetch))
  } catch (cause) {
    const hint = 'the ML-KEM key of the card'
    throw new DirectoryError(silent ? 'ERR_LOOKUP_INCOMPLETE' : 'ERR_LOOKUP_NOT_FOUND', { hint, cause })
  } finally {
    done.abort()
  }
}

const readHalf = (answer: Uint8Array): Uint8Array | null => {
  try {
    return decodeGetKemHalfAnswer(answer).half
  } catch {
    return null
  }
}
