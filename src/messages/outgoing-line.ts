import type { MessagePayload } from '../connection/payloads.ts'
import { hex } from '../core/bytes.ts'
import { MESSAGE_WINDOW } from '../core/limits/message-limits.ts'
import type { StoredMessage } from '../store/message-rows.ts'
import type { OutSequence } from '../store/outgoing-messages.ts'

/**
 * Our messages on one connection (docs/spec/messages.md §2), of all our sequences to that peer:
 *
 *     waiting --ready--> sending --64 not confirmed--> full --got--> sending …
 *     a sequence: open --full heard--> parked --ready--> open, from the last `got` on
 */
export type OutgoingLine = {
  /** Whether the other side has said what it has got, and the connection is there. */
  readonly ready: boolean
  /** Sends what is pending. Only one line of a peer is told to. */
  pump(): void
  handle(payload: Extract<MessagePayload, { k: 'got' | 'full' | 'ready' }>): void
  detach(): void
}

/** What a line needs of the store; everything that it is asked to write down is on disk when it resolves. */
export type OutgoingDesk = {
  sequences(): readonly OutSequence[]
  pending(sequence: Uint8Array, after: number, limit: number): readonly StoredMessage[]
  /** The number that message follows: those between them were given up. */
  before(sequence: Uint8Array, number: number): number
  sent(sequence: Uint8Array, upTo: number): Promise<void>
  delivered(sequence: Uint8Array, upTo: number): Promise<void>
  /** Something may be sendable now, on this line or another. */
  poke(): void
  /** Encrypts at once; resolves when there was room for it on the way. */
  say(payload: MessagePayload): Promise<void>
  fail(error: unknown): void
}

/** A sequence on this line: the last number that the other side has got, and that was sent. */
type Place = { got: number; sent: number; flying: number[]; parked: boolean }

type State = {
  ready: boolean
  closed: boolean
  pumping: boolean
  /** how often `ready` was heard */
  begun: number
  /** the sequence that was sent of last */
  last: string
  readonly places: Map<string, Place>
}

const placeOf = ({ places }: State, sequence: Uint8Array): Place => {
  const key = hex(sequence)
  const known = places.get(key) ?? { got: 0, sent: 0, flying: [], parked: false }
  places.set(key, known)
  return known
}

/** Messages that are on their way and were neither confirmed nor refused. */
const countFlying = ({ places }: State): number =>
  [...places.values()].reduce((sum, { flying, parked }) => sum + (parked ? 0 : flying.length), 0)

/** What was refused, and what followed it, goes out anew. */
const rewind = (place: Place): void => {
  place.sent = place.got
  place.flying = []
  place.parked = false
}

/** The sequences, beginning with the one after that which was sent of last: one that has much to say does not silence the others. */
const inTurn = (sequences: readonly OutSequence[], last: string): readonly OutSequence[] => {
  const next = sequences.findIndex(({ sequence }) => hex(sequence) === last) + 1
  return [...sequences.slice(next), ...sequences.slice(0, next)]
}

/** Sends what there is of one sequence. @returns whether anything was */
const sendSome = async (state: State, { sequence, app }: OutSequence, desk: OutgoingDesk): Promise<boolean> => {
  const place = placeOf(state, sequence)
  const room = place.parked ? 0 : MESSAGE_WINDOW - countFlying(state)
  const batch = room === 0 ? [] : desk.pending(sequence, place.sent, room)
  const { begun } = state
  if (batch.length > 0) state.last = hex(sequence)
  for (const { number, at, body } of batch) {
    place.sent = number
    place.flying.push(number)
    await desk.say({ k: 'message', s: sequence, app, n: number, p: desk.before(sequence, number), at, body })
    if (state.closed) return false
    if (state.begun !== begun || place.parked) break
  }
  if (batch.length > 0) await desk.sent(sequence, place.sent)
  return batch.length > 0
}

export const openOutgoingLine = (desk: OutgoingDesk): OutgoingLine => {
  const state: State = { ready: false, closed: false, pumping: false, begun: 0, last: '', places: new Map() }

  const pump = async (): Promise<void> => {
    if (state.pumping) return
    state.pumping = true
    try {
      for (let any = true; any && state.ready && !state.closed; ) {
        any = false
        for (const one of inTurn(desk.sequences(), state.last))
          if (state.ready && !state.closed) any = (await sendSome(state, one, desk)) || any
      }
    } finally {
      state.pumping = false
    }
  }

  const confirm = (sequence: Uint8Array, n: number): void => {
    if (!desk.sequences().some((one) => hex(one.sequence) === hex(sequence))) return
    const place = placeOf(state, sequence)
    if (n <= place.got) return
    place.got = n
    place.sent = Math.max(place.sent, n)
    place.flying = place.flying.filter((number) => number > n)
    desk.delivered(sequence, n).then(desk.poke, desk.fail)
  }

  return {
    get ready() {
      return state.ready && !state.closed
    },
    pump: () => void pump().catch(desk.fail),
    handle: (payload) => {
      if (payload.k === 'got') return confirm(payload.s, payload.n)
      if (payload.k === 'full') {
        const place = state.places.get(hex(payload.s))
        if (place !== undefined) place.parked = true
        return desk.poke()
      }
      // A repeated one says that there is room again for what was refused.
      state.begun += 1
      state.ready = true
      for (const place of state.places.values()) if (place.parked) rewind(place)
      desk.poke()
    },
    detach: () => {
      state.closed = true
    },
  }
}
