import { equal, hex } from '../core/bytes.ts'
import { isCurrent, type SignedCard, verifyCard } from '../core/card.ts'
import { CardError, DirectoryError, HandfastError } from '../core/errors.ts'
import { sha256 } from '../core/kdf.ts'
import { IDENTITIES_MAX, RECORD_AGE_MAX } from '../core/limits.ts'
import { type Branches, forkProofs, offerEntry } from './branches.ts'
import {
  ANSWER_BYTES_MAX,
  COMMAND,
  decodeGet,
  decodeGetKemHalf,
  decodePut,
  encodeMessage,
  type GetAnswer,
  type GetRequest,
  type PutRequest,
} from './messages.ts'

/** What a storage node keeps and answers (protocol §4). It stores nothing it could not verify. */

type KeyHalves = { readonly card: Uint8Array; readonly halves: Map<number, Uint8Array> }

/** Everything kept of one identity. Cards and key halves are of the standing tip only, one of each a device. */
type IdentityRecord = {
  readonly branches: Branches
  /** what is served of them: the standing branch, and after it the proof of a fork */
  readonly entries: readonly Uint8Array[]
  readonly cards: Map<number, SignedCard>
  readonly kem: Map<number, KeyHalves>
  /** seconds of the last accepted PUT */
  touched: number
}

/** Entries and cards any identity may have; more, from what all have room for on average: the rightful ones have few. */
const ITEMS_PER_IDENTITY = 4

const itemsOf = ({ branches, cards }: IdentityRecord): number =>
  [branches.standing, ...branches.rivals].reduce((sum, { entries }) => sum + entries.length, cards.size)

export type Storage = {
  /** Answers one request; null when it cannot be understood, and then no answer is sent. */
  handle(
    command: number,
    value: Uint8Array,
    request: { readonly now: number; readonly proven: boolean },
  ): Uint8Array | null
  /** number of identities kept */
  readonly size: number
}

