import type { MessagePayload } from '../connection/payloads.ts'
import { hex } from '../core/bytes.ts'
import { ConnectionError, MessageError } from '../core/errors.ts'
import { MESSAGE_WINDOW } from '../core/limits/message-limits.ts'
import type { SequencePlace } from '../store/incoming-messages.ts'
import { decodeBody } from './body.ts'
import type { IncomingMessage, Taken } from './inbox.ts'

/**
 * Their messages on one connection (docs/spec/messages.md §2). It begins by saying what is here of each sequence, and `ready`.
 *
 *     a sequence: open --no room: `full`--> refused --room again: `ready`--> invited --sent anew--> open
 *
 * What comes of a refused sequence was on its way before and is passed over; an invited one begins anew, with the message that was refused or
 * with what follows those that are here.
 */
export type IncomingLine = {
  /** @throws ConnectionError ERR_FRAME when the other side keeps no rule */
  take(message: Extract<MessagePayload, { k: 'message' }>): void
  /** There is room again for some that were refused. */
  invite(): void
  detach(): void
}

export type IncomingDesk = {
  /** How far their sequences are here, the latest first. */
  places(): readonly SequencePlace[]
  /** Takes messages in; they are on disk when it resolves. `announce` tells the application of them. */
  receive(messages: readonly IncomingMessage[]): Promise<Taken & { announce(): void }>
  /** Whether another message for that application can be taken in. */
  hasRoom(app: string): boolean
  /** Encrypts at once; resolves when there was room for it on the way. */
  say(payload: MessagePayload): Promise<void>
  fail(error: unknown): void
}

type Refusal = { readonly message: IncomingMessage; invited: boolean }

type State = { incoming: IncomingMessage[]; storing: boolean; closed: boolean; readonly refused: Map<string, Refusal> }

/** Whether it is passed over: its sequence was refused, and was not sent anew since. */
const isPassedOver = ({ refused }: State, { s, n, p }: IncomingMessage, desk: IncomingDesk): boolean => {
  const refusal = refused.get(hex(s))
  if (refusal === undefined) return false
  if (!refusal.invited) return true
  // What was refused may have come by another way meanwhile, or been given up.
  const have = desk.places().find(({ sequence }) => hex(sequence) === hex(s))?.have ?? 0
  if (n > refusal.message.n && p > have) return true
  refused.delete(hex(s))
  return false
}

export const openIncomingLine = (desk: IncomingDesk): IncomingLine => {
  const state: State = { incoming: [], storing: false, closed: false, refused: new Map() }
  /** Saying fails only when the connection has ended, which is told elsewhere. */
  const say = (payload: MessagePayload): Promise<void> => desk.say(payload).catch(() => {})

  const invite = (): void => {
    const waiting = [...state.refused.values()].filter(({ invited }) => !invited)
    if (state.closed || !waiting.some(({ message }) => desk.hasRoom(message.app))) return
    for (const refusal of waiting) refusal.invited = true
    void say({ k: 'ready' })
  }

  const refuse = (message: IncomingMessage): void => {
    state.refused.set(hex(message.s), { message, invited: false })
    state.incoming = state.incoming.filter(({ s }) => hex(s) !== hex(message.s))
    void say({ k: 'full', s: message.s, n: message.n })
  }

  const store = async (): Promise<void> => {
    if (state.storing) return
    state.storing = true
    try {
      while (state.incoming.length > 0 && !state.closed) {
        const messages = state.incoming
        state.incoming = []
        const { upTo, refused, announce } = await desk.receive(messages)
        // Receipts go first: the application may end the connection over what it reads.
        const receipts = upTo.map(({ s, n }) => say({ k: 'got', s, n }))
        refused.forEach(refuse)
        announce()
        // The application may have taken some while these were on their way, and takes none that are not here.
        if (refused.length > 0) invite()
        await Promise.all(receipts)
      }
    } finally {
      state.storing = false
    }
  }

  for (const { sequence, have } of desk.places()) void say({ k: 'got', s: sequence, n: have })
  void say({ k: 'ready' })

  return {
    take: ({ k: _, ...message }) => {
      decodeBody(message.body)
      if (isPassedOver(state, message, desk)) return
      if (state.incoming.length >= MESSAGE_WINDOW)
        throw new ConnectionError('ERR_FRAME', { hint: 'more messages than the window allows' })
      state.incoming.push(message)
      store().catch((error: unknown) => {
        const gap = error instanceof MessageError && error.code === 'ERR_MESSAGE_GAP'
        desk.fail(gap ? new ConnectionError('ERR_FRAME', { hint: 'a message is missing', cause: error }) : error)
      })
    },
    invite,
    detach: () => {
      state.closed = true
    },
  }
}
