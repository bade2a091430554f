import { type ErrorCode, HandfastError } from '../../core/errors.ts'
import type { Peer } from '../../peer/peer.ts'

const ENDING: ReadonlySet<ErrorCode> = new Set(['ERR_PEER_SUPERSEDED', 'ERR_STORE_TWIN'])

/**
 * The other side looks us up to see whether our log is current, and by which way it can answer. Whether it finds us is no reason not to talk; that our keys are
 * void is one, and nobody else would tell us: the other side only sees an old log. So is a copy of this folder that is running. That our clock is off
 * is told as an event.
 */
export const publishQuietly = async (peer: Peer, signal: AbortSignal): Promise<void> => {
  await peer.publish({ signal }).catch((error: unknown) => {
    if (error instanceof HandfastError && ENDING.has(error.code)) throw error
  })
}