/** An empty storage node for at most `capacity` identities, and entries and cards in proportion. */
export const createStorage = (capacity: number = IDENTITIES_MAX): Storage => {
  const records = new Map<string, IdentityRecord>()
  let items = 0

  const drop = (key: string, record: IdentityRecord): void => {
    records.delete(key)
    items -= itemsOf(record)
  }

  const find = (id: Uint8Array, now: number): IdentityRecord | undefined => {
    const found = records.get(hex(id))
    if (found === undefined || found.touched + RECORD_AGE_MAX >= now) return found
    drop(hex(id), found)
    return undefined
  }

  /** `own` items an identity would have, `more` than it has. */
  const isFull = (own: number, more: number): boolean =>
    (own === more && records.size >= capacity) ||
    (own > ITEMS_PER_IDENTITY && items + more > capacity * ITEMS_PER_IDENTITY)

  /** @throws DirectoryError ERR_PUT_FULL */
  const makeRoom = (own: number, more: number, now: number): void => {
    if (!isFull(own, more)) return
    for (const [key, record] of records) if (record.touched + RECORD_AGE_MAX < now) drop(key, record)
    if (isFull(own, more)) throw new DirectoryError('ERR_PUT_FULL')
  }

  const putEntry = ({ id, d }: PutRequest & { t: 'entry' }, now: number): void => {
    const found = find(id, now)
    const branches = offerEntry(found?.branches ?? null, id, d, now)
    if (found !== undefined && branches === found.branches) {
      found.touched = now
      return
    }
    const moved = found === undefined || !equal(branches.standing.last.hash, found.branches.standing.last.hash)
    const { cards, kem } = moved ? { cards: new Map(), kem: new Map() } : found
    const entries = [...branches.standing.entries, ...forkProofs(branches)].map(({ envelope }) => envelope)
    const record = { branches, entries, cards, kem, touched: now }
    const own = itemsOf(record)
    const more = own - (found === undefined ? 0 : itemsOf(found))
    if (more > 0) makeRoom(own, more, now)
    records.set(hex(id), record)
    items += more
  }

  const putCard = ({ id, d }: PutRequest & { t: 'card' }, now: number): void => {
    const found = find(id, now)
    if (found === undefined) throw new DirectoryError('ERR_PUT_GAP')
    const signed = verifyCard(d, found.branches.standing, now)
    if (!isCurrent(signed.card, now)) throw new CardError('ERR_CARD_EXPIRED')
    const { device, serial } = signed.card
    const known = found.cards.get(device)
    if (known !== undefined && !equal(known.hash, signed.hash)) {
      if (serial <= known.card.serial) throw new CardError('ERR_CARD_SERIAL')
      found.kem.delete(device)
    }
    if (known === undefined) {
      makeRoom(itemsOf(found) + 1, 1, now)
      items += 1
    }
    found.cards.set(device, signed)
    found.touched = now
  }

  const putKemHalf = ({ id, card, half, d, other }: PutRequest & { t: 'kem' }, now: number): void => {
    const found = find(id, now)
    const signed = [...(found?.cards.values() ?? [])].find(({ hash }) => equal(hash, card))
    if (found === undefined || signed === undefined) throw new DirectoryError('ERR_PUT_CARD_FIRST')
    const hashes = half === 0 ? [sha256(d), other] : [other, sha256(d)]
    if (!equal(sha256(...hashes), signed.card.kem)) throw new DirectoryError('ERR_PUT_KEY_HALF')
    const { device } = signed.card
    const kept = found.kem.get(device) ?? { card, halves: new Map<number, Uint8Array>() }
    kept.halves.set(half, d)
    found.kem.set(device, kept)
  }

  const put = (value: Uint8Array, now: number): Uint8Array => {
    try {
      const request = decodePut(value)
      if (request.t === 'entry') putEntry(request, now)
      else if (request.t === 'card') putCard(request, now)
      else putKemHalf(request, now)
      return encodeMessage({ refused: null })
    } catch (error) {
      if (!(error instanceof HandfastError)) throw error
      return encodeMessage({ refused: error.code })
    }
  }

  const get = ({ id, from }: GetRequest, now: number): Uint8Array => {
    const found = find(id, now)
    if (found === undefined) return encodeMessage(NOTHING)
    const { entries } = found
    // Expired ones too: since when an identity is stale is worth knowing.
    const cards = [...found.cards.values()]
    return fit(
      {
        ...NOTHING,
        tip: found.branches.standing.last.hash,
        entryCount: entries.length,
        cardCount: cards.length,
      },
      entries.slice(from),
      cards.slice(Math.max(0, from - entries.length)).map(({ envelope }) => envelope),
    )
  }

  const getKemHalf = (value: Uint8Array, now: number): Uint8Array => {
    const { id, card, half } = decodeGetKemHalf(value)
    const kept = [...(find(id, now)?.kem.values() ?? [])].find((halves) => equal(halves.card, card))
    return encodeMessage({ half: kept?.halves.get(half) ?? null })
  }

  return {
    handle: (command, value, { now, proven }) => {
      try {
        if (command === COMMAND.get) return get(decodeGet(value), now)
        if (command === COMMAND.getKemHalf) return getKemHalf(value, now)
        if (command === COMMAND.put && proven) return put(value, now)
        return null
      } catch (error) {
        if (error instanceof HandfastError) return null
        throw error
      }
    },
    get size() {
      return records.size
    },
  }
}

const NOTHING: GetAnswer = { tip: null, entryCount: 0, cardCount: 0, entries: [], cards: [] }

/** Fills an answer up to one datagram: entries in order, and cards only behind the last entry. */
const fit = (empty: GetAnswer, entries: readonly Uint8Array[], cards: readonly Uint8Array[]): Uint8Array => {
  let answer = empty
  const grow = (candidate: GetAnswer): boolean => {
    if (encodeMessage(candidate).length > ANSWER_BYTES_MAX) return false
    answer = candidate
    return true
  }
  entries.every((envelope) => grow({ ...answer, entries: [...answer.entries, envelope] })) &&
    cards.every((envelope) => grow({ ...answer, cards: [...answer.cards, envelope] }))
  return encodeMessage(answer)
}
