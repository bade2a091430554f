import { PeerError } from '../core/errors.ts'
import { EVENTS_WAITING_MAX } from '../core/limits.ts'
import type { EmitEvent, PeerEvent } from './events.ts'

/** Carries events to whoever loops over them; each loop has a queue of its own, with a bound. */
export type EventBus = {
  readonly emit: EmitEvent
  /**
   * Events from now on; before them those of `earlier`, which is run when the loop begins. Ends when the signal aborts, or the peer has
   * closed.
   * @throws PeerError ERR_PEER_EVENTS when the loop is 10,000 events behind
   */
  loop(earlier: () => Iterable<PeerEvent>, signal: AbortSignal | undefined): AsyncGenerator<PeerEvent, void, undefined>
  /** Ends all loops, once they have told what was there. */
  close(): void
}

type Listener = { readonly waiting: PeerEvent[]; overrun: boolean; wake: () => void }

export const createEventBus = (): EventBus => {
  const listeners = new Set<Listener>()
  let closed = false

  const emit: EmitEvent = (event) => {
    for (const listener of listeners) {
      if (listener.waiting.length >= EVENTS_WAITING_MAX) listener.overrun = true
      else listener.waiting.push(event)
      listener.wake()
    }
  }

  return {
    emit,
    loop: async function* (earlier, signal) {
      const listener: Listener = { waiting: [], overrun: false, wake: () => {} }
      const wake = (): void => listener.wake()
      listeners.add(listener)
      signal?.addEventListener('abort', wake)
      try {
        yield* earlier()
        while (signal?.aborted !== true) {
          const event = listener.waiting.shift()
          if (event !== undefined) yield event
          else if (listener.overrun) throw new PeerError('ERR_PEER_EVENTS')
          else if (closed) return
          else
            await new Promise<void>((resolve) => {
              listener.wake = resolve
            })
        }
      } finally {
        listeners.delete(listener)
        signal?.removeEventListener('abort', wake)
      }
    },
    close: () => {
      closed = true
      for (const { wake } of listeners) wake()
    },
  }
}
