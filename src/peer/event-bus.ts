import { PeerError } from '../core/errors.ts'
import { EVENTS_WAITING_MAX } from '../core/limits.ts'
import type { EmitEvent, PeerEvent } from './events.ts'

/** Carries events to whoever loops over them; each loop has a queue of its own, with a bound. */
export type EventBus = {
  readonly emit: EmitEvent
  /**
   * Events from now on; before them those of `earlier`, which is run when the loop begins, and for the first loop those that nobody has
   * heard. Ends when the signal aborts, or the peer has closed.
   * @throws PeerError ERR_PEER_EVENTS when the loop is 10,000 events behind
   */
  loop(earlier: () => Iterable<PeerEvent>, signal: AbortSignal | undefined): AsyncGenerator<PeerEvent, void, undefined>
  /** Ends all loops, once they have told what was there. */
  close(): void
}

type Listener = { readonly waiting: PeerEvent[]; overrun: boolean; wake: () => void }

/** @param early what happened before */
export const createEventBus = (early: readonly PeerEvent[] = []): EventBus => {
  const listeners = new Set<Listener>()
  let closed = false
  /** What was told before anybody listened; messages are on disk, and need not be kept here. */
  let unheard: PeerEvent[] | null = [...early]

  const emit: EmitEvent = (event) => {
    if (unheard !== null && event.type !== 'message' && unheard.length < EVENTS_WAITING_MAX) unheard.push(event)
    for (const listener of listeners) {
      if (listener.waiting.length >= EVENTS_WAITING_MAX) listener.overrun = true
      else listener.waiting.push(event)
      listener.wake()
    }
  }

  async function* listen(
    listener: Listener,
    earlier: () => Iterable<PeerEvent>,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<PeerEvent, void, undefined> {
    const wake = (): void => listener.wake()
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
  }

  return {
    emit,
    loop: (earlier, signal) => {
      const listener: Listener = { waiting: unheard ?? [], overrun: false, wake: () => {} }
      unheard = null
      listeners.add(listener)
      return listen(listener, earlier, signal)
    },
    close: () => {
      closed = true
      for (const { wake } of listeners) wake()
    },
  }
}
