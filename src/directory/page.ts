import { equal, hex } from '../core/bytes.ts'
import { EncodingError } from '../core/errors.ts'
import { sha256 } from '../core/kdf.ts'
import { KEM_HALF_BYTES } from '../core/kem.ts'
import type { Content } from './content.ts'
import { encodeMessage, type GetAnswer, type GetKemHalfRequest } from './messages.ts'

/** What a storage node serves of one identity, as bytes: to serve it takes no signature, once it was verified. */
export type View = {
  /** hash of the last entry of the branch that stands */
  readonly tip: Uint8Array
  readonly entries: readonly Uint8Array[]
  readonly cards: readonly Uint8Array[]
  readonly kem: Content['kem']
}

/** @throws EncodingError ERR_FIELD when an entry that is named is not there, or not as it was */
export const viewOf = ({ tips: [tip], served, cards, kem }: Content, envelopes: readonly Uint8Array[]): View => {
  const kept = new Map(envelopes.map((envelope) => [hex(sha256(envelope)), envelope]))
  const entries = served.map((hash) => kept.get(hex(hash)))
  if (tip === undefined || !entries.every((envelope) => envelope !== undefined))
    throw new EncodingError('ERR_FIELD', { hint: 'an entry is missing' })
  return { tip, entries, cards, kem }
}

/** What a node that holds nothing says. */
export const NOTHING: GetAnswer = { tip: null, entryCount: 0, cardCount: 0, entries: [], cards: [] }

/** As much of it, from place `from` on, as an answer of `max` bytes takes: entries in order, and cards only behind the last. */
export const pageOf = ({ tip, entries, cards }: View, from: number, max: number): Uint8Array => {
  let answer: GetAnswer = { ...NOTHING, tip, entryCount: entries.length, cardCount: cards.length }
  const grow = (candidate: GetAnswer): boolean => {
    if (encodeMessage(candidate).length > max) return false
    answer = candidate
    return true
  }
  // Expired cards too: since when an identity is stale is worth knowing.
  const rest = cards.slice(Math.max(0, from - entries.length))
  entries.slice(from).every((entry) => grow({ ...answer, entries: [...answer.entries, entry] })) &&
    rest.every((card) => grow({ ...answer, cards: [...answer.cards, card] }))
  return encodeMessage(answer)
}

/** The half of the key that the card with hash `card` commits to; null when it is not here. */
export const kemHalfOf = ({ kem }: View, { card, half }: GetKemHalfRequest): Uint8Array | null => {
  const [, ...halves] = kem.find(([hash]) => equal(hash, card)) ?? [card]
  return halves.find((bytes, index) => index === half && bytes.length === KEM_HALF_BYTES) ?? null
}
