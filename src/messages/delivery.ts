import type { Connection } from '../connection/connection.ts'
import type { MessagePayload } from '../connection/payloads.ts'
import { equal, hex } from '../core/bytes.ts'
import type { FileErrorCode } from '../core/errors/codes.ts'
import { HandfastError } from '../core/errors.ts'
import { FILE_AGE_MAX, LINGER_MS, MAIL_AFTER_MS, MESSAGE_AGE_MAX, REDIAL_MAX_MS, REDIAL_MS } from '../core/limits.ts'
import type { World } from '../core/world.ts'
import type { StoredMessage } from '../store/message-store.ts'
import type { Store } from '../store/store.ts'
import type { Inbox } from './inbox.ts'
import type { MailboxSender } from './mailbox-sender.ts'
import {
  type MessageDesk,
  type MessageHandler,
  type MessageLine,
  type OpenMessageStream,
  openMessageStream,
} from './message-stream.ts'

/**
 * The post: for every peer that messages or files wait for it keeps one connection, or tries to get one, again and again with growing pauses;
 * and it takes in what others send, as far as there is room.
 */
export type Delivery = {
  /** A connection to `peer` has begun. */
  attach(peer: Uint8Array, line: MessageLine): MessageHandler
  /** Messages or files to `peer` were written down. */
  wake(peer: Uint8Array): void
  /** The application has taken messages of `peer`. */
  taken(peer: Uint8Array): void
  /** Begins to deliver what waits from an earlier time. */
  start(): void
  stop(): void
}

export type DeliveryParts = {
  readonly store: Store
  readonly world: World
  readonly connect: (peer: Uint8Array, signal: AbortSignal) => Promise<Connection>
  /** Gives a connection that was made for messages to the application, if there is one that listens. */
  readonly handOver: (connection: Connection) => boolean
  /** What else waits for somebody, and is sent by itself on every connection there is. */
  readonly files: {
    waiting(): readonly Uint8Array[]
    isWaiting(peer: Uint8Array): boolean
    /** Gives up what waits for a peer and was sent before that time, milliseconds since 1970. */
    fail(peer: Uint8Array, reason: FileErrorCode | Final, before: number): Promise<void>
  }
  /** The way to those who cannot be reached. */
  readonly mail: Pick<MailboxSender, 'isWaiting' | 'waiting' | 'send' | 'receiptSaid'>
  readonly inbox: Inbox
  /** Told of every message that came, or whose state changed, once that is on disk. */
  readonly onMessages: (messages: readonly StoredMessage[]) => void
}

/** Failures that trying again does not mend. */
const FINAL = ['ERR_PEER_RETIRED', 'ERR_PEER_SELF'] as const
type Final = (typeof FINAL)[number]

type Correspondent = {
  readonly id: Uint8Array
  readonly lines: Set<OpenMessageStream>
  /** failures in a row */
  failures: number
  dialing: boolean
  /** it was connected when this peer crashed, and may have messages that it believes are on their way */
  interrupted: boolean
  redial: NodeJS.Timeout | undefined
}

