import { equal, hex } from '../../core/bytes.ts'
import { blake2b256, sha256 } from '../../core/kdf.ts'
import type { Anchor, KeyLog } from '../../core/key-log.ts'
import { ITEM_BYTES_MAX } from '../../core/limits/protocol-limits.ts'
import type { MutableValue } from '../../core/mutable-value.ts'
import type { Slot } from '../../core/slot.ts'
import type { Finding, Stance } from '../client/answer-collector.ts'
import {
  type CollectedCards,
  createCollectedCards,
  freshestCard,
  judgeCard,
  latestCards,
} from '../client/collected-cards.ts'
import { type CollectedLogs, createCollectedLogs, forkOf, offerEntry } from '../client/collected-logs.ts'
import { createEntryChain } from './entry-chain.ts'
import { createSlotReadings, type ReadSlot, type Said, type SlotReadings } from './slot-readings.ts'
import { type DecidingPlace, placesOf, type ValuePlace } from './value-places.ts'

/**
 * Sorts what stock nodes say of one identity: values in, the places and entries to ask for out. It knows no sockets and no clock. A
 * stock node vouches for nothing; all that counts is signed by the owner's keys, or is what has the hash that was asked for.
 */
export type StockCollector = {
  /** All places to look at, as far as is known by now. */
  places(): readonly ValuePlace[]
  /** Hashes of entries to fetch. */
  wanted(): readonly Uint8Array[]
  /** Takes what a node says lies at a place; empty when it holds nothing there. */
  accept(place: ValuePlace, node: string, value: Uint8Array): void
  /** Takes what came of fetching an entry; null when nobody has it. */
  takeEntry(hash: Uint8Array, envelope: Uint8Array | null): void
  /** null when nobody showed anything of the identity */
  finding(): Finding | null
  /** null when the node was not asked there */
  stance(place: DecidingPlace, node: string): Stance | null
  /** What lies in a slot: of all that were shown the value with the highest number. */
  latest(place: ValuePlace): MutableValue | null
  /** Whether what lies in a slot, over number `seq`, names an entry that nobody showed. */
  leadsOn(place: ValuePlace, seq: number): boolean
  /** Whether somebody who holds a slot's key has put there what is no card, over all that was, or closed it while the keys of `log` hold. */
  isSpoiled(place: DecidingPlace, log: KeyLog): boolean
}

/** What is known of an identity before it is looked up. */
export type Prior = {
  /** this clock, seconds */
  readonly now: number
  /** an entry that a person has confirmed: of a fork that parts before it, the branch through it stands */
  readonly anchor?: Anchor | null | undefined
  /** a log that was verified before: slots of epochs before its last are not looked at */
  readonly known?: KeyLog | null | undefined
}

type Collected = {
  readonly logs: CollectedLogs
  readonly cards: CollectedCards
  readonly readings: SlotReadings
  readonly now: number
}

const headOf = (slot: Slot): Uint8Array => (slot.kind === 'card' ? slot.card.head : slot.head)

export const createStockCollector = (id: Uint8Array, { now, anchor = null, known = null }: Prior): StockCollector => {
  const collected: Collected = {
    logs: createCollectedLogs(id, anchor),
    cards: createCollectedCards(),
    readings: createSlotReadings(),
    now,
  }
  const { logs, cards, readings } = collected
  const chain = createEntryChain(logs)
  for (const { envelope, hash } of known?.entries ?? []) offerEntry(logs, hex(hash), envelope)
  const first = known?.epoch ?? 0

  const readEntry = (value: Uint8Array): Said => {
    const isIt = value.length <= ITEM_BYTES_MAX && equal(blake2b256(value), id)
    return { kind: isIt && offerEntry(logs, hex(id), value) === 'valid' ? 'entry' : 'invalid' }
  }

  const readMutable = (place: ValuePlace, bytes: Uint8Array): Said => {
    const said = readings.read(place, bytes)
    if (said.kind !== 'slot') return said
    if (said.slot.kind === 'card') cards.envelopes.set(hex(sha256(said.slot.envelope)), said.slot.envelope)
    chain.lead(headOf(said.slot))
    return said
  }

  const isShown = (head: Uint8Array): boolean => logs.byLast.has(hex(head))

  return {
    places: () =>
      placesOf(
        id,
        [...logs.byLast.values()].filter(({ epoch }) => epoch >= first),
      ),
    wanted: chain.wanted,
    accept: (place, node, value) => {
      if (value.length === 0) readings.note(place, node, { kind: 'empty' })
      else readings.note(place, node, place.kind === 'immutable' ? readEntry(value) : readMutable(place, value))
    },
    takeEntry: chain.take,
    finding: () => {
      const log = logs.standing
      // What is known from before was not found now.
      if (log === null || !readings.isAnythingShown()) return null
      return { log, card: freshestCard(cards, log, now), latest: latestCards(cards, log, now), fork: forkOf(logs, log) }
    },
    stance: (place, node) => {
      const said = readings.said(place, node)
      return said === undefined ? null : stanceOf(collected, place, said)
    },
    latest: readings.latest,
    leadsOn: (place, seq) => readings.slots(place).some((one) => one.seq > seq && !isShown(headOf(one.slot))),
    isSpoiled: (place, { last }) => {
      const isActive = place.what === 'slot' && last.entry.status === 'active'
      const isClosed = ({ slot }: ReadSlot): boolean => slot.kind === 'moved' && isShown(slot.head)
      return (isActive && readings.slots(place).some(isClosed)) || readings.isSpoiled(place)
    },
  }
}

const stanceOf = (collected: Collected, place: DecidingPlace, said: Said): Stance => {
  switch (said.kind) {
    // Where the next slot will be, nothing is what a log has that stands.
    case 'empty':
      return place.what === 'next' ? 'agreeing' : 'empty'
    case 'entry':
      return 'agreeing'
    case 'invalid':
    case 'spoiled':
      return 'invalid'
    case 'slot':
      return stanceOfSlot(collected, place, said)
  }
}

const stanceOfSlot = (
  { logs, cards, readings, now }: Collected,
  place: ValuePlace,
  { slot, seq }: ReadSlot,
): Stance => {
  const { standing: log } = logs
  const head = headOf(slot)
  if (log === null || !logs.byLast.has(hex(head))) return 'unread'
  if (slot.kind === 'moved') return log.entries.some(({ hash }) => equal(hash, head)) ? 'agreeing' : 'older'
  if (!equal(head, log.last.hash)) return 'older'
  if (judgeCard(cards, hex(sha256(slot.envelope)), log, now) === 'invalid') return 'invalid'
  return seq < (readings.latest(place)?.seq ?? 0) ? 'older' : 'agreeing'
}
