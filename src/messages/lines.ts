import type { MessagePayload } from '../connection/payloads.ts'
import type { Line, LineHandler, Service } from '../connection/service.ts'
import { isVoidDevice } from '../contacts/void-device.ts'
import { hex } from '../core/bytes.ts'
import type { StoredMessage } from '../store/message-rows.ts'
import type { Store } from '../store/store.ts'
import type { Inbox } from './inbox.ts'
import { type IncomingLine, openIncomingLine } from './incoming-line.ts'
import { type OutgoingLine, openOutgoingLine } from './outgoing-line.ts'
import type { Signals } from './signals.ts'

/** Messages on all the connections there are: one line for each, of which the newest that is ready is sent on. */
export type Lines = {
  readonly service: Service
  /** Sends what is pending to `peer` on its newest line that is ready. @returns whether there was one */
  pump(peer: Uint8Array): boolean
  /** Whether there is a line to `peer`, ready or not. */
  isOpen(peer: Uint8Array): boolean
  /** There is room again for messages of `peer`. */
  invite(peer: Uint8Array): void
}

export type LinesParts = {
  readonly store: Store
  readonly inbox: Inbox
  readonly signals: Signals
  /** Told of every message that came, or whose state changed, once that is on disk. */
  readonly onMessages: (messages: readonly StoredMessage[]) => void
}

type Open = { readonly incoming: IncomingLine; readonly outgoing: OutgoingLine }

const KINDS = ['message', 'got', 'full', 'ready'] as const

const isMessage = (payload: { readonly k: string }): payload is MessagePayload =>
  (KINDS as readonly string[]).includes(payload.k)

/** Opens both directions of one connection. */
const openBoth = (line: Line, { store, inbox, signals, onMessages }: LinesParts): Open => {
  const { messages, group } = store
  const { peer, device } = line
  const { exposures } = store
  const fail = (error: unknown): void => line.end(error instanceof Error ? error : new Error(String(error)))
  const change = async (work: () => readonly StoredMessage[]): Promise<void> => {
    const changed = await group.run(work)
    if (changed.length > 0) onMessages(changed)
  }
  const incoming = openIncomingLine({
    places: () => messages.places(peer),
    receive: async (said) => {
      const taken = await group.run(() => inbox.take(peer, said))
      return { ...taken, announce: () => taken.fresh.length > 0 && onMessages(taken.fresh) }
    },
    hasRoom: (app) => inbox.room(peer, app) > 0,
    ...{ say: line.say, fail },
  })
  const outgoing = openOutgoingLine({
    sequences: () => messages.sequences(peer),
    pending: (sequence, after, limit) =>
      isVoidDevice(store, line) ? [] : messages.pending(peer, sequence, after, limit),
    before: (sequence, number) => messages.before(peer, sequence, number),
    sent: (sequence, upTo) =>
      change(() => {
        exposures.went(peer, sequence, upTo, device)
        return messages.markSent(peer, sequence, upTo)
      }),
    delivered: (sequence, upTo) =>
      change(() => {
        if (isVoidDevice(store, line)) return []
        const delivered = messages.markDelivered(peer, sequence, upTo)
        exposures.came(peer, delivered, device)
        return delivered
      }),
    poke: () => signals.say('ready', peer),
    ...{ say: line.say, fail },
  })
  return { incoming, outgoing }
}

export const createLines = (parts: LinesParts): Lines => {
  const { signals } = parts
  /** by peer, the newest last */
  const lines = new Map<string, Set<Open>>()

  const attach = (line: Line): LineHandler => {
    const { peer } = line
    const open = openBoth(line, parts)
    const theirs = lines.get(hex(peer)) ?? new Set()
    lines.set(hex(peer), theirs.add(open))
    signals.say('opened', peer)
    return {
      handle: (payload) => {
        if (!isMessage(payload)) return
        if (payload.k === 'message') open.incoming.take(payload)
        else open.outgoing.handle(payload)
      },
      detach: () => {
        open.incoming.detach()
        open.outgoing.detach()
        theirs.delete(open)
        if (theirs.size === 0) lines.delete(hex(peer))
        signals.say('closed', peer)
      },
    }
  }

  return {
    service: { kinds: KINDS, attach },
    pump: (peer) => {
      const line = [...(lines.get(hex(peer)) ?? [])].findLast(({ outgoing }) => outgoing.ready)
      line?.outgoing.pump()
      return line !== undefined
    },
    isOpen: (peer) => lines.has(hex(peer)),
    invite: (peer) => {
      for (const { incoming } of lines.get(hex(peer)) ?? []) incoming.invite()
    },
  }
}
