import { DENSITY_SUSPECT, WITNESS_NETWORKS } from '../limits.ts'
import type { Finding } from './answer-collector.ts'
import type { Evidence, PlaceEvidence, PlaceKind } from './evidence.ts'

/** What a lookup's evidence comes to. */

export type VerdictKind =
  /** no doubt is left that the nodes of this network could raise */
  | 'current'
  /** the same, but of too few nodes to notice an eclipse: all there is in a network of no more than 20 */
  | 'few'
  /** a current card, and a lookup that cannot tell whether there is something newer */
  | 'unconfirmed'
  /** somebody may surround a place where the records are stored: what is newer may be hidden */
  | 'eclipse'
  /** no current card vouches for the log */
  | 'stale'
  /** the owner ended the identity, or who held its keys */
  | 'retired'
  /** another valid log contradicts this one */
  | 'forked'

/** What the evidence of a lookup comes to. */
export type Verdict = {
  readonly kind: VerdictKind
  /** a sentence for people, which says the kind as well */
  readonly reason: string
}

export type Judged = Pick<Finding, 'log' | 'fork'> & {
  readonly freshness: 'current' | 'stale'
  readonly evidence: Evidence
}

/**
 * Judges what was found. `current` needs all of these: a current card, no fork, and a lookup over all paths that ended by itself; 20 nodes
 * at each target and at a random place, and no target 4 times as dense as that place; half of the closest nodes agreeing or older; a
 * third of all paths leading to a node that agrees; and nodes of 10 networks, unless all are private.
 */
export const judge = ({ log, fork, freshness, evidence }: Judged): Verdict => {
  const { density, policy } = evidence
  const counts = describeCounts(evidence)
  if (fork !== null) return { kind: 'forked', reason: `forked: another valid log contradicts this one, ${counts}` }
  const crowd = crowdOf(evidence)
  if (crowd !== null) return { kind: 'eclipse', reason: `possible eclipse: ${crowd}, ${counts}` }
  if (log.last.entry.status === 'retired') return { kind: 'retired', reason: `retired, ${counts}` }
  if (freshness === 'stale') return { kind: 'stale', reason: `stale: ${staleBy(evidence)}, ${counts}` }
  if (policy === 'first')
    return { kind: 'unconfirmed', reason: `verified, but may be old: only the first answer counted, ${counts}` }
  const doubt = evidence.flaws.includes('spoiled') ? SPOILED : doubtOf(evidence)
  if (doubt !== null) return { kind: 'unconfirmed', reason: `unconfirmed: ${doubt}, ${counts}` }
  if (density === null) return { kind: 'few', reason: `current as far as so few nodes can tell, ${counts}` }
  return { kind: 'current', reason: `current, ${counts}` }
}

/** What may be hidden where. */
const HIDDEN: Readonly<Record<PlaceKind, string>> = {
  copy: '',
  log: ' where its log begins',
  slot: ' where its card lies',
  next: ' where its next keys would be announced: a rotation may be hidden',
}

const crowdOf = ({ places }: Evidence): string | null => {
  const density = Math.max(...places.map((place) => place.density ?? 0))
  const crowded = places.find((place) => place.density === density)
  if (crowded === undefined || density < DENSITY_SUSPECT) return null
  return `neighbours are ${Math.floor(density)} times denser than expected${HIDDEN[crowded.what]}`
}

const SPOILED = 'somebody else may hold its present keys, and has put there what is no confirmation'

const staleBy = ({ flaws }: Evidence): string => {
  if (flaws.includes('withheld')) return 'it has newer keys, which nobody showed'
  return flaws.includes('spoiled') ? SPOILED : 'its owner has not confirmed it lately'
}

/**
 * Why something newer than what a lookup found may be hidden from it, whether that is stale, retired or forked; null when nothing says so. A slot
 * that is spoiled hides no rotation, and only a rotation ends what its thief can do.
 */
export const mayMissNewer = (evidence: Evidence): string | null => crowdOf(evidence) ?? doubtOf(evidence)

/** Why a lookup that ended well enough may have missed something newer. */
const doubtOf = (evidence: Evidence): string | null => {
  const { complete, density, places, paths, pathsAgreeing, networks, local, flaws } = evidence
  if (flaws.includes('withheld')) return 'it has newer keys, which nobody showed'
  if (!complete) return 'the time ran out first'
  // Of the closest only: of those on the way the ones that tell nothing are not counted, but those that lie are.
  const sum = (each: (place: PlaceEvidence) => number): number => places.reduce((total, one) => total + each(one), 0)
  if (2 * sum((place) => place.agreeing + place.older) < sum((place) => place.closest)) return 'most nodes told nothing'
  if (3 * pathsAgreeing < paths) return `only ${pathsAgreeing} of ${paths} paths lead to this log`
  if (density !== null && !local && networks < WITNESS_NETWORKS) return `all nodes are in ${networks} networks`
  return null
}

/** "38 of 41 nodes agree, 3 older": those about nobody are left out. */
const describeCounts = ({ answered, agreeing, older, empty, unread, invalid }: Evidence): string =>
  [
    `${agreeing} of ${answered} ${answered === 1 ? 'node agrees' : 'nodes agree'}`,
    older > 0 && `${older} older`,
    empty > 0 && `${empty} with nothing`,
    unread > 0 && `${unread} not shown in full`,
    invalid > 0 && `${invalid} invalid`,
  ]
    .filter((part) => part !== false)
    .join(', ')
