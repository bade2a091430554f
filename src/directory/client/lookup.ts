import { isCurrent, type SignedCard } from '../../core/card.ts'
import { DirectoryError } from '../../core/errors.ts'
import type { Anchor, KeyLog } from '../../core/key-log.ts'
import { DENSITY_SUSPECT } from '../limits.ts'
import { type ClosestNode, type DirectoryNetwork, nameOf } from '../network-port.ts'
import { type AnswerCollector, createAnswerCollector, type Finding } from './answer-collector.ts'
import { type Evidence, gatherEvidence } from './evidence.ts'
import { askForMore, type KnownNode } from './get-requests.ts'
import type { Place } from './places.ts'
import { DEFAULT_POLICY, EFFORT, type Policy } from './policies.ts'
import { search } from './search.ts'
import { judge, type Verdict } from './verdict.ts'
import type { Heard } from './walk-runner.ts'

export type Freshness = 'current' | 'stale'

/** A device of an identity, and what it last said of itself. */
export type DeviceCard = {
  /** its place in the `devices` of the log's last entry */
  readonly device: number
  /** its card of the latest serial */
  readonly card: SignedCard
  readonly freshness: Freshness
}

const freshnessOf = (card: SignedCard | null, now: number): Freshness =>
  card !== null && isCurrent(card.card, now) ? 'current' : 'stale'

/** What the network says of an identity, verified to its address, and how far that can be trusted to be the latest. */
export type Lookup = Omit<Finding, 'latest'> & {
  /** `stale` when no unexpired card vouches for the log's head */
  readonly freshness: Freshness
  /** the devices of which a card was found, each once */
  readonly devices: readonly DeviceCard[]
  readonly evidence: Evidence
  /** what the evidence amounts to; only its kind `current` says that nothing newer is likely to be hidden */
  readonly verdict: Verdict
  /** nodes that say they hold the log that stands: the closest to all replica targets in turn, then others */
  readonly holders: readonly KnownNode[]
  /** nodes closest to a target that do not agree, each with the target it is close to */
  readonly lacking: readonly (ClosestNode & { readonly target: Uint8Array })[]
}

export type LookupOptions = {
  readonly now: number
  readonly signal: AbortSignal
  /** an entry that a person has confirmed: of a fork that parts before it, the branch through it stands */
  readonly anchor?: Anchor | null | undefined
  /** a log of the identity that was verified before: where the places follow from the log, the way begins at its end */
  readonly known?: KeyLog | null | undefined
  /** Default: `fresh`. */
  readonly policy?: Policy | undefined
  /** Begins its walks at random places, so that they come from elsewhere than those of a publication. Default: false. */
  readonly detour?: boolean | undefined
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
  { now, signal, anchor, policy = DEFAULT_POLICY, detour }: LookupOptions,
): Promise<Lookup> => {
  const effort = EFFORT[policy]
  const answers = createAnswerCollector(id, now, anchor)
  const enough = new AbortController()
  const asking = AbortSignal.any([signal, enough.signal])
  const readings = new Map<string, KnownNode & { readonly done: Promise<void> }>()

  const isEnough = (): boolean => {
    const found = effort.early ? answers.finding() : null
    return found?.fork === null && found.card !== null && isCurrent(found.card.card, now)
  }
  const onAnswer = (target: Uint8Array, heard: Heard): void => {
    const name = nameOf(heard.node)
    // A node near several targets is read once: its places are counted from one answer to the next.
    if (readings.has(name)) return
    const reading = readOn(network, answers, { id, target, signal: asking }, heard)
    const done = reading.then(() => (isEnough() ? enough.abort() : undefined))
    readings.set(name, { node: heard.node, token: heard.token, done })
  }

  const places = await search(network, id, { effort, signal: asking, detour, onAnswer })
  await Promise.all([...readings.values()].map(({ done }) => done))
  const found = answers.finding()
  if (found === null) throw missing(places, readings, answers)
  const { log, card, latest, fork } = found
  const heard = new Map([...readings].map(([name, { node }]) => [name, node]))
  const evidence = gatherEvidence(policy, places, heard, answers, { card: card?.card ?? null, now })
  const freshness = freshnessOf(card, now)
  const devices = latest.map((one) => ({ device: one.card.device, card: one, freshness: freshnessOf(one, now) }))
  const verdict = judge({ log, fork, freshness, evidence })
  const lacking = places.flatMap(({ closest, target }) =>
    closest.filter(({ node }) => answers.stance(nameOf(node)) !== 'agreeing').map((one) => ({ ...one, target })),
  )
  const holders = holdersOf(places, readings, answers)
  return { log, card, fork, devices, freshness, evidence, verdict, holders, lacking }
}

type Readings = ReadonlyMap<string, KnownNode>

/** "Not found" only when most nodes asked at every target said so: silence, nonsense, and a suspiciously dense crowd prove nothing. */
const missing = (places: readonly Place[], heard: Readings, { stance }: AnswerCollector): DirectoryError => {
  const conclusive = places.every(({ asked, complete, density }) => {
    const empty = asked.filter((name) => stance(name) === 'empty').length
    return complete && empty > asked.length - empty && (density ?? 0) < DENSITY_SUSPECT
  })
  const asked = new Set(places.flatMap((place) => place.asked)).size
  const hint = `${heard.size} nodes answered, ${asked - heard.size} did not`
  return new DirectoryError(conclusive ? 'ERR_LOOKUP_NOT_FOUND' : 'ERR_LOOKUP_INCOMPLETE', { hint })
}

const holdersOf = (places: readonly Place[], heard: Readings, { stance }: AnswerCollector): readonly KnownNode[] => {
  const nearest = inTurn(places.map(({ closest }) => closest))
  const names = new Set(nearest.map(({ node }) => nameOf(node)))
  const others = [...heard].filter(([name]) => !names.has(name)).map(([, { node, token }]) => ({ node, token }))
  return [...nearest, ...others].filter(({ node }) => stance(nameOf(node)) === 'agreeing')
}

/** The first of every list, then the second of every list, and so on; each node once. */
const inTurn = (lists: readonly (readonly ClosestNode[])[]): readonly ClosestNode[] => {
  const longest = Math.max(0, ...lists.map(({ length }) => length))
  const all = Array.from({ length: longest }, (_, index) => lists.flatMap((list) => list[index] ?? [])).flat()
  return [...new Map(all.map((one) => [nameOf(one.node), one])).values()]
}

type Reading = { readonly id: Uint8Array; readonly target: Uint8Array; readonly signal: AbortSignal }

/** Asks one node page after page until it has told all that matters. */
const readOn = async (
  network: DirectoryNetwork,
  answers: AnswerCollector,
  { id, ...options }: Reading,
  { node, token, value }: Heard,
): Promise<void> => {
  const name = nameOf(node)
  let from = answers.accept(name, value)
  while (from !== null && !options.signal.aborted) {
    const answer = await askForMore(network, { node, token, id, from }, options)
    if (answer === null) return
    from = answers.accept(name, answer)
  }
}
