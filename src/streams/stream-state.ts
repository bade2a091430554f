import type { StreamPayload } from '../connection/payloads.ts'
import { ConnectionError, type ErrorCode, StreamError } from '../core/errors.ts'
import { STREAM_WINDOW } from '../core/limits/connection-limits.ts'

/**
 * One byte stream as a state machine (docs/spec/streams.md §3): what this side does or hears in, what is to be said and told out. It knows
 * no sockets and no promises; a step that throws has changed nothing.
 *
 *     | phase   | heard room  | heard data | heard end   | heard reset | this side does                             |
 *     | ------- | ----------- | ---------- | ----------- | ----------- | ------------------------------------------ |
 *     | opening | → open      | ERR_FRAME  | ERR_FRAME   | → over      | reset                                      |
 *     | offered | ERR_FRAME   | ERR_FRAME  | ERR_FRAME   | → over      | accept → open · reset                      |
 *     | open    | window      | window     | once → over | → over      | send · end once → over · take (room) · reset |
 *     | over    | passed over | ERR_FRAME  | ERR_FRAME   | passed over | nothing                                    |
 *
 * `once → over`: each side ends once, and the second of both ends makes it over. A reset is answered with a reset. Who has said one stays in
 * its phase until it hears the other's, counts what comes until then by the same rules, and tells nobody of it.
 */
export type StreamState = {
  readonly id: number
  /** `opening`: by this side, and not accepted yet; `offered`: by the other side, and not accepted yet */
  readonly phase: 'opening' | 'offered' | 'open' | 'over'
  /** whether this side has said that it is over, or that nothing follows; whether the other side has said the latter */
  readonly isReset: boolean
  readonly isEnded: boolean
  readonly isRemoteEnded: boolean
  /** bytes this side may send, and the other side may */
  readonly room: number
  readonly granted: number
  /** bytes that were read here and not granted again */
  readonly taken: number
  /** whether a grant is still on its way out: a peer that takes none of them must not make us pile them up */
  readonly isGranting: boolean
}

/** What the other side says of a stream, once it is there. */
export type Heard = Exclude<StreamPayload, { k: 'stream' }>

/** What this side does. */
export type Deed =
  | { readonly type: 'accept' }
  | { readonly type: 'send'; readonly d: Uint8Array }
  | { readonly type: 'end' }
  | { readonly type: 'reset'; readonly code: ErrorCode }
  /** The application has read `n` bytes. */
  | { readonly type: 'take'; readonly n: number }
  /** The last grant has left. */
  | { readonly type: 'granted' }

/** What a step asks for: to say something, or to tell this side's end of the stream. */
export type Action =
  | { readonly type: 'say'; readonly payload: StreamPayload }
  | { readonly type: 'accepted' }
  | { readonly type: 'room' }
  | { readonly type: 'data'; readonly d: Uint8Array }
  | { readonly type: 'ended' }
  | { readonly type: 'reset'; readonly code: ErrorCode }

export type Step = { readonly state: StreamState; readonly actions: readonly Action[] }

/** Room is granted in steps, not read by read. */
const ROOM_STEP = STREAM_WINDOW / 4

/** A stream as it begins: to open it grants the other side a window. */
export const beginStream = (id: number, phase: 'opening' | 'offered'): StreamState => ({
  ...{ id, phase, isReset: false, isEnded: false, isRemoteEnded: false, taken: 0, isGranting: false },
  room: phase === 'offered' ? STREAM_WINDOW : 0,
  granted: phase === 'opening' ? STREAM_WINDOW : 0,
})

/** One that is over, of which nothing else is remembered. */
export const overStream = (id: number): StreamState => ({ ...beginStream(id, 'offered'), phase: 'over' })

const refuse = (hint: string): never => {
  throw new ConnectionError('ERR_FRAME', { hint })
}

const say = (payload: StreamPayload): Action => ({ type: 'say', payload })

