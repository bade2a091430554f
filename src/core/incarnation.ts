import { equal } from './bytes.ts'
import type { Card } from './card.ts'

/**
 * Whether this store is still the one that its device's cards are of (docs/spec/store.md §6). A store has an *incarnation*, drawn anew
 * whenever it may have gone back in time or become two; its cards name it, so the directory remembers what a rolled-back disk forgot.
 */

/** What a store knows of itself. */
export type OwnStore = {
  /** the incarnation, 16 bytes */
  readonly inc: Uint8Array
  /** those before it, the latest first */
  readonly former: readonly Uint8Array[]
  /** the highest serial that was signed here, milliseconds; 0 before the first */
  readonly issued: number
  /** whether the folder is in another place than it was, so that `inc` is new and in no card yet */
  readonly moved: boolean
}

/** What the directory's latest card of the own device says of the own store. */
export type Finding =
  /** T1: nothing that this store does not know */
  | 'well'
  /** T2: a later card of this very incarnation: the store went back */
  | 'went-back'
  /** T3: a card of a store that this one never was, and ours is later: a copy or a thief was at work */
  | 'copied'
  /** T4, T5: another store of this device went on, or may: is it there? */
  | 'overtaken'

/** @param card of those of the own device, under the own head, the one of the highest serial; null when there is none */
export const weighOwnCard = (
  { inc, former, issued, moved }: OwnStore,
  card: Pick<Card, 'inc' | 'serial'> | null,
): Finding => {
  if (card === null) return 'well'
  if (equal(card.inc, inc)) return card.serial > issued ? 'went-back' : 'well'
  if (card.serial > issued) return 'overtaken'
  // A copy that is as old as the card: the store it was copied from may be running, and is not to be stopped by us.
  if (moved) return 'overtaken'
  return former.some((one) => equal(one, card.inc)) ? 'well' : 'copied'
}
