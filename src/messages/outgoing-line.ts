import type { MessagePayload, Receipt } from '../connection/payloads.ts'
import { hex } from '../core/bytes.ts'
import { ConnectionError, type ErrorCode } from '../core/errors.ts'
import { MESSAGE_WINDOW, SEQUENCES_MAX } from '../core/limits/message-limits.ts'
import type { OutSequence, PlacedMessage } from '../store/outgoing-places.ts'

/**
 * Our messages on one connection (docs/spec/messages.md §3), of all our sequences to that device:
 *
 *     listening --ready--> hearing --what was said is on disk--> sending --64 not confirmed--> full --got--> sending …
 *     a sequence: open --full heard--> parked --ready--> open, from the last `got` on
 */
export type OutgoingLine = {
  /** Whether the other side has said what it has got, and the connection is there. */
  readonly ready: boolean
  /** Whether the other side takes no more of one of our sequences now. */
  readonly isParked: boolean
  /** Sends what is pending. Only one line of a peer is told to. */
  pump(): void
  /** @throws ConnectionError ERR_FRAME when the other side keeps no rule */
  handle(payload: Extract<MessagePayload, { k: 'got' | 'full' | 'ready' }>): void
  detach(): void
}

/** What a line needs of the store; everything that it is asked to write down is on disk when it resolves. */
export type OutgoingDesk = {
  /**
   * Hears what the other side has: at the beginning all of it, `fresh`, later what has changed.
   * @returns where our sequences go on; of those that are not named, nothing has changed
   */
  hear(receipts: readonly Receipt[], fresh: boolean): Promise<readonly OutSequence[]>
  /** Our sequences, once what waits has a place in them. */
  sequences(): Promise<readonly OutSequence[]>
  behind(sequence: Uint8Array, after: number, limit: number): readonly PlacedMessage[]
  /** What is behind a place, up to another, was written to the connection. */
  sent(sequence: Uint8Array, after: number, upTo: number): Promise<void>
  /** The other side takes no more now, for that reason, and for so many seconds as far as it knows. */
  held(code: ErrorCode, wait: number | null): void
  /** Something may be sendable now, on this line or another. */
  poke(): void
  /** Encrypts at once; resolves when there was room for it on the way. */
  say(payload: MessagePayload): Promise<void>
  fail(error: unknown): void
}

/** A sequence on this line: the last number that the other side has got, and that was sent. */
type Standing = { got: number; sent: number; flying: number[]; parked: boolean }

type State = {
  ready: boolean
  closed: boolean
  pumping: boolean
  /** whether something was queued since places were given last */
  again: boolean
  /** receipts that were heard before `ready` */
  greeting: Receipt[] | null
  /** receipts after the greeting that were not looked at yet, by their sequence and whether they name earlier places */
  readonly receipts: Map<string, Receipt>
  confirming: boolean
  /** how often `ready` was heard */
  begun: number
  /** the sequence that was sent of last */
  last: string
  readonly standings: Map<string, Standing>
}

const standingOf = ({ standings }: State, { sequence, got }: OutSequence): Standing => {
  const key = hex(sequence)
  const known = standings.get(key) ?? { got, sent: got, flying: [], parked: false }
  standings.set(key, known)
  return known
}

/** Messages that are on their way and were neither confirmed nor refused. */
const countFlying = ({ standings }: State): number =>
  [...standings.values()].reduce((sum, { flying, parked }) => sum + (parked ? 0 : flying.length), 0)

/** What was refused, and what followed it, goes out anew. */
const rewind = (standing: Standing): void => {
  standing.sent = standing.got
  standing.flying = []
  standing.parked = false
}

/** The sequences, beginning with the one after that which was sent of last: one that has much to say does not silence the others. */
const inTurn = (sequences: readonly OutSequence[], last: string): readonly OutSequence[] => {
  const next = sequences.findIndex(({ sequence }) => hex(sequence) === last) + 1
  return [...sequences.slice(next), ...sequences.slice(0, next)]
}

/** Sequences that are not written in any more wait for nothing. */
const forgetClosed = ({ standings }: State, sequences: readonly OutSequence[]): void => {
  const open = new Set(sequences.map(({ sequence }) => hex(sequence)))
  for (const key of standings.keys()) if (!open.has(key)) standings.delete(key)
}

/** Sends what there is of one sequence. @returns whether anything was */
const sendSome = async (state: State, one: OutSequence, desk: OutgoingDesk): Promise<boolean> => {
  const { sequence, app } = one
  const standing = standingOf(state, one)
  const room = standing.parked ? 0 : MESSAGE_WINDOW - countFlying(state)
  const after = standing.sent
  const batch = room <= 0 ? [] : desk.behind(sequence, after, room)
  const { begun } = state
  if (batch.length > 0) state.last = hex(sequence)
  for (const { n, c, r, at, body: b } of batch) {
    standing.sent = n
    standing.flying.push(n)
    await desk.say({ k: 'message', s: sequence, app, n, c, r, at, b })
    if (state.closed) return false
    if (state.begun !== begun || standing.parked || state.standings.get(hex(sequence)) !== standing) break
  }
  if (batch.length > 0) await desk.sent(sequence, after, standing.sent)
  return batch.length > 0
}

