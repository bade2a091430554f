import { HandfastError } from '../../core/errors.ts'
import type { Peer } from '../../peer/peer.ts'

/**
 * The other side looks us up to see whether our log is current, and by which way it can answer. Whether it finds us is no reason not to talk; that our keys are
 * void is one, and nobody else would tell us: the other side only sees an old log. That our clock is off is told as an event.
 */
export const publishQuietly = async (peer: Peer, signal: AbortSignal): Promise<void> => {
  await peer.publish({ signal }).catch((error: unknown) => {
    if (error instanceof HandfastError && error.code === 'ERR_PEER_SUPERSEDED') throw error
  })
}
