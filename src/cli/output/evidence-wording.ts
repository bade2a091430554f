import type { CliEvent } from './cli-events.ts'
import { count, duration } from './format.ts'

/** What a lookup rests on, for people: in one sentence, and in full. */

const ENDED: Readonly<Record<CliEvent<'evidence'>['policy'], string>> = {
  first: 'at the first valid answer that its owner still confirms',
  fresh: 'at the deadline, before all that could be reached had answered',
  thorough: 'at the deadline, before all that could be reached had answered',
}

const describeDensity = (density: number | null): string =>
  density === null ? 'too few nodes to compare' : `${density.toFixed(1)} times as dense as a random place`

/** "38 of 41 nodes agree, 3 have something older": those about nobody are left out. */
const describeCounts = ({
  answered,
  agreeing,
  older,
  empty,
  unread,
  invalid,
}: CliEvent<'lookup'>['evidence']): string =>
  [
    `${agreeing} of ${answered} ${answered === 1 ? 'node agrees' : 'nodes agree'}`,
    ...(older > 0 ? [`${older} ${older === 1 ? 'has' : 'have'} something older`] : []),
    ...(empty > 0 ? [`${empty} ${empty === 1 ? 'has' : 'have'} nothing`] : []),
    ...(unread > 0 ? [`${unread} did not show all of it`] : []),
    ...(invalid > 0 ? [`${invalid} sent what does not verify`] : []),
  ].join(', ')

/** Where nodes stand too close. */
const WHERE: Readonly<Record<CliEvent<'evidence'>['places'][number]['what'], string>> = {
  copy: 'this address',
  log: 'this address',
  slot: 'its confirmation',
  next: 'where its next keys would be announced',
}

const FLAWS: Readonly<Record<CliEvent<'evidence'>['flaws'][number], string>> = {
  spoiled: 'somebody else may hold its present keys, and has written over its confirmation',
  withheld: 'it has newer keys, which nobody showed',
}

const PLACES: Readonly<Record<'log' | 'slot' | 'next', string>> = { log: 'log', slot: 'slot', next: 'next slot' }

type Sentence = (found: Pick<CliEvent<'lookup'>, 'verdict' | 'evidence' | 'clock'>) => string

const VERDICTS: Readonly<Record<CliEvent<'lookup'>['verdict']['kind'], Sentence>> = {
  current: ({ evidence }) => `nothing newer is known: ${describeCounts(evidence)}`,
  few: ({ evidence }) => `nothing newer is known, as far as so few nodes can tell: ${describeCounts(evidence)}`,
  // Why it is not certain is a sentence for people already.
  unconfirmed: ({ verdict }) => verdict.reason,
  eclipse: ({ evidence }) => {
    const density = Math.max(...evidence.places.map((place) => place.density ?? 0))
    const crowded = evidence.places.find((place) => place.density === density)
    const where = WHERE[crowded?.what ?? 'copy']
    return `somebody may hide what is newer: the nodes around ${where} are ${Math.floor(density)} times denser than elsewhere, ${describeCounts(evidence)}`
  },
  stale: ({ evidence, clock }) => {
    if (clock.off) return `by a clock that is off, no confirmation counts: ${describeCounts(evidence)}`
    const why = evidence.flaws.map((flaw) => FLAWS[flaw]).join('; ') || 'its owner has not confirmed these keys lately'
    return `${why}: ${describeCounts(evidence)}`
  },
  retired: ({ evidence }) => `its owner, or who held its keys, ended it: ${describeCounts(evidence)}`,
  forked: ({ evidence }) => `two key logs contradict each other: ${describeCounts(evidence)}`,
}

/** What the evidence comes to. */
export const describeVerdict: Sentence = (found) => VERDICTS[found.verdict.kind](found)

/** Where the second column begins. */
const COLUMN = 11

export const describeEvidence = (evidence: CliEvent<'evidence'>): readonly string[] => {
  const { policy, asked, answered, passed, failed, networks, local, age, complete, places, flaws } = evidence
  const { agreeing, older, empty, unread, invalid } = evidence
  return [
    `policy     ${policy}`,
    `asked      ${count(asked, 'node', 'nodes')}: ${answered} that ought to know, ${passed} for the way only, ${failed} without an answer`,
    `said       ${agreeing} agree, ${older} older, ${empty} nothing, ${unread} not shown in full, ${invalid} invalid`,
    ...places.map(
      (place, index) =>
        `${(place.what === 'copy' ? `place ${index + 1}` : PLACES[place.what]).padEnd(COLUMN)}${place.agreeing} of the ${count(place.closest, 'closest node', 'closest nodes')} agree, ` +
        `${place.pathsAgreeing} of ${count(place.paths, 'path leads', 'paths lead')} there, ${describeDensity(place.density)}`,
    ),
    ...flaws.map((flaw) => `flaw       ${FLAWS[flaw]}`),
    `networks   ${networks}${local ? ', all on this machine or private' : ''}`,
    `age        ${age === null ? 'its owner has confirmed nothing' : `its owner confirmed these keys ${duration(age)} ago`}`,
    `ended      ${complete ? 'by itself' : ENDED[policy]}`,
  ]
}
