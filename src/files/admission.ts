import { equal, hex } from '../core/bytes.ts'
import {
  FILE_STALLED_AFTER,
  FILES_AT_ONCE,
  FILES_RECEIVING_MAX,
  STRANGER_FILES_MAX,
  STRANGERS_FILES_MAX,
} from '../core/limits/file-limits.ts'
import type { World } from '../core/world.ts'
import type { StoredTransfer } from '../store/transfer-rows.ts'
import type { TransferStore } from '../store/transfer-store.ts'
import type { FileLine } from './file-line.ts'
import type { Offers } from './offers.ts'
import type { Slots } from './slots.ts'

/**
 * How many files others may offer and send. What did nothing gives way to what is newer: the oldest of whoever has most of that. Files of
 * those who only called count against each other, and never against those of contacts.
 */
export type Admission = {
  /** Whether one more file of `peer` is taken in as things are. */
  hasRoom(peer: Uint8Array): boolean
  /** Takes in one more file of `peer`, made on `at`; what is older and did nothing is given up for it. @returns whether there is room */
  admit(peer: Uint8Array, at: FileLine): boolean
}

export type AdmissionParts = {
  readonly world: World
  readonly transfers: TransferStore
  readonly offers: Pick<Offers, 'count' | 'undecided' | 'giveUp'>
  readonly slots: Pick<Slots, 'countActive' | 'isEnding' | 'lineOf' | 'fail'>
  readonly isContact: (peer: Uint8Array) => boolean
}

/** What can give way. */
type Idle = { readonly peer: Uint8Array; readonly since: number; readonly giveWay: () => void }

type Whose = (peer: Uint8Array) => boolean

/** Whether something of it came, and whether that was long ago. */
export const hasBegun = ({ chunks }: StoredTransfer): boolean => chunks > 0
export const isStalled = ({ queued }: StoredTransfer, now: number): boolean => queued < now - FILE_STALLED_AFTER * 1000

/** The oldest of whoever has most of them: many files of one peer do not push out the only one of another. */
const firstToGo = (idle: readonly Idle[]): Idle | undefined => {
  const counts = new Map<string, number>()
  for (const { peer } of idle) counts.set(hex(peer), (counts.get(hex(peer)) ?? 0) + 1)
  const countOf = ({ peer }: Idle): number => counts.get(hex(peer)) ?? 0
  const [first] = idle.toSorted((one, other) => countOf(other) - countOf(one) || one.since - other.since)
  return first
}

const idleOffers = ({ offers }: AdmissionParts, whose: Whose): readonly (Idle & { readonly at: FileLine | null })[] =>
  offers.undecided(whose).map((offer) => ({
    ...{ peer: offer.peer, since: offer.made, at: offer.at },
    giveWay: () => offers.giveUp(offer, 'ERR_FILE_LIMIT'),
  }))

const toIdle = ({ slots }: AdmissionParts, rows: readonly StoredTransfer[]): readonly Idle[] =>
  rows.map((row) => ({
    ...{ peer: row.peer, since: row.queued },
    giveWay: () => void slots.fail(row, 'ERR_FILE_LIMIT').catch(() => {}),
  }))

/** Accepted files of such peers that are not being given up. */
const acceptedOf = ({ transfers, slots }: AdmissionParts, whose: Whose): readonly StoredTransfer[] =>
  transfers.receiving().filter((row) => whose(row.peer) && !slots.isEnding(row))

/** One of them gives way. @returns whether there was one */
const free = (...kinds: readonly (readonly Idle[])[]): boolean => {
  const idle = kinds.find((kind) => kind.length > 0)
  const first = idle === undefined ? undefined : firstToGo(idle)
  first?.giveWay()
  return first !== undefined
}

export const createAdmission = (parts: AdmissionParts): Admission => {
  const { world, transfers, offers, slots, isContact } = parts
  const isStranger: Whose = (peer) => !isContact(peer)

  /** What each bound counts, and what it allows. */
  const boundsOf = (peer: Uint8Array) => {
    const isTheirs: Whose = (one) => equal(one, peer)
    const most = isContact(peer) ? FILES_RECEIVING_MAX : STRANGER_FILES_MAX
    // Reading rows costs more than counting them.
    const isBeyond = (most: number, whose: Whose, rows: () => number): boolean => {
      const offered = offers.count(whose)
      return rows() + offered >= most && acceptedOf(parts, whose).length + offered >= most
    }
    const isFull = {
      atOnce: () => offers.count(isTheirs) + slots.countActive(peer) >= FILES_AT_ONCE,
      theirs: () => isBeyond(most, isTheirs, () => transfers.countReceiving(peer)),
      strangers: () => isStranger(peer) && isBeyond(STRANGERS_FILES_MAX, isStranger, transfers.countStrangers),
    }
    return { isTheirs, isFull }
  }

  return {
    hasRoom: (peer) => {
      const { isFull } = boundsOf(peer)
      return !isFull.atOnce() && !isFull.theirs() && !isFull.strangers()
    },
    admit: (peer, at) => {
      const { isTheirs, isFull } = boundsOf(peer)
      const now = world.clock()
      const elsewhere = idleOffers(parts, isTheirs).filter((offer) => offer.at !== at)
      // Whoever lost the store it offered them from, or the connection, makes them no more.
      for (const offer of elsewhere) if (isFull.atOnce()) offer.giveWay()
      if (isFull.atOnce()) return false
      while (isFull.theirs()) {
        const waiting = acceptedOf(parts, isTheirs).filter((row) => slots.lineOf(row) === null)
        const [idle, stalled] = [waiting.filter((row) => !hasBegun(row)), waiting.filter((row) => isStalled(row, now))]
        if (!free(toIdle(parts, idle), toIdle(parts, stalled))) return false
      }
      while (isFull.strangers()) {
        const rows = acceptedOf(parts, isStranger)
        const idle = [
          ...idleOffers(parts, isStranger),
          ...toIdle(
            parts,
            rows.filter((row) => !hasBegun(row)),
          ),
        ]
        if (
          !free(
            idle,
            toIdle(
              parts,
              rows.filter((row) => isStalled(row, now)),
            ),
          )
        )
          return false
      }
      return true
    },
  }
}
