import type { MessagePayload, Receipt } from '../connection/payloads.ts'
import { hex } from '../core/bytes.ts'
import { ConnectionError, MessageError } from '../core/errors.ts'
import { FULL_WAIT_MAX, MESSAGE_WINDOW, ROOM_LOOK_MS, SEQUENCES_MAX } from '../core/limits/message-limits.ts'
import type { IncomingMessage, Refused, Taken, Weighed } from './inbox.ts'

/**
 * Their messages on one connection (docs/spec/messages.md §3). It is greeted with what is here of each sequence, and `ready`.
 *
 *     a sequence: open --no room: `full`--> refused --room again: `ready`--> invited --sent anew--> open
 *                 open --it goes on otherwise than here: `got` with earlier places--> forked
 *
 * Whether there is room is looked at when the application took something, when a rate or a day lets more come, and every minute.
 * What comes of a refused sequence was on its way before and is passed over; an invited one begins anew, with the message that was refused or
 * with what follows those that are here. Nothing more is taken of a forked one.
 */
export type IncomingLine = {
  /** Says what is here, once. @returns whether it was said now */
  greet(): boolean
  /** @throws ConnectionError ERR_FRAME when the other side keeps no rule */
  take(message: Extract<MessagePayload, { k: 'message' }>): void
  /** There is room again for some that were refused. */
  invite(): void
  detach(): void
}

export type IncomingDesk = {
  /** What is here of all their sequences, with earlier places. */
  receipts(): readonly Receipt[]
  /** The same of one. */
  receipt(sequence: Uint8Array): Receipt | null
  /** Takes messages in; they are on disk when it resolves. `announce` tells the application of them. */
  receive(messages: readonly IncomingMessage[]): Promise<Taken & { announce(): void }>
  /** Whether such a message could be taken in by now. */
  hasRoom(message: Weighed): boolean
  /** Does something later, on this connection. @returns what takes that back */
  later(milliseconds: number, work: () => void): () => void
  /** Encrypts at once; resolves when there was room for it on the way. */
  say(payload: MessagePayload): Promise<void>
  fail(error: unknown): void
}

/** What was refused, without what it says: that comes again. */
type Waiting = Weighed & Pick<IncomingMessage, 'n'> & { invited: boolean }

type State = {
  incoming: IncomingMessage[]
  storing: boolean
  closed: boolean
  greeted: boolean
  readonly refused: Map<string, Waiting>
  /** how much came of each forked sequence since */
  readonly forked: Map<string, number>
  /** Ends the wait until it is looked for room. */
  unlook: () => void
}

/** Whether it is passed over: its sequence was refused, and was not sent anew since. */
const isPassedOver = ({ refused }: State, { s, n }: IncomingMessage, desk: IncomingDesk): boolean => {
  const refusal = refused.get(hex(s))
  if (refusal === undefined) return false
  if (!refusal.invited) return true
  // What was refused may have come by another way meanwhile.
  if (n > refusal.n && n > (desk.receipt(s)?.n ?? 0) + 1) return true
  refused.delete(hex(s))
  return false
}

/** Whether it is of a sequence that goes on otherwise than here: as much of that may have been on its way as the window allows. */
const isForked = ({ forked }: State, { s }: IncomingMessage): boolean => {
  const count = forked.get(hex(s))
  if (count === undefined) return false
  if (count >= MESSAGE_WINDOW)
    throw new ConnectionError('ERR_FRAME', { hint: 'a sequence that was contradicted goes on' })
  forked.set(hex(s), count + 1)
  return true
}

const MISSING: ReadonlySet<string> = new Set(['ERR_MESSAGE_GAP', 'ERR_MESSAGE_FORK'])

export const openIncomingLine = (desk: IncomingDesk): IncomingLine => {
  const state: State = {
    ...{ incoming: [], storing: false, closed: false, greeted: false },
    ...{ refused: new Map(), forked: new Map(), unlook: () => {} },
  }
  /** Saying fails only when the connection has ended, which is told elsewhere. */
  const say = (payload: MessagePayload): Promise<void> => desk.say(payload).catch(() => {})

  const invite = (): void => {
    const waiting = [...state.refused.values()].filter(({ invited }) => !invited)
    if (state.closed || !waiting.some(desk.hasRoom)) return
    for (const refusal of waiting) refusal.invited = true
    void say({ k: 'ready' })
  }

  /** Looks whether there is room after a while, as long as anything waits for it. */
  const lookLater = (wait: number | null): void => {
    state.unlook()
    state.unlook = desk.later(Math.min(wait ?? ROOM_LOOK_MS, ROOM_LOOK_MS), () => {
      invite()
      if ([...state.refused.values()].some(({ invited }) => !invited)) lookLater(null)
    })
  }

  const dropWaiting = (sequence: Uint8Array): void => {
    state.incoming = state.incoming.filter(({ s }) => hex(s) !== hex(sequence))
  }
  /** Nobody who keeps the rules writes in so many. */
  const checkFew = ({ size }: ReadonlyMap<string, unknown>): void => {
    if (size > SEQUENCES_MAX) throw new ConnectionError('ERR_FRAME', { hint: 'more sequences than there can be' })
  }
  const refuse = ({ s, n, app, b, why }: Refused): void => {
    state.refused.set(hex(s), { n, app, size: b.length, invited: false })
    checkFew(state.refused)
    dropWaiting(s)
    const wait = why.wait === null ? null : Math.min(FULL_WAIT_MAX, Math.ceil(why.wait / 1000))
    void say({ k: 'full', s, n, code: why.code, wait })
    // What the application has to take is looked at when it takes something.
    if (why.code !== 'ERR_MESSAGE_FULL') lookLater(why.wait)
  }
  const contradict = (sequence: Uint8Array): void => {
    state.forked.set(hex(sequence), 0)
    checkFew(state.forked)
    dropWaiting(sequence)
    const here = desk.receipt(sequence)
    if (here !== null) void say({ k: 'got', ...here })
  }

  const store = async (): Promise<void> => {
    if (state.storing) return
    state.storing = true
    try {
      while (state.incoming.length > 0 && !state.closed) {
        const messages = state.incoming
        state.incoming = []
        const { upTo, refused, forked, announce } = await desk.receive(messages)
        // Receipts go first: the application may end the connection over what it reads.
        const receipts = upTo.map(({ s, n, c }) => say({ k: 'got', s, n, c, back: [] }))
        refused.forEach(refuse)
        forked.forEach(contradict)
        announce()
        // The application may have taken some while these were on their way, and takes none that are not here.
        if (refused.length > 0) invite()
        await Promise.all(receipts)
      }
    } finally {
      state.storing = false
    }
  }

  return {
    greet: () => {
      if (state.greeted || state.closed) return false
      state.greeted = true
      for (const receipt of desk.receipts()) void say({ k: 'got', ...receipt })
      void say({ k: 'ready' })
      return true
    },
    take: ({ k: _, ...message }) => {
      if (isPassedOver(state, message, desk) || isForked(state, message)) return
      if (state.incoming.length >= MESSAGE_WINDOW)
        throw new ConnectionError('ERR_FRAME', { hint: 'more messages than the window allows' })
      state.incoming.push(message)
      store().catch((error: unknown) => {
        const gap = error instanceof MessageError && MISSING.has(error.code)
        desk.fail(gap ? new ConnectionError('ERR_FRAME', { hint: 'a message is missing', cause: error }) : error)
      })
    },
    invite,
    detach: () => {
      state.closed = true
      state.unlook()
    },
  }
}