export const createDelivery = ({
  store,
  world,
  connect,
  handOver,
  files,
  mail,
  inbox,
  onMessages,
}: DeliveryParts): Delivery => {
  const { messages, group } = store
  const correspondents = new Map<string, Correspondent>()
  const stopping = new AbortController()

  const of = (id: Uint8Array): Correspondent => {
    const known = correspondents.get(hex(id))
    if (known !== undefined) return known
    const fresh: Correspondent = {
      id,
      lines: new Set(),
      failures: 0,
      dialing: false,
      interrupted: false,
      redial: undefined,
    }
    correspondents.set(hex(id), fresh)
    return fresh
  }
  const isWaiting = (id: Uint8Array): boolean => messages.pending(id, 0, 1).length > 0 || files.isWaiting(id)
  const isWanted = ({ id, interrupted }: Correspondent): boolean => interrupted || isWaiting(id) || mail.isWaiting(id)
  const change = async (work: () => readonly StoredMessage[]): Promise<void> => {
    const changed = await group.run(work)
    if (changed.length > 0) onMessages(changed)
  }

  /** Nothing depends on it: a peer that cannot write goes on without. */
  const note = (work: () => void): void => {
    if (!stopping.signal.aborted) group.run(work).catch(() => {})
  }

  /** Half of it is fixed and half is chance, so that many peers of one that was away do not call it all at once. */
  const pause = (failures: number): number => {
    const longest = Math.min(REDIAL_MAX_MS, REDIAL_MS * 2 ** Math.min(failures, 20))
    const [byte = 0] = world.random(1)
    return longest / 2 + (longest / 2) * (byte / 255)
  }

  const scheduleDial = (one: Correspondent): void => {
    if (stopping.signal.aborted || one.dialing || one.redial !== undefined || !isWanted(one)) return
    const again = (): void => {
      one.redial = undefined
      void dial(one)
    }
    if (one.failures === 0) again()
    else one.redial = setTimeout(again, pause(one.failures - 1)).unref()
  }

  /** Keeps a connection that was made for messages until there is nothing to say on it for a minute. */
  const linger = async (one: Correspondent, connection: Connection): Promise<void> => {
    let idle: NodeJS.Timeout | undefined
    let ended = false
    void connection.closed.then(() => {
      ended = true
      clearTimeout(idle)
    })
    const look = (): void => {
      if (ended) return
      if (isWaiting(one.id)) idle = setTimeout(look, LINGER_MS).unref()
      else void connection.close()
    }
    idle = setTimeout(look, LINGER_MS).unref()
    // Nobody reads what is not a message here; it must not stop the messages behind it.
    while ((await connection.receive()) !== null);
  }

  const fail = async (id: Uint8Array, reason: Final, before: number): Promise<void> => {
    await change(() => messages.markFailed(id, reason, before))
    await files.fail(id, reason, before)
  }

  const dial = async (one: Correspondent): Promise<void> => {
    one.dialing = true
    // Whoever vanished without a goodbye is called for many seconds in vain. Should it be there all the same, it drops what it has.
    const impatient = setTimeout(() => void mail.send(one.id, stopping.signal).catch(() => {}), MAIL_AFTER_MS).unref()
    try {
      await change(() => messages.markFailed(one.id, 'ERR_MESSAGE_EXPIRED', world.clock() - MESSAGE_AGE_MAX * 1000))
      await files.fail(one.id, 'ERR_FILE_EXPIRED', world.clock() - FILE_AGE_MAX * 1000)
      if (!isWanted(one)) return
      const connection = await connect(one.id, stopping.signal)
      one.failures = 0
      if (!handOver(connection)) void linger(one, connection).catch(() => {})
    } catch (error) {
      one.failures += 1
      // It was worth a try; whoever is gone has nothing on its way to us.
      one.interrupted = false
      if (stopping.signal.aborted) return
      const final = FINAL.find((code) => error instanceof HandfastError && error.code === code)
      if (final !== undefined) await fail(one.id, final, Number.MAX_SAFE_INTEGER).catch(() => {})
      // What does not get into a mailbox now is tried again with the next call.
      else await mail.send(one.id, stopping.signal).catch(() => {})
    } finally {
      clearTimeout(impatient)
      one.dialing = false
      poke(one)
    }
  }

  /** Sends on the newest line that is ready; without one, tries to get one. */
  const poke = (one: Correspondent): void => {
    if (stopping.signal.aborted) return
    const line = [...one.lines].findLast(({ ready }) => ready)
    if (line !== undefined) line.pump()
    else if (one.lines.size === 0) scheduleDial(one)
  }

  const receive = async (id: Uint8Array, incoming: readonly MessagePayload[]): ReturnType<MessageDesk['receive']> => {
    const { taken, fresh } = await group.run(() => inbox.take(id, incoming))
    const announce = (): void => {
      if (fresh.length > 0) onMessages(fresh)
    }
    return { taken, announce }
  }

  return {
    attach: (id, line) => {
      const one = of(id)
      const open = openMessageStream(line, {
        places: () => messages.places(id),
        isOurs: (stream) => {
          const ours = messages.stream(id)
          return ours !== null && equal(ours, stream)
        },
        pending: (after, limit) => messages.pending(id, after, limit),
        before: (number) => messages.before(id, number),
        sent: (upTo) => change(() => messages.markSent(id, upTo)),
        delivered: (upTo) => change(() => messages.markDelivered(id, upTo)),
        receive: (incoming) => receive(id, incoming),
        hasRoom: () => inbox.room(id) > 0,
        poke: () => poke(one),
      })
      one.lines.add(open)
      one.failures = 0
      one.interrupted = false
      note(() => {
        messages.lineOpened(id)
        // It is the first thing said on the line.
        mail.receiptSaid(id)
      })
      clearTimeout(one.redial)
      one.redial = undefined
      return {
        handle: open.handle,
        detach: () => {
          one.lines.delete(open)
          if (one.lines.size === 0) note(() => messages.lineClosed(id))
          // At once would be too soon: the other side has just gone.
          one.failures = Math.max(1, one.failures)
          open.detach()
        },
      }
    },
    wake: (id) => {
      const one = of(id)
      poke(one)
      // Whoever could not be reached a moment ago has mail at once all the same.
      if (one.redial !== undefined) void mail.send(id, stopping.signal).catch(() => {})
    },
    taken: (id) => {
      const lines = correspondents.get(hex(id))?.lines ?? []
      if (inbox.room(id) > 0) for (const line of lines) line.invite()
    },
    start: () => {
      const interrupted = messages.interrupted()
      for (const id of interrupted) of(id).interrupted = true
      for (const id of [...interrupted, ...messages.waiting(), ...files.waiting(), ...mail.waiting()]) poke(of(id))
    },
    stop: () => {
      stopping.abort()
      // An end in order leaves nobody waiting.
      group.run(() => messages.interrupted().forEach(messages.lineClosed)).catch(() => {})
      for (const { redial } of correspondents.values()) clearTimeout(redial)
    },
  }
}
