import type { Found, Resolver } from '../contacts/resolver.ts'
import { LOOKUP_MS } from '../core/limits/connection-limits.ts'
import type { Policy } from '../directory/client/policies.ts'
import type { Nearby } from './nearby.ts'

/** What every step of a peer's work has in common: it ends in time, with the caller's signal, and with the peer. */
export type Steps = {
  /** A signal that aborts after so long (default: a lookup's time), with the caller's, or when the peer closes. */
  deadline(signal: AbortSignal | undefined, milliseconds?: number): AbortSignal
  /** The deadline gives a partial answer; this ends the call. @throws the signal's reason; PeerError ERR_PEER_CLOSED; StoreError ERR_STORE_TWIN */
  checkGoing(signal: AbortSignal | undefined): void
  /** Asks the directory for our own sake, and the local network beside it. @throws those of `Peer.lookup` */
  find(id: Uint8Array, signal: AbortSignal | undefined, policy?: Policy): Promise<Found>
  /**
   * Asks for the sake of one who called or left something, or whom such a one named: of these only the latest are remembered.
   * @throws those of `Peer.lookup`
   */
  findOther(id: Uint8Array, signal: AbortSignal | undefined): Promise<Found>
}

export const createSteps = (resolver: Resolver, nearby: Pick<Nearby, 'find'>, closing: AbortSignal): Steps => {
  const deadline: Steps['deadline'] = (signal, milliseconds = LOOKUP_MS) =>
    AbortSignal.any([closing, AbortSignal.timeout(milliseconds), ...(signal === undefined ? [] : [signal])])
  const checkGoing: Steps['checkGoing'] = (signal) => {
    signal?.throwIfAborted()
    closing.throwIfAborted()
  }
  const ask = async (
    id: Uint8Array,
    signal: AbortSignal | undefined,
    how: { readonly asked: boolean; readonly policy?: Policy | undefined },
  ): Promise<Found> => {
    checkGoing(signal)
    try {
      const ending = deadline(signal)
      return await nearby.find(id, ending, () => resolver.find(id, { signal: ending, ...how }))
    } finally {
      checkGoing(signal)
    }
  }
  return {
    deadline,
    checkGoing,
    find: (id, signal, policy) => ask(id, signal, { asked: true, policy }),
    findOther: (id, signal) => ask(id, signal, { asked: false }),
  }
}
