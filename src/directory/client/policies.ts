import { PATIENCE_MS, PATIENCE_THOROUGH_MS, WALK_PATHS, WALK_PATHS_THOROUGH } from '../limits.ts'

/** How hard a lookup looks, by name. Whatever the policy, what it returns is verified to the address. */

/**
 * - `first`: ends with the first valid log that has a current card. It guarantees that its owner's keys signed what was found, and that it was
 *   current at most one card's life ago (24 h by default, 7 days at most). It may be old: nobody else was asked. For a quick
 *   look, or when the owner is about to be asked in person.
 * - `fresh`: asks the nodes closest to all three places, over 4 disjoint paths to each, without waiting for those that are slow.
 *   It guarantees that any newer log or card held by one honest node it reached is what it returns, and says in its
 *   evidence when an attacker may have kept it from reaching one.
 * - `thorough`: the same over 8 paths, and waits up to 2.5 s for each node that is slow, so that a node's silence is its own and
 *   not the hurry of the one who asks. For verification, for the own identity, and before a decision that cannot be undone.
 */
export type Policy = 'first' | 'fresh' | 'thorough'

export const POLICIES: readonly Policy[] = ['first', 'fresh', 'thorough']

export const DEFAULT_POLICY: Policy = 'fresh'

export type Effort = {
  readonly paths: number
  /** milliseconds a node is waited for while too few have answered; with `thorough` always */
  readonly patience: number
  readonly thorough: boolean
  /** ends as soon as something current was found */
  readonly early: boolean
}

export const EFFORT: Readonly<Record<Policy, Effort>> = {
  first: { paths: WALK_PATHS, patience: PATIENCE_MS, thorough: false, early: true },
  fresh: { paths: WALK_PATHS, patience: PATIENCE_MS, thorough: false, early: false },
  thorough: { paths: WALK_PATHS_THOROUGH, patience: PATIENCE_THOROUGH_MS, thorough: true, early: false },
}
