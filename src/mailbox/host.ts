import { type RandomBytes, utf8 } from '../core/bytes.ts'
import { type ErrorCode, HandfastError, MailboxError } from '../core/errors.ts'
import { hmac, secretKey } from '../core/kdf.ts'
import {
  MAILBOX_GUESTS,
  MAILBOX_GUESTS_PER_SOURCE,
  MAILBOX_STEP_MS,
  MAILBOX_VISIT_MS,
} from '../core/limits/mailbox-limits.ts'
import { createSeats, type Seats } from '../core/seats.ts'
import { type SteadyClock, type Times, timesOf } from '../core/steady-clock.ts'
import type { Directory } from '../directory/client/directory.ts'
import { slash24Of } from '../directory/ip-networks.ts'
import { createAdmission } from './admission.ts'
import { withDeadline } from './deadline.ts'
import { createGuestVisit, type GuestVisit } from './guest-visit.ts'
import type { Line } from './line.ts'
import { encodeMailboxAnswer, type MailboxAnswer } from './mailbox-format.ts'
import type { Load, MailboxStore } from './mailbox-store.ts'

/** A mailbox: serves guests, at most 32 at a time, of whom the idlest makes room, each with a deadline for every step. */
export type MailboxHost = {
  /** Serves one guest until the visit is over; whoever calls closes the connection then. Never rejects. */
  serve(line: Line, guest: Guest): Promise<void>
  /** parcels stored */
  readonly size: number
  /** @throws StoreError */
  counts(): MailboxCounts
  /** Ends all visits and closes the database. */
  close(): Promise<void>
}

/** What is there now, and what guests were told since the start. */
export type MailboxCounts = Load & {
  /** guests served at this moment */
  readonly guests: number
  /** parcels taken in, also those that were there already */
  readonly kept: number
  /** times that somebody proved to be a recipient */
  readonly opened: number
  /** parcels handed out */
  readonly handed: number
  /** guests refused, by the code they were told: a disk that fails is `ERR_REMOTE` */
  readonly refused: ReadonlyMap<ErrorCode, number>
}

/** What a mailbox knows of a guest. */
export type Guest = {
  /** hash of the connection's transport handshake, 64 bytes */
  readonly channel: Uint8Array
  /** the IP address that the connection comes from */
  readonly host: string
}

export type MailboxParts = {
  /** the mailbox's own identity hash, 32 bytes */
  readonly id: Uint8Array
  readonly directory: Directory
  /** closed with the mailbox */
  readonly store: MailboxStore
  /** this clock, seconds */
  readonly now: () => number
  /** by what time parcels are old; default: the clock's at once */
  readonly steady?: SteadyClock | undefined
  readonly random: RandomBytes
  /** Whether the owner has blocked that identity: nothing is taken in for it, or handed out to it. Default: nobody is */
  readonly isBlocked?: ((id: Uint8Array) => boolean) | undefined
}

/** Milliseconds between two sweeps. */
const SWEEP_MS = 3_600_000

const SOURCE_KEY_BYTES = 32

/** Milliseconds for the last word to a guest that made room. */
const GOODBYE_MS = 1_000

const BUSY = { t: 'refused', code: 'ERR_MAILBOX_BUSY' } as const

/** The seat of a guest: it is idle while the mailbox waits for it, and keeps its seat while the mailbox works for it. */
type Chair = {
  waits(): void
  works(): void
  /** aborted when another guest took the seat */
  readonly lost: AbortSignal
  leave(): void
}

const takeChair = (seats: Seats<'guests'>, group: string): Chair | null => {
  const controller = new AbortController()
  const giveWay = (): void => controller.abort(new MailboxError('ERR_MAILBOX_BUSY'))
  const where = () => ({ room: 'guests', group }) as const
  const seat = seats.take({ where, giveWay })
  if (seat === null) return null
  return {
    waits: () => seat.become({ where, giveWay }),
    works: () => seat.become({ where, giveWay: null }),
    lost: controller.signal,
    leave: seat.leave,
  }
}

