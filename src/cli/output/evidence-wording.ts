import type { CliEvent } from './events.ts'
import { count, duration } from './format.ts'

/** What a lookup rests on, in full, for people. */

const ENDED: Readonly<Record<CliEvent<'evidence'>['policy'], string>> = {
  first: 'at the first valid log with a current card',
  fresh: 'at the deadline, before all that could be reached had answered',
  thorough: 'at the deadline, before all that could be reached had answered',
}

const describeDensity = (density: number | null): string =>
  density === null ? 'too few nodes to compare' : `${density.toFixed(1)} times as dense as a random place`

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
    `age        ${age === null ? 'no card' : `the card was issued ${duration(age)} ago`}`,
    `ended      ${complete ? 'by itself' : ENDED[policy]}`,
  ]
}
