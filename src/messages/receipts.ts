import type { Receipt } from '../connection/payloads.ts'
import { encodeCbor } from '../core/cbor.ts'
import { SEQUENCE_SAID_AGE, SEQUENCES_MAX } from '../core/limits/message-limits.ts'
import { ladderOf } from '../core/places.ts'
import type { SequencePlace } from '../store/incoming-messages.ts'
import type { MessageStore } from '../store/message-store.ts'

/** Receipts for the messages of others (docs/spec/messages.md §2). */

type Kept = Pick<MessageStore, 'places' | 'placeIn' | 'earlierPlace'>

const withLadder = (messages: Kept, peer: Uint8Array, { sequence: s, have: n, c }: SequencePlace): Receipt => {
  const back = ladderOf(n).flatMap((number) => messages.earlierPlace(peer, s, number) ?? [])
  return { s, n, c, back }
}

/** What is here of one sequence, with earlier places of it; null when nothing is. */
export const fullReceipt = (messages: Kept, peer: Uint8Array, sequence: Uint8Array): Receipt | null => {
  const place = messages.placeIn(peer, sequence)
  return place === null ? null : withLadder(messages, peer, place)
}

const lately = (messages: Kept, peer: Uint8Array, now: number): readonly SequencePlace[] =>
  messages.places(peer, Math.max(0, now - SEQUENCE_SAID_AGE)).slice(0, SEQUENCES_MAX)

/**
 * What is here of all their sequences in which something came lately, with earlier places: what of theirs is on this disk.
 * @param now seconds since 1970
 */
export const fullReceipts = (messages: Kept, peer: Uint8Array, now: number): readonly Receipt[] =>
  lately(messages, peer, now).map((place) => withLadder(messages, peer, place))

/** The same without earlier places. */
export const plainReceipts = (messages: Kept, peer: Uint8Array, now: number): readonly Receipt[] =>
  lately(messages, peer, now).map(({ sequence: s, have: n, c }) => ({ s, n, c, back: [] }))

/** As many of them, from the first on, as fit so many bytes. */
export const fitting = (receipts: readonly Receipt[], bytes: number): readonly Receipt[] => {
  let size = 0
  const end = receipts.findIndex((one) => {
    size += encodeCbor(one).length
    return size > bytes
  })
  return end < 0 ? receipts : receipts.slice(0, end)
}