/** The next state; nothing is told of a stream that this side has reset. */
const go = (state: StreamState, change: Partial<StreamState>, ...actions: readonly Action[]): Step => {
  const next = { ...state, ...change }
  const isOver = next.isEnded && next.isRemoteEnded
  return { state: isOver ? { ...next, phase: 'over' } : next, actions: state.isReset ? [] : actions }
}

const hearRoom = (state: StreamState, n: number): Step => {
  if (state.phase === 'over') return go(state, {})
  if (n === 0 || state.room + n > STREAM_WINDOW) refuse('room beyond the window of a stream')
  const told = state.phase === 'opening' ? 'accepted' : 'room'
  return go(state, { phase: 'open', room: state.room + n }, { type: told })
}

const hearData = (state: StreamState, d: Uint8Array): Step => {
  if (state.phase !== 'open' || state.isRemoteEnded) refuse('data where none may come')
  if (d.length > state.granted) refuse('data beyond the window of a stream')
  return go(state, { granted: state.granted - d.length }, { type: 'data', d })
}

const hearEnd = (state: StreamState): Step => {
  if (state.phase !== 'open' || state.isRemoteEnded) refuse('an end where none may come')
  return go(state, { isRemoteEnded: true }, { type: 'ended' })
}

const hearReset = (state: StreamState, code: ErrorCode): Step => {
  if (state.phase === 'over') return go(state, {})
  const answer = say({ k: 'stream-reset', id: state.id, code: 'ERR_STREAM_RESET' })
  return go(state, { phase: 'over' }, answer, { type: 'reset', code })
}

/** @throws ConnectionError ERR_FRAME when the other side may not say that */
export const hear = (state: StreamState, heard: Heard): Step => {
  switch (heard.k) {
    case 'stream-room':
      return hearRoom(state, heard.n)
    case 'stream-data':
      return hearData(state, heard.d)
    case 'stream-end':
      return hearEnd(state)
    case 'stream-reset':
      return hearReset(state, heard.code)
  }
}

/** Grants what was taken, when that is worth saying. */
const grant = (state: StreamState): Step => {
  const isIdle = state.phase !== 'open' || state.isReset || state.isRemoteEnded || state.isGranting
  if (isIdle || state.taken < ROOM_STEP) return go(state, {})
  const change = { granted: state.granted + state.taken, taken: 0, isGranting: true }
  return go(state, change, say({ k: 'stream-room', id: state.id, n: state.taken }))
}

const accept = (state: StreamState): Step =>
  go(
    state,
    { phase: 'open', granted: STREAM_WINDOW, isGranting: true },
    say({ k: 'stream-room', id: state.id, n: STREAM_WINDOW }),
  )

/** Whether this side may say something of it: a stream that was reset under the hands of a writer may have to tell it. */
const checkSending = ({ phase, isReset, isEnded }: StreamState): void => {
  if (phase !== 'open' || isReset || isEnded) throw new StreamError('ERR_STREAM_RESET')
}

/**
 * @param deed a `send` is of no more bytes than there is `room`, `accept` of what is `offered`
 * @throws StreamError ERR_STREAM_RESET for a `send` or `end` when nothing may be sent any more
 */
export const act = (state: StreamState, deed: Deed): Step => {
  const { id } = state
  switch (deed.type) {
    case 'accept':
      return accept(state)
    case 'send':
      checkSending(state)
      return go(state, { room: state.room - deed.d.length }, say({ k: 'stream-data', id, d: deed.d }))
    case 'end':
      checkSending(state)
      return go(state, { isEnded: true }, say({ k: 'stream-end', id }))
    case 'reset':
      if (state.phase === 'over') return go(state, {})
      return go(state, { isReset: true }, say({ k: 'stream-reset', id, code: deed.code }))
    case 'take':
      return grant({ ...state, taken: state.taken + deed.n })
    case 'granted':
      return grant({ ...state, isGranting: false })
  }
}