export const createMailboxHost = (parts: MailboxParts): MailboxHost => {
  const { id, directory, store, now, steady, random, isBlocked = () => false } = parts
  const closing = new AbortController()
  const times = (): Times => timesOf(steady, now())
  const admission = createAdmission({ mailbox: id, directory, store, now })
  // Known to this process alone: the disk does not tell where parcels came from. After a restart, networks begin anew.
  const sourceKey = secretKey(random(SOURCE_KEY_BYTES))
  const visits = new Set<Promise<void>>()
  const seats = createSeats({ guests: { group: MAILBOX_GUESTS_PER_SOURCE, all: MAILBOX_GUESTS } })
  const timer = setInterval(() => sweep(), SWEEP_MS).unref()
  const told = { kept: 0, opened: 0, handed: 0 }
  const refused = new Map<ErrorCode, number>()
  let closed: Promise<void> | undefined

  const sweep = (): void => {
    try {
      store.sweep(times().past)
    } catch (error) {
      // Tried again in an hour; what has expired is not handed out meanwhile either.
      process.emitWarning(error instanceof Error ? error : String(error))
    }
  }
  sweep()

  const count = (answer: MailboxAnswer): void => {
    if (answer.t === 'kept') told.kept += 1
    if (answer.t === 'open') told.opened += 1
    if (answer.t === 'parcel') told.handed += 1
    if (answer.t === 'refused') refused.set(answer.code, (refused.get(answer.code) ?? 0) + 1)
  }

  const say = async (line: Line, answer: MailboxAnswer, signal: AbortSignal): Promise<void> => {
    count(answer)
    return withDeadline(MAILBOX_STEP_MS, signal, (late) => line.send(encodeMailboxAnswer(answer), { signal: late }))
  }

  /** Who let us wait may not take this either. */
  const dismiss = (line: Line): Promise<void> =>
    withDeadline(GOODBYE_MS, closing.signal, (late) => say(line, BUSY, late)).catch(() => {})

  const attend = async (line: Line, visit: GuestVisit, chair: Chair, signal: AbortSignal): Promise<void> => {
    for (;;) {
      chair.waits()
      const message = await withDeadline(MAILBOX_STEP_MS, signal, (late) => line.receive({ signal: late }))
      if (message === null) return
      chair.works()
      const { answers, over } = await visit.step(message, signal)
      for (const answer of answers) await say(line, answer, signal)
      if (over) return
    }
  }

  const welcome = async (line: Line, { channel, host }: Guest): Promise<void> => {
    const network = slash24Of(host)
    const chair = closing.signal.aborted ? null : takeChair(seats, network)
    if (chair === null) return say(line, BUSY, closing.signal)
    const source = hmac(sourceKey, utf8(network))
    const visit = createGuestVisit({ mailbox: id, channel, source, store, admission, isBlocked, times, random })
    const ending = AbortSignal.any([closing.signal, chair.lost])
    const attending = withDeadline(MAILBOX_VISIT_MS, ending, (late) => attend(line, visit, chair, late))
    visits.add(attending)
    try {
      await attending
    } catch (error) {
      if (chair.lost.aborted) await dismiss(line)
      throw error
    } finally {
      visits.delete(attending)
      chair.leave()
    }
  }

  const close = async (): Promise<void> => {
    closing.abort(new Error('closing'))
    clearInterval(timer)
    await Promise.allSettled(visits)
    store.close()
  }

  return {
    serve: async (line, guest) => {
      try {
        await welcome(line, guest)
      } catch (error) {
        // A guest that is late, or lost, is no event of ours; anything else is a mistake of ours that must not end the process.
        const expected = error instanceof HandfastError || closing.signal.aborted
        if (!expected) process.emitWarning(error instanceof Error ? error : String(error))
      }
    },
    get size() {
      return store.size
    },
    counts: () => ({ ...store.load(), ...told, guests: visits.size, refused: new Map(refused) }),
    close: () => {
      closed ??= close()
      return closed
    },
  }
}
