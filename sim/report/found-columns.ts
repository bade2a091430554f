import type { Observation } from '../observer.ts'
import { percent, shareOf } from './numbers.ts'

/** What readers found of an identity that was besieged, in columns of a table: after the case and its number of keys. */
export const FOUND_COLUMNS: readonly string[] = [
  'lookups',
  'newest found',
  'called current',
  'old called current',
  'doubted or none',
]

/** One cell for each of FOUND_COLUMNS. */
export const foundCells = (observations: readonly Observation[]): readonly (string | number)[] => {
  const share = (is: (one: Observation) => boolean): string => percent(shareOf(observations, is))
  return [
    observations.length,
    share(({ newest }) => newest),
    share(({ newest, verdict }) => newest && verdict === 'fresh'),
    share(({ newest, verdict }) => !newest && verdict === 'fresh'),
    share(({ verdict }) => verdict !== 'fresh'),
  ]
}
