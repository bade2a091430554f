import type { Transfer } from '../core/chunk.ts'
import type { FileLine } from './file-line.ts'
import type { Receiving } from './receiving.ts'

/**
 * Files that were accepted, each on at most one connection at a time:
 *
 *     waiting --bind--> bound --open--> receiving      bound, receiving --bind--> bound, on a newer connection
 *                                                      bound, receiving --lose--> waiting
 *                                                      any --end--> ended
 */
export type SlotState =
  /** its sender is not there, or has not offered it again yet */
  | 'waiting'
  /** on a connection, while what came on the one before is put away */
  | 'bound'
  /** on a connection; also while it waits there for room on the disk */
  | 'receiving'
  /** being saved, refused or failed: nothing moves it any more */
  | 'ended'

type SlotEvent =
  /** Its sender offers it on a connection. */
  | 'bind'
  /** It is asked for there. */
  | 'open'
  /** That connection has ended. */
  | 'lose'
  | 'end'

const NEXT: Readonly<Record<SlotState, Partial<Record<SlotEvent, SlotState>>>> = {
  waiting: { bind: 'bound', end: 'ended' },
  bound: { bind: 'bound', open: 'receiving', lose: 'waiting', end: 'ended' },
  receiving: { bind: 'bound', lose: 'waiting', end: 'ended' },
  ended: {},
}

export type Slot = {
  readonly peer: Uint8Array
  readonly number: number
  state: SlotState
  /** the connection it is on */
  at: FileLine | null
  /** what its sender said of it there last */
  transfer: Transfer | null
  /** the last one: it may be stopped already */
  receiving: Receiving | null
  /** how often in a row there was no room for it, and the chunks it had then: with more of them it is counted anew */
  full: { readonly times: number; readonly chunks: number }
  /** what must be over before something else begins */
  work: Promise<void>
}

/** @returns whether that happened */
export const move = (slot: Slot, event: SlotEvent): boolean => {
  const next = NEXT[slot.state][event]
  if (next !== undefined) slot.state = next
  return next !== undefined
}

/** There was no room for it, once more. */
export const noteFull = (slot: Slot, chunks: number): void => {
  slot.full = { times: chunks > slot.full.chunks ? 1 : slot.full.times + 1, chunks }
}
