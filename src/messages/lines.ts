import type { MessagePayload } from '../connection/payloads.ts'
import type { Line, LineHandler, Service } from '../connection/service.ts'
import { isVoidDevice } from '../contacts/void-device.ts'
import { hex } from '../core/bytes.ts'
import { ConnectionError, PeerError } from '../core/errors.ts'
import { deviceId } from '../core/key-log-entry.ts'
import { seconds, type World } from '../core/world.ts'
import { whenRoom } from '../store/disk-full.ts'
import type { StoredMessage } from '../store/message-rows.ts'
import type { Store } from '../store/store.ts'
import { createHeld, type Held, isRemoteFull } from './held.ts'
import type { Inbox } from './inbox.ts'
import { endMail } from './incarnation.ts'
import { type IncomingLine, openIncomingLine } from './incoming-line.ts'
import type { MessageEvent } from './message-events.ts'
import { type OutgoingDesk, type OutgoingLine, openOutgoingLine } from './outgoing-line.ts'
import { fullReceipt, fullReceipts } from './receipts.ts'
import { NOTHING_HEARD, type Repair, repairEvent } from './repair.ts'
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
  /** Whether `peer` has said what it has on a line that is open: what it said by mail is older. */
  isGreeted(peer: Uint8Array): boolean
  /** When the earliest place was given that `peer` proved in its last greeting, seconds since 1970; null when it proved none. */
  provenSince(peer: Uint8Array): number | null
  /** What is told of those that wait though both sides are there. */
  readonly held: Pick<Held, 'here' | 'there'>
  /** Messages have changed by another way than a line; for the transaction that changed them. */
  note(changed: readonly StoredMessage[]): void
}

export type LinesParts = {
  /** our device, 16 bytes */
  readonly own: Uint8Array
  readonly store: Store
  readonly world: World
  readonly inbox: Inbox
  readonly repair: Repair
  readonly signals: Signals
  /** Told of every message that came, or whose state changed, once that is on disk. */
  readonly onMessages: (messages: readonly StoredMessage[]) => void
  readonly emit: (event: MessageEvent) => void
  /** Told that the other side has what this store never wrote, once what follows of it is on disk. */
  readonly onOld: (peer: Uint8Array) => void
  /** Does something after so many milliseconds, unless that is taken back. Default: by a timer. */
  readonly later?: ((milliseconds: number, work: () => void) => () => void) | undefined
}

type Open = {
  readonly incoming: IncomingLine
  readonly outgoing: OutgoingLine
  /** messages that were confirmed while the other side's greeting was on its way; null once that was heard */
  confirmed: Set<number> | null
  /** Nothing is tried again any more. */
  stop(): void
}

const KINDS = ['message', 'got', 'full', 'held', 'ready'] as const

const isMessage = (payload: { readonly k: string }): payload is MessagePayload =>
  (KINDS as readonly string[]).includes(payload.k)

type Opening = LinesParts & {
  readonly note: Lines['note']
  readonly proven: (since: number | null) => void
  readonly held: Held
}

/** Writes something down; while the disk is full it is tried again. @param asked what the other side waits for: it is told, too */
type Durable = <T>(work: () => T, asked?: boolean) => Promise<T>

const createDurable = ({ peer, say }: Line, { store, held }: Opening, signal: AbortSignal): Durable => {
  let isFull = false
  const tell = (): void => {
    if (!isFull) say({ k: 'held', code: 'ERR_STORE_FULL' }).catch(() => {})
    isFull = true
  }
  return async (work, asked = false) => {
    const full = (): void => {
      held.here(peer, true)
      if (asked) tell()
    }
    const result = await whenRoom(() => store.group.run(work), full, signal)
    if (asked) isFull = false
    held.here(peer, false)
    return result
  }
}

const outgoingDesk = (
  line: Line,
  { own, store, repair, signals, held, onMessages, emit, onOld, note, proven }: Opening,
  durably: Durable,
  open: () => Pick<Open, 'confirmed'>,
): Omit<OutgoingDesk, 'fail' | 'say'> => {
  const { messages } = store
  const { peer } = line
  const pair = { own, device: deviceId(line.device) }
  return {
    hear: async (receipts, fresh) => {
      const heard = await durably(() => {
        if (isVoidDevice(store, line)) return NOTHING_HEARD
        const except = (fresh ? open().confirmed : null) ?? new Set<number>()
        const said = { receipts, fresh, except }
        const now = repair.hear(peer, pair, said)
        note(now.changed)
        if (fresh) proven(now.since)
        if (now.isOld) endMail(store, peer)
        return now
      })
      if (fresh) open().confirmed = null
      if (heard.changed.length > 0) onMessages(heard.changed)
      for (const event of repairEvent(peer, heard)) emit(event)
      if (heard.isOld) onOld(peer)
      return heard.standing
    },
    sequences: () => durably(() => (isVoidDevice(store, line) ? [] : repair.place(peer, pair))),
    behind: (sequence, after, limit) => messages.behind(peer, sequence, after, limit),
    sent: async (sequence, after, n) => {
      const changed = await durably(() => messages.markSent(peer, { sequence, n }, after))
      if (changed.length > 0) onMessages(changed)
    },
    held: (code, wait) => held.there(peer, code, wait),
    poke: () => signals.say('ready', peer),
  }
}