/** The furthest receipt of a sequence says all that the others say; those with earlier places say more, and are heard by themselves. */
const remember = ({ receipts }: State, receipt: Receipt): void => {
  const key = `${hex(receipt.s)} ${receipt.back.length > 0}`
  if ((receipts.get(key)?.n ?? 0) > receipt.n) return
  receipts.delete(key)
  receipts.set(key, receipt)
  if (receipts.size > 2 * SEQUENCES_MAX)
    throw new ConnectionError('ERR_FRAME', { hint: 'receipts for more sequences than there can be' })
}

/** Takes out one receipt of each sequence, in the order in which they came. */
const firstOfEach = (receipts: Map<string, Receipt>): readonly Receipt[] => {
  const batch = new Map<string, Receipt>()
  for (const [key, receipt] of receipts) {
    if (batch.has(hex(receipt.s))) continue
    batch.set(hex(receipt.s), receipt)
    receipts.delete(key)
  }
  return [...batch.values()]
}

/** Where a sequence is at, after a receipt of it. */
const note = ({ standings }: State, { s }: Receipt, heard: readonly OutSequence[]): void => {
  const key = hex(s)
  const now = heard.find(({ sequence }) => hex(sequence) === key)
  const standing = standings.get(key)
  // It goes on here otherwise than there, and is closed; or it is none that is written in.
  if (now === undefined) standings.delete(key)
  else if (standing !== undefined) {
    standing.got = Math.max(standing.got, now.got)
    standing.sent = Math.max(standing.sent, now.got)
    standing.flying = standing.flying.filter((number) => number > now.got)
  }
}

export const openOutgoingLine = (desk: OutgoingDesk): OutgoingLine => {
  const state: State = {
    ...{ ready: false, closed: false, pumping: false, again: false, confirming: false, begun: 0, last: '' },
    ...{ greeting: [], receipts: new Map() },
    standings: new Map(),
  }

  const pump = async (): Promise<void> => {
    state.again = true
    if (state.pumping) return
    state.pumping = true
    try {
      for (let any = true; (any || state.again) && state.ready && !state.closed; ) {
        any = false
        state.again = false
        const sequences = await desk.sequences()
        forgetClosed(state, sequences)
        for (const one of inTurn(sequences, state.last))
          if (state.ready && !state.closed) any = (await sendSome(state, one, desk)) || any
      }
    } finally {
      state.pumping = false
    }
  }

  /** The greeting is over: what follows what is there is sent. */
  const begin = async (receipts: readonly Receipt[]): Promise<void> => {
    for (const { sequence, got } of await desk.hear(receipts, true))
      state.standings.set(hex(sequence), { got, sent: got, flying: [], parked: false })
    state.ready = true
    desk.poke()
  }

  /** What the other side has now: heard in one transaction at a time, however much it says meanwhile. */
  const confirm = async (): Promise<void> => {
    if (state.confirming) return
    state.confirming = true
    try {
      while (state.receipts.size > 0 && !state.closed) {
        const batch = firstOfEach(state.receipts)
        const heard = await desk.hear(batch, false)
        for (const receipt of batch) note(state, receipt, heard)
        desk.poke()
      }
    } finally {
      state.confirming = false
    }
  }

  const hearReady = (): void => {
    state.begun += 1
    const { greeting } = state
    if (greeting !== null) {
      state.greeting = null
      begin(greeting).catch(desk.fail)
      return
    }
    // A repeated one says that there is room again for what was refused.
    for (const standing of state.standings.values()) if (standing.parked) rewind(standing)
    desk.poke()
  }

  return {
    get ready() {
      return state.ready && !state.closed
    },
    get isParked() {
      return [...state.standings.values()].some(({ parked }) => parked)
    },
    pump: () => void pump().catch(desk.fail),
    handle: (payload) => {
      if (payload.k === 'ready') return hearReady()
      if (payload.k === 'full') {
        const standing = state.standings.get(hex(payload.s))
        if (standing !== undefined && !standing.parked) {
          standing.parked = true
          desk.held(payload.code, payload.wait)
        }
        return desk.poke()
      }
      const { k: _, ...receipt } = payload
      if (state.greeting === null) {
        remember(state, receipt)
        return void confirm().catch(desk.fail)
      }
      if (state.greeting.length >= SEQUENCES_MAX)
        throw new ConnectionError('ERR_FRAME', { hint: 'receipts for more sequences than there can be' })
      state.greeting.push(receipt)
    },
    detach: () => {
      state.closed = true
    },
  }
}
