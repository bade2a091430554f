import { equal } from '../../core/bytes.ts'
import { encodeMessage, type GetAnswer, type GetKemHalfRequest } from '../request-format.ts'
import type { Content } from './record-content.ts'

/** What a storage node serves of one identity, as bytes: to serve it takes no signature, once it was verified. */
export type View = {
  /** hash of the last entry of the branch that stands */
  readonly tip: Uint8Array
  /** hashes of the entries, in order */
  readonly served: readonly Uint8Array[]
  /** The entry with that hash. @throws EncodingError ERR_FIELD when it is not there, or not as it was */
  entry(hash: Uint8Array): Uint8Array
  readonly cards: readonly Uint8Array[]
  readonly kem: Content['kem']
}

/** What a node that holds nothing says. @param now its clock, seconds; one before 1970 says 0 */
export const nothingAt = (now: number): GetAnswer => ({
  ...{ tip: null, entryCount: 0, cardCount: 0, entries: [], cards: [] },
  now: Math.max(0, now),
})

/**
 * As much of it, from place `from` on, as an answer of `max` bytes takes: entries in order, and cards only behind the last.
 * @param options.now this clock, seconds
 * @throws EncodingError ERR_FIELD when an entry is not there, or not as it was
 */
export const pageOf = (
  { tip, served, entry, cards }: View,
  { from, max, now }: { readonly from: number; readonly max: number; readonly now: number },
): Uint8Array => {
  let answer: GetAnswer = { ...nothingAt(now), tip, entryCount: served.length, cardCount: cards.length }
  const grow = (candidate: GetAnswer): boolean => {
    if (encodeMessage(candidate).length > max) return false
    answer = candidate
    return true
  }
  // Expired cards too: since when an identity is stale is worth knowing.
  const rest = cards.slice(Math.max(0, from - served.length))
  served.slice(from).every((hash) => grow({ ...answer, entries: [...answer.entries, entry(hash)] })) &&
    rest.every((card) => grow({ ...answer, cards: [...answer.cards, card] }))
  return encodeMessage(answer)
}

/** The half of the key that the card with hash `card` names; null when it is not here. */
export const kemHalfOf = ({ kem }: View, { card, half }: GetKemHalfRequest): Uint8Array | null => {
  const [, first, second] = kem.find(([hash]) => equal(hash, card)) ?? [card, null, null]
  return half === 0 ? first : second
}
