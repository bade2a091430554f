import { type Anchor, compareLogs, containsEntry, type KeyLog } from '../../core/key-log.ts'
import type { Lookup } from './lookup.ts'
import { judge } from './verdict.ts'

/**
 * What two directories found of one identity. Both are verified, so the one that stands is the truth for both; where they contradict each other,
 * that is a fork like any other.
 * @param main from more nodes: of two that are equal this is the one
 */
export const mergeLookups = (
  main: Lookup,
  other: Lookup,
  { anchor = null }: { readonly anchor?: Anchor | null | undefined },
): Lookup => {
  switch (compareLogs(main.log, other.log)) {
    case 'longer':
    case 'supersedes':
      return main
    case 'shorter':
    case 'superseded':
      return other
    case 'fork':
      return contradict(main, other, anchor)
    case 'same':
      return withFork(isFresher(other, main) ? other : main, main.fork ?? other.fork)
  }
}

const isFresher = (a: Lookup, b: Lookup): boolean => {
  if (a.freshness !== b.freshness) return a.freshness === 'current'
  return (a.card?.card.serial ?? -1) > (b.card?.card.serial ?? -1)
}

/** A person may have decided which of the two stands. */
const contradict = (main: Lookup, other: Lookup, anchor: Anchor | null): Lookup => {
  const confirmed = [main, other].filter(({ log }) => anchor !== null && containsEntry(log, anchor))
  const [decided] = confirmed
  return decided !== undefined && confirmed.length === 1 ? decided : withFork(main, main.fork ?? other.log)
}

const withFork = (found: Lookup, fork: KeyLog | null): Lookup =>
  fork === null || found.fork !== null ? found : { ...found, fork, verdict: judge({ ...found, fork }) }
