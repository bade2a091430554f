import { PeerError } from '../core/errors.ts'
import { EVENTS_EARLY_MAX, EVENTS_WAITING_MAX } from '../core/limits/connection-limits.ts'
import type { Untaken } from '../messages/message-api.ts'
import type { EmitEvent, PeerEvent } from './peer-events.ts'

/** Carries events to whoever loops over them; each loop has a queue of its own, with a bound. */
export type EventBus = {
  readonly emit: EmitEvent
  /**
   * Events from now on; before them the messages that are not taken, and for the first loop the latest 1,000 events that nobody has heard.
   * Ends when the signal aborts, or once the bus is closed and what was there is told.
   * @throws PeerError ERR_PEER_EVENTS when the loop is 10,000 events behind
   */
  loop(untaken: Untaken, signal: AbortSignal | undefined): AsyncGenerator<PeerEvent, void, undefined>
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
    if (unheard !== null && event.type !== 'message') {
      unheard.push(event)
      if (unheard.length > EVENTS_EARLY_MAX) unheard.shift()
    }
    for (const listener of listeners) {
      if (listener.waiting.length >= EVENTS_WAITING_MAX) listener.overrun = true
      if (!listener.overrun) listener.waiting.push(event)
      listener.wake()
    }
  }

  async function* listen(
    listener: Listener,
    { upTo, messages }: Untaken,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<PeerEvent, void, undefined> {
    const wake = (): void => listener.wake()
    signal?.addEventListener('abort', wake)
    try {
      for (const message of messages) {
        if (signal?.aborted) return
        yield { type: 'message', message }
      }
      while (signal?.aborted !== true) {
        const event = listener.waiting.shift()
        // One that was on disk when the loop was asked for, and told a moment later, was among the first.
        if (event?.type === 'message' && event.message.id <= upTo) continue
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
    loop: (untaken, signal) => {
      const listener: Listener = { waiting: unheard ?? [], overrun: false, wake: () => {} }
      unheard = null
      listeners.add(listener)
      return listen(listener, untaken, signal)
    },
    close: () => {
      closed = true
      for (const { wake } of listeners) wake()
    },
  }
}
