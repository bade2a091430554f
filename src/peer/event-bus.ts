import { EVENTS_EARLY_MAX, EVENTS_LATE_MAX, EVENTS_WAITING_MAX } from '../core/limits/connection-limits.ts'
import type { Message } from '../messages/message.ts'
import type { CameMessages, KeptMessages } from '../messages/message-api.ts'
import { createEventQueue, type EventQueue, type Fate, type Waiting } from './event-queue.ts'
import type { EmitEvent, PeerEvent } from './peer-events.ts'
import type { RequestEvent } from './request.ts'

/** Carries events to whoever loops over them; each loop has a queue of its own, with a bound, and reads messages when it comes to them. */
export type EventBus = {
  readonly emit: EmitEvent
  /**
   * Events from now on; before them the messages that are not taken, and for the first loop the latest 1,000 events that nobody has heard
   * and the requests that wait. Ends when the signal aborts, or once the bus is closed and what was there is told.
   * @throws StoreError when a message cannot be read
   */
  loop(
    kept: KeptMessages,
    signal: AbortSignal | undefined,
    requests?: () => readonly RequestEvent[],
  ): AsyncGenerator<PeerEvent, void, undefined>
  /** Messages of that peer are told from now on: each loop tells first those that it has passed over. */
  letIn(peer: Uint8Array): void
  /** Ends all loops, once they have told what was there; messages that came are told by the next peer on that folder. */
  close(): void
}

type Listener = {
  readonly kept: KeptMessages
  readonly queue: EventQueue
  /** messages that it has come to */
  reading: CameMessages | null
  /** messages of who was let in since it came to them: they go before all others, as they came before them */
  readonly passed: CameMessages[]
  /** up to which id it has told, or passed over, what came */
  at: number
  /** what came with a higher id has to be told yet */
  known: number
  /** once the bus is closed: all that is left, with nothing to be read any more */
  rest: PeerEvent[] | null
  wake: () => void
}

/** The first of the messages that it has come to. */
const readNext = (listener: Listener): Message | null => {
  const { kept, passed } = listener
  for (let [first] = passed; first !== undefined; [first] = passed) {
    const message = kept.came(first)
    passed.shift()
    if (message === null) continue
    passed.unshift({ ...first, after: message.id })
    return message
  }
  const { reading } = listener
  if (reading === null) return null
  const message = kept.came(reading)
  listener.at = message?.id ?? reading.upTo
  listener.reading = message === null ? null : { ...reading, after: message.id }
  return message
}

const describe = (kept: KeptMessages, { id, state, reason }: Fate): PeerEvent | null => {
  const message = kept.sent(id)
  return message === null ? null : { type: 'delivery', message: { ...message, state, reason } }
}

/** The next event; null when nothing waits. */
const nextOf = (listener: Listener): PeerEvent | null => {
  if (listener.rest !== null) return listener.rest.shift() ?? null
  for (;;) {
    const message = readNext(listener)
    if (message !== null) return { type: 'message', message }
    const event = listener.queue.take()
    if (event === null) return null
    if (event.type === 'came') listener.reading = { after: event.after, upTo: event.upTo, untaken: false }
    else if (event.type !== 'fate') return event
    else {
      const delivery = describe(listener.kept, event)
      if (delivery !== null) return delivery
    }
  }
}

/** What is left when the disk is about to be closed. Deliveries are read now, as many as memory is worth; `kept` is null when it is closed. */
const restOf = (queue: EventQueue, kept: KeptMessages | null): PeerEvent[] => {
  const rest: PeerEvent[] = []
  let read = 0
  let missed = 0
  for (let event = queue.take(); event !== null; event = queue.take()) {
    if (event.type === 'came') continue
    if (event.type !== 'fate') rest.push(event)
    else {
      const delivery = kept === null || read >= EVENTS_LATE_MAX ? null : describe(kept, event)
      if (delivery === null) missed += 1
      else {
        rest.push(delivery)
        read += 1
      }
    }
  }
  return missed === 0 ? rest : [...rest, { type: 'missed', events: missed }]
}

const waitingOf = (event: Exclude<PeerEvent, { type: 'message' }>): Waiting => {
  if (event.type !== 'delivery') return event
  const { id, state, reason } = event.message
  return { type: 'fate', id, state, reason }
}

/** One that was on disk when the loop was asked for, and is told a moment later, is among the first. */
const putMessages = (listener: Listener, upTo: number): void => {
  if (upTo <= listener.known) return
  listener.queue.put({ type: 'came', after: listener.known, upTo }, EVENTS_WAITING_MAX)
  listener.known = upTo
}

/** Tells one loop of it. */
const put = (listener: Listener, event: PeerEvent): void => {
  if (event.type === 'message') putMessages(listener, event.message.id)
  else listener.queue.put(waitingOf(event), EVENTS_WAITING_MAX)
  listener.wake()
}

const putPassed = (listener: Listener, peer: Uint8Array): void => {
  if (listener.at > 0) listener.passed.push({ after: 0, upTo: listener.at, untaken: true, peer })
  putMessages(listener, listener.kept.latest())
  listener.wake()
}

/** @param early what happened before */
export const createEventBus = (early: readonly PeerEvent[] = []): EventBus => {
  const listeners = new Set<Listener>()
  let closed = false
  /** What was told before anybody listened. */
  let unheard: EventQueue | null = createEventQueue()

  const emit: EmitEvent = (event) => {
    // Messages are on disk, and requests in their list.
    if (event.type !== 'message' && event.type !== 'request') unheard?.put(waitingOf(event), EVENTS_EARLY_MAX)
    for (const listener of listeners) put(listener, event)
  }
  for (const event of early) emit(event)

  async function* listen(
    listener: Listener,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<PeerEvent, void, undefined> {
    const wake = (): void => listener.wake()
    signal?.addEventListener('abort', wake)
    try {
      while (signal?.aborted !== true) {
        const event = nextOf(listener)
        if (event !== null) yield event
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
    loop: (kept, signal, requests = () => []) => {
      const upTo = kept.latest()
      const queue = unheard ?? createEventQueue()
      if (unheard !== null && !closed) for (const request of requests()) queue.put(request, EVENTS_WAITING_MAX)
      unheard = null
      const reading = { after: 0, upTo, untaken: true, peer: null } as const
      const rest = closed ? restOf(queue, null) : null
      const listener: Listener = { kept, queue, reading, passed: [], at: 0, known: upTo, rest, wake: () => {} }
      listeners.add(listener)
      return listen(listener, signal)
    },
    letIn: (peer) => {
      for (const listener of listeners) putPassed(listener, peer)
    },
    close: () => {
      closed = true
      for (const listener of listeners) {
        listener.rest ??= restOf(listener.queue, listener.kept)
        listener.wake()
      }
    },
  }
}
