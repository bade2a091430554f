import type { PeerErrorCode } from '../core/errors/codes.ts'

/** What waits on this disk until it can be delivered, as whoever decides to dial sees it: messages, files. */
export type Backlog = {
  /** Identity hashes of the peers for whom something waits. */
  waiting(): readonly Uint8Array[]
  isWaiting(peer: Uint8Array): boolean
  /** Gives up what has waited for too long, at that time in milliseconds since 1970. */
  expire(peer: Uint8Array, now: number): Promise<void>
  /** Gives up all that waits for a peer that will never be reached. */
  giveUp(peer: Uint8Array, reason: Unreachable): Promise<void>
}

/** Failures that trying again does not mend. */
export type Unreachable = Extract<PeerErrorCode, 'ERR_PEER_RETIRED' | 'ERR_PEER_SELF'>
