import { equal } from '../../core/bytes.ts'
import { isCurrent, type SignedCard } from '../../core/card.ts'
import { DirectoryError } from '../../core/errors.ts'
import type { KeyLog } from '../../core/key-log.ts'
import type { Stance } from '../client/answer-collector.ts'
import { type Evidence, gatherEvidence, type Heard, type JudgedPlace } from '../client/evidence.ts'
import type { Freshness, Lookup, LookupOptions } from '../client/lookup.ts'
import { DEFAULT_POLICY } from '../client/policies.ts'
import { judge } from '../client/verdict.ts'
import { DENSITY_SUSPECT } from '../limits.ts'
import { nameOf } from '../network-port.ts'
import type { StockNetwork } from '../stock-port.ts'
import { type Explored, explore } from './explore.ts'
import type { StockCollector } from './stock-collector.ts'
import { type DecidingPlace, decidingPlaces } from './value-places.ts'

/** What was found among stock nodes, and all that it rests on. */
export type StockLookup = { readonly lookup: Lookup; readonly explored: Explored }

/**
 * Finds an identity's log and freshest card among nodes that know nothing of Handfast.
 * @throws DirectoryError ERR_LOOKUP_NOT_FOUND, ERR_LOOKUP_INCOMPLETE
 */
export const lookupStock = async (
  network: StockNetwork,
  id: Uint8Array,
  { now, signal, anchor, known, policy = DEFAULT_POLICY, detour }: LookupOptions,
): Promise<StockLookup> => {
  const explored = await explore(network, id, { now, signal, anchor, known, policy, detour })
  const { collector } = explored
  const found = collector.finding()
  if (found === null) throw missing(id, explored)
  const { log, card, latest, fork } = found
  const judged = judgedPlaces(explored, log)
  const heard = heardAt(explored, judged)
  const flaws = flawsOf(collector, log, card)
  const stance = overall(judged)
  const evidence = gatherEvidence(policy, judged, heard, { stance }, { card: card?.card ?? null, now, flaws })
  // A card under keys that were replaced vouches for nothing, however young it is, nor does one that somebody else could have signed.
  const freshnessOf = (one: SignedCard | null): Freshness =>
    one !== null && isCurrent(one.card, now) && flaws.length === 0 ? 'current' : 'stale'
  const freshness = freshnessOf(card)
  const devices = latest.map((one) => ({ device: one.card.device, card: one, freshness: freshnessOf(one) }))
  const verdict = judge({ log, fork, freshness, evidence })
  const holding = judged.filter(({ what }) => what !== 'next')
  const disagree = (place: Judged): Lookup['lacking'] =>
    place.closest
      .filter(({ node }) => place.stance(nameOf(node)) !== 'agreeing')
      .map((one) => ({ ...one, target: place.target }))
  const lacking = holding.flatMap(disagree)
  const holders = judged
    .filter(({ what }) => what === 'slot')
    .flatMap(({ closest, stance: at }) => closest.filter(({ node }) => at(nameOf(node)) === 'agreeing'))
  return { explored, lookup: { log, card, fork, devices, freshness, evidence, verdict, holders, lacking } }
}

type Judged = JudgedPlace & Required<Pick<JudgedPlace, 'what' | 'stance'>>

/** What became of a place that there was no time for. */
const UNWALKED = { closest: [], distances: [], asked: [], paths: [], complete: false, density: null }

const judgedPlaces = ({ collector, walked }: Explored, log: KeyLog): readonly Judged[] =>
  decidingPlaces(log).map((place) => {
    const { target, what } = place
    const walk = walked(place) ?? { ...UNWALKED, target }
    const near = new Set(walk.closest.map(({ node }) => nameOf(node)))
    return { ...walk, what, stance: (name) => stanceNear(collector, place, name, near) }
  })

/** Who is far from where the next slot would be need not know whether it is there. */
const stanceNear = (
  { stance }: StockCollector,
  place: DecidingPlace,
  name: string,
  near: ReadonlySet<string>,
): Stance | null => {
  const said = stance(place, name)
  return place.what === 'next' && said === 'agreeing' && !near.has(name) ? 'empty' : said
}

/** A node is counted once: as at the place where it says least for what was found. */
const ORDER: readonly Stance[] = ['invalid', 'unread', 'older', 'empty', 'agreeing']

const overall =
  (places: readonly Judged[]) =>
  (name: string): Stance | null => {
    const near = places.filter(({ closest }) => closest.some(({ node }) => nameOf(node) === name))
    const said = places.map((place) => ({ stance: place.stance(name), isNear: near.includes(place) }))
    // Who is far from a place, and has nothing there, says nothing by that.
    const counts = said.filter(({ stance, isNear }) => isNear || stance !== 'empty').map(({ stance }) => stance)
    return (
      ORDER.find((stance) => counts.includes(stance)) ?? (said.some(({ stance }) => stance !== null) ? 'empty' : null)
    )
  }

/** Nodes that answered on the way to these places. */
const heardAt = ({ heard }: Explored, places: readonly Judged[]): Heard => {
  const there = new Set(places.flatMap(({ paths }) => paths.flat()))
  return new Map([...heard].filter(([name]) => there.has(name)))
}

const flawsOf = (collector: StockCollector, log: KeyLog, card: SignedCard | null): Evidence['flaws'] => {
  const places = decidingPlaces(log).filter(({ what }) => what !== 'log')
  const isSpoiled = places.some((place) => collector.isSpoiled(place, log))
  const isWithheld = places.some((place) => collector.leadsOn(place, card?.card.serial ?? -1))
  return [...(isSpoiled ? (['spoiled'] as const) : []), ...(isWithheld ? (['withheld'] as const) : [])]
}

/** "Not found" only when most nodes asked where it begins said so: silence, nonsense, and a suspiciously dense crowd prove nothing. */
const missing = (id: Uint8Array, { collector, walked, heard }: Explored): DirectoryError => {
  const place = collector.places().find(({ target }) => equal(target, id))
  const walk = place === undefined ? undefined : walked(place)
  const asked = walk?.asked ?? []
  const empty = asked.filter(
    (name) => place !== undefined && collector.stance({ ...place, what: 'log' }, name) === 'empty',
  )
  const conclusive = walk?.complete === true && 2 * empty.length > asked.length && (walk.density ?? 0) < DENSITY_SUSPECT
  const silent = asked.filter((name) => !heard.has(name)).length
  const hint = `${asked.length - silent} nodes answered, ${silent} did not`
  return new DirectoryError(conclusive ? 'ERR_LOOKUP_NOT_FOUND' : 'ERR_LOOKUP_INCOMPLETE', { hint })
}
