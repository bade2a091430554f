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

type Sentence = (found: Pick<CliEvent<'lookup'>, 'verdict' | 'evidence' | 'clock'>) => string

const VERDICTS: Readonly<Record<CliEvent<'lookup'>['verdict']['kind'], Sentence>> = {
  current: ({ evidence }) => `nothing newer is known: ${describeCounts(evidence)}`,
  few: ({ evidence }) => `nothing newer is known, as far as so few nodes can tell: ${describeCounts(evidence)}`,
  // Why it is not certain is a sentence for people already.
  unconfirmed: ({ verdict }) => verdict.reason,
  eclipse: ({ evidence }) => {
    const times = Math.floor(Math.max(...evidence.places.map(({ density }) => density ?? 0)))
    return `somebody may hide what is newer: the nodes around this address are ${times} times denser than elsewhere, ${describeCounts(evidence)}`
  },
  stale: ({ evidence, clock }) =>
    clock.off
      ? `by a clock that is off, no confirmation counts: ${describeCounts(evidence)}`
      : `its owner has not confirmed these keys lately: ${describeCounts(evidence)}`,
  retired: ({ evidence }) => `its owner, or who held its keys, ended it: ${describeCounts(evidence)}`,
  forked: ({ evidence }) => `two key logs contradict each other: ${describeCounts(evidence)}`,
}

/** What the evidence comes to. */
export const describeVerdict: Sentence = (found) => VERDICTS[found.verdict.kind](found)

export const describeEvidence = (evidence: CliEvent<'evidence'>): readonly string[] => {
  const { policy, asked, answered, passed, failed, networks, local, age, complete, places } = evidence
  const { agreeing, older, empty, unread, invalid } = evidence
  return [
    `policy     ${policy}`,
    `asked      ${count(asked, 'node', 'nodes')}: ${answered} that ought to know, ${passed} for the way only, ${failed} without an answer`,
    `said       ${agreeing} agree, ${older} older, ${empty} nothing, ${unread} not shown in full, ${invalid} invalid`,
    ...places.map(
      (place, index) =>
        `place ${index + 1}    ${place.agreeing} of the ${count(place.closest, 'closest node', 'closest nodes')} agree, ` +
        `${place.pathsAgreeing} of ${count(place.paths, 'path leads', 'paths lead')} there, ${describeDensity(place.density)}`,
    ),
    `networks   ${networks}${local ? ', all on this machine or private' : ''}`,
    `age        ${age === null ? 'its owner has confirmed nothing' : `its owner confirmed these keys ${duration(age)} ago`}`,
    `ended      ${complete ? 'by itself' : ENDED[policy]}`,
  ]
}
