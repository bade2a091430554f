import type { Card } from '../../core/card.ts'
import { reachOf, slash24Of } from '../ip-networks.ts'
import { type NodeAddress, nameOf } from '../network-port.ts'
import type { AnswerCollector, Stance } from './answer-collector.ts'
import type { Place } from './places.ts'
import type { Policy } from './policies.ts'

/** What a lookup rests on, for people and programs to judge it by. Nodes are counted once, however many places they are near. */

/** How many nodes take each stance. */
export type Tally = { readonly [S in Stance]: number }

/**
 * What lies at a place. With Handfast's own nodes each of three has a `copy` of everything. Stock nodes have the first entry of the `log`, the
 * `slot` of its present keys, where the card is, and where the `next` slot would be: there a node agrees that holds nothing.
 */
export type PlaceKind = 'copy' | 'log' | 'slot' | 'next'

/** The same of one place. */
export type PlaceEvidence = {
  readonly what: PlaceKind
  /** storage nodes closest to it that answered; how many of them agree, and how many have an older log */
  readonly closest: number
  readonly agreeing: number
  readonly older: number
  /** disjoint paths on which anybody answered, and those that led to a node that agrees */
  readonly paths: number
  readonly pathsAgreeing: number
  /** how many times denser its neighbourhood is than that of a random place; null when that could not be told */
  readonly density: number | null
}

/** What the answer of a lookup rests on: how many nodes were asked, what they said, and how much of the network was seen. */
export type Evidence = Tally & {
  readonly policy: Policy
  /** nodes asked = answered + passed + failed */
  readonly asked: number
  /** nodes that ought to know, being closest to a target, or that claim to: the sum of the stances */
  readonly answered: number
  /** nodes farther away, which hold nothing and only named closer ones */
  readonly passed: number
  /** nodes that gave no answer */
  readonly failed: number
  /** over all places: see PlaceEvidence */
  readonly paths: number
  readonly pathsAgreeing: number
  /** distinct /24 networks of those that answered */
  readonly networks: number
  /** all of these are on this machine or in private networks, which cost nothing to have many addresses in */
  readonly local: boolean
  /** of the densest place; null when one of them could not be told */
  readonly density: number | null
  /** seconds since the card was issued; null without one */
  readonly age: number | null
  /** whether the walks toward all targets ended by themselves: not by the deadline, and not early by the policy `first` */
  readonly complete: boolean
  readonly places: readonly PlaceEvidence[]
  /**
   * What was shown although nobody who is honest puts it there. `spoiled`: who holds the key of the slot has put there what is no card.
   * `withheld`: a key of the identity names an entry, or another slot, that nobody showed, so that what was found is not its latest.
   */
  readonly flaws: readonly ('spoiled' | 'withheld')[]
}

/** A place, and how what nodes said there agrees with the result; by default as what they said anywhere. */
export type JudgedPlace = Place & {
  readonly what?: PlaceKind
  readonly stance?: (name: string) => Stance | null
}

export type Heard = ReadonlyMap<string, NodeAddress>

/**
 * @param heard the nodes that answered, by name
 * @param now this clock, seconds
 */
export const gatherEvidence = (
  policy: Policy,
  places: readonly JudgedPlace[],
  heard: Heard,
  { stance }: Pick<AnswerCollector, 'stance'>,
  { card, now, flaws = [] }: { readonly card: Card | null; readonly now: number; readonly flaws?: Evidence['flaws'] },
): Evidence => {
  const near = new Set(places.flatMap(({ closest }) => closest.map(({ node }) => nameOf(node))))
  const tally = { agreeing: 0, older: 0, empty: 0, unread: 0, invalid: 0 }
  const answering: NodeAddress[] = []
  for (const [name, node] of heard) {
    const said = stance(name)
    if (said === null || (said === 'empty' && !near.has(name))) continue
    tally[said] += 1
    answering.push(node)
  }
  const asked = new Set(places.flatMap((place) => place.asked))
  const each = places.map((place) => gatherPlace(place, stance))
  const densities = each.map(({ density }) => density)
  return {
    policy,
    asked: asked.size,
    answered: answering.length,
    ...tally,
    passed: heard.size - answering.length,
    failed: asked.size - heard.size,
    paths: sum(each.map(({ paths }) => paths)),
    pathsAgreeing: sum(each.map(({ pathsAgreeing }) => pathsAgreeing)),
    networks: new Set(answering.map(({ host }) => slash24Of(host))).size,
    local: answering.every((node) => reachOf(node) !== 'public'),
    density: densities.includes(null) ? null : Math.max(...densities.map((density) => density ?? 0)),
    age: card === null ? null : Math.max(0, now - card.from),
    complete: places.every(({ complete }) => complete),
    places: each,
    flaws,
  }
}

const gatherPlace = (
  { closest, paths, density, what = 'copy', stance: here }: JudgedPlace,
  anywhere: AnswerCollector['stance'],
): PlaceEvidence => {
  const stance = here ?? anywhere
  const agrees = (name: string): boolean => stance(name) === 'agreeing'
  const stances = closest.map(({ node }) => stance(nameOf(node)))
  const walked = paths.filter((names) => names.some((name) => stance(name) !== null))
  return {
    what,
    closest: closest.length,
    agreeing: stances.filter((one) => one === 'agreeing').length,
    older: stances.filter((one) => one === 'older').length,
    paths: walked.length,
    pathsAgreeing: walked.filter((names) => names.some(agrees)).length,
    density,
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)