const afterwards: NonNullable<LinesParts['later']> = (milliseconds, work) => {
  const timer = setTimeout(work, milliseconds).unref()
  return () => clearTimeout(timer)
}

/** Opens both directions of one connection. */
const openBoth = (line: Line, parts: Opening): Open => {
  const { store, world, inbox, onMessages, later = afterwards } = parts
  const { messages } = store
  const { peer } = line
  const stopping = new AbortController()
  const durably = createDurable(line, parts, stopping.signal)
  const from = { peer, device: deviceId(line.device) }
  const fail = (error: unknown): void => line.end(error instanceof Error ? error : new Error(String(error)))
  const incoming = openIncomingLine({
    receipts: () => fullReceipts(messages, peer, seconds(world)),
    receipt: (sequence) => fullReceipt(messages, peer, sequence),
    receive: async (said) => {
      const taken = await durably(() => {
        // Another program on this folder may have been told so a moment ago.
        if (store.blocked.has(peer)) throw new PeerError('ERR_PEER_REFUSED')
        return inbox.take(from, said)
      }, true)
      return { ...taken, announce: () => taken.fresh.length > 0 && onMessages(taken.fresh) }
    },
    hasRoom: (message) => inbox.refusal(peer, message) === null,
    ...{ later, say: line.say, fail },
  })
  const desk = outgoingDesk(line, parts, durably, () => open)
  const outgoing = openOutgoingLine({ ...desk, say: line.say, fail })
  const open: Open = { incoming, outgoing, confirmed: new Set(), stop: () => stopping.abort() }
  return open
}

/** Whether one of the two sides could not go on with it: the next one may end in the same way. */
const isBroken = (failure: Error | null): boolean =>
  failure !== null && !(failure instanceof ConnectionError && failure.code === 'ERR_CONNECTION_LOST')

export const createLines = (parts: LinesParts): Lines => {
  const { signals } = parts
  /** by peer, the newest last */
  const lines = new Map<string, Set<Open>>()

  const provenSince = new Map<string, number>()
  const { contacts, messages } = parts.store
  const isOurs = (peer: Uint8Array): boolean => contacts.has(peer) || messages.hasWritten(peer)
  const held = createHeld(parts.world, parts.emit, isOurs)

  const note: Lines['note'] = (changed) => {
    for (const { id, peer, state } of changed)
      if (state === 'delivered') for (const { confirmed } of lines.get(hex(peer)) ?? []) confirmed?.add(id)
  }

  const attach = (line: Line): LineHandler => {
    const { peer } = line
    const proven = (since: number | null): void => {
      if (since === null) provenSince.delete(hex(peer))
      else provenSince.set(hex(peer), since)
    }
    const open = openBoth(line, { ...parts, note, proven, held })
    const theirs = lines.get(hex(peer)) ?? new Set()
    lines.set(hex(peer), theirs.add(open))
    signals.say('opened', peer)
    // Who called answers the other's greeting: so what either side says is here is not older than its line is to the other.
    const greet = (): void => {
      if (open.incoming.greet()) signals.say('greeted', peer)
    }
    if (!line.isCaller) greet()
    return {
      handle: (payload) => {
        if (!isMessage(payload)) return
        if (payload.k === 'message') return open.incoming.take(payload)
        if (payload.k === 'held') return held.there(peer, payload.code)
        // What is in a greeting was there before.
        if (payload.k === 'got' && open.confirmed === null && !open.outgoing.isParked) held.there(peer, null)
        open.outgoing.handle(payload)
        if (payload.k === 'ready') greet()
      },
      detach: (failure) => {
        if (isRemoteFull(failure)) held.there(peer, 'ERR_STORE_FULL')
        open.stop()
        open.incoming.detach()
        open.outgoing.detach()
        theirs.delete(open)
        if (theirs.size === 0) {
          lines.delete(hex(peer))
          provenSince.delete(hex(peer))
          held.forget(peer)
        }
        signals.say(isBroken(failure) ? 'broken' : 'closed', peer)
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
    isGreeted: (peer) => [...(lines.get(hex(peer)) ?? [])].some(({ confirmed }) => confirmed === null),
    held,
    note,
    provenSince: (peer) => provenSince.get(hex(peer)) ?? null,
    invite: (peer) => {
      for (const { incoming } of lines.get(hex(peer)) ?? []) incoming.invite()
    },
  }
}
