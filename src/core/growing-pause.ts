/**
 * How often something is done that strangers can bring about: at once, and then with pauses that double, so that whoever brings it about all
 * the time gets it done ever more rarely. When it was quiet for as long as the longest pause, it begins anew.
 */
export type GrowingPause = {
  /** Milliseconds until it may be done again; 0: now. @param now milliseconds of a clock that never runs backwards */
  wait(now: number): number
  /** It is done now. */
  done(now: number): void
}

/** @param first, longest pauses, milliseconds */
export const createGrowingPause = ({
  first,
  longest,
}: {
  readonly first: number
  readonly longest: number
}): GrowingPause => {
  let last = Number.NEGATIVE_INFINITY
  let pause = 0
  return {
    wait: (now) => Math.max(0, last + pause - now),
    done: (now) => {
      pause = now - last > longest ? first : Math.min(longest, pause * 2)
      last = now
    },
  }
}
