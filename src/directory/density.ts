import { fractionOf } from './distance.ts'

/**
 * How crowded a place of the network is. Ids are hashes, so the nodes closest to any place are spread as evenly as elsewhere; whoever
 * surrounds a key must be nearer to it than the honest nodes, and so makes its neighbourhood denser than it should be.
 */

/**
 * Nodes there would be in the whole network if it were everywhere as dense as here.
 * @param distances to the place, of the nodes closest to it, nearest first
 * @returns null for fewer than 2: they tell nothing
 */
export const sizeFrom = (distances: readonly Uint8Array[]): number | null => {
  const last = distances.at(-1)
  if (last === undefined || distances.length < 2) return null
  // Of n nodes, the k-th closest is at k/(n + 1) on average; k − 1 makes the estimate of n unbiased.
  return (distances.length - 1) / Math.max(fractionOf(last), Number.EPSILON)
}

/** How many times denser one place is than another, by equally many nodes at each; null when there are too few. */
export const densityRatio = (
  distances: readonly Uint8Array[],
  elsewhere: readonly Uint8Array[],
  count: number,
): number | null => {
  if (distances.length < count || elsewhere.length < count) return null
  const [here, there] = [sizeFrom(distances.slice(0, count)), sizeFrom(elsewhere.slice(0, count))]
  return here === null || there === null ? null : here / there
}
