import { equal, hex } from '../../core/bytes.ts'
import { isAheadOf, isCurrent, type SignedCard, verifyCard } from '../../core/card.ts'
import { CardError, DirectoryError } from '../../core/errors.ts'
import { blake2b256, sha256 } from '../../core/kdf.ts'
import type { LogEntry } from '../../core/key-log-entry.ts'
import type { PutRequest } from '../request-format.ts'
import { type Branches, forkProofs, offerEntry } from './branches.ts'

/** Everything verified that is stored of one identity, as a value: each accepted PUT gives the next one. */
export type IdentityRecord = {
  readonly branches: Branches
  /** of the standing tip only, one of each device */
  readonly cards: ReadonlyMap<number, SignedCard>
  /** by device, of the cards that are stored */
  readonly kem: ReadonlyMap<number, KeyHalves>
}

/** The two halves of a key, 592 bytes each; null for one that is not here. */
export type KeyHalves = readonly [Uint8Array | null, Uint8Array | null]

/** Every entry of every branch once. */
export const allEntries = ({ branches: { standing, rivals } }: IdentityRecord): ReadonlyMap<string, LogEntry> =>
  new Map([standing, ...rivals].flatMap(({ entries }) => entries.map((entry) => [hex(entry.hash), entry])))

/** Entries and cards: what the capacity of a storage node is counted in. */
export const itemsOf = (record: IdentityRecord): number => allEntries(record).size + record.cards.size

/** What is served of the entries: the standing branch, and after it the proofs of forks. */
export const servedOf = ({ branches }: IdentityRecord): readonly LogEntry[] => [
  ...branches.standing.entries,
  ...forkProofs(branches),
]

type Put<T extends PutRequest['t']> = PutRequest & { readonly t: T }

/**
 * The record with one more entry, or `record` itself when the entry was known.
 * @throws KeyLogError (its check failed), DirectoryError ERR_PUT_GAP
 */
export const withEntry = (record: IdentityRecord | null, { id, d }: Put<'entry'>): IdentityRecord => {
  const branches = offerEntry(record?.branches ?? null, id, d)
  if (record !== null && branches === record.branches) return record
  const stands = record !== null && equal(branches.standing.last.hash, record.branches.standing.last.hash)
  const { cards, kem } = stands ? record : { cards: new Map(), kem: new Map() }
  return { branches, cards, kem }
}

/** The card with these bytes, when it is stored: it was verified, and repeating it is no work. */
const knownCard = ({ cards }: IdentityRecord, envelope: Uint8Array): SignedCard | undefined => {
  const hash = sha256(envelope)
  return [...cards.values()].find((known) => equal(known.hash, hash))
}

/** The clock, and what was sure of it before, seconds. */
type CardTimes = { readonly now: number; readonly present?: number }

/**
 * The record with this card in place of its device's last one, or `record` itself when it is that one.
 * @throws CardError (its check failed), ERR_CARD_EXPIRED, ERR_CARD_SERIAL; DirectoryError ERR_PUT_GAP
 */
export const withCard = (
  record: IdentityRecord | null,
  { d }: Put<'card'>,
  { now, present = now }: CardTimes,
): IdentityRecord => {
  if (record === null) throw new DirectoryError('ERR_PUT_GAP')
  const same = knownCard(record, d)
  const signed = same ?? verifyCard(d, record.branches.standing, now)
  if (!isCurrent(signed.card, now)) throw new CardError('ERR_CARD_EXPIRED')
  if (same !== undefined) return record
  const { device, serial } = signed.card
  const known = record.cards.get(device)
  // One that was accepted while this clock was far ahead would be refused now: it keeps nobody out. A clock that went back says no such thing.
  if (known !== undefined && serial <= known.card.serial && !isAheadOf(known.card, present))
    throw new CardError('ERR_CARD_SERIAL')
  const kem = new Map(record.kem)
  kem.delete(device)
  return { ...record, cards: new Map(record.cards).set(device, signed), kem }
}

/**
 * The record with half of the key that a card names, or `record` itself when it was there.
 * @throws DirectoryError ERR_PUT_CARD_FIRST, ERR_PUT_KEY_HALF
 */
export const withKemHalf = (record: IdentityRecord | null, { card, half, d }: Put<'kem'>): IdentityRecord => {
  const signed = [...(record?.cards.values() ?? [])].find(({ hash }) => equal(hash, card))
  if (record === null || signed === undefined) throw new DirectoryError('ERR_PUT_CARD_FIRST')
  const { device, kem } = signed.card
  if (!equal(blake2b256(d), kem[half === 0 ? 0 : 1])) throw new DirectoryError('ERR_PUT_KEY_HALF')
  const [first, second] = record.kem.get(device) ?? [null, null]
  // What is here was verified too: it is the same.
  if ((half === 0 ? first : second) !== null) return record
  const halves: KeyHalves = half === 0 ? [d, second] : [first, d]
  return { ...record, kem: new Map(record.kem).set(device, halves) }
}
