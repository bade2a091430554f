import { equal, hex } from '../../core/bytes.ts'
import { LATE_CLOCK, verifyCard } from '../../core/card.ts'
import { decodeCbor, encodeCbor } from '../../core/cbor.ts'
import { EncodingError } from '../../core/errors.ts'
import { bytes, list, nullable, record, tuple } from '../../core/fields.ts'
import { blake2b256 } from '../../core/kdf.ts'
import { KEM_HALF_BYTES, type KemNames } from '../../core/kem.ts'
import { DEVICES_MAX, ITEM_BYTES_MAX } from '../../core/limits/protocol-limits.ts'
import { BRANCHES_MAX } from '../../core/limits/record-limits.ts'
import { ENTRIES_SERVED_MAX } from '../request-format.ts'
import { restoreBranches } from './branches.ts'
import { allEntries, type IdentityRecord, type KeyHalves, servedOf } from './identity-record.ts'
import type { StoredRecord } from './record-store.ts'

/** How a record lies in a record store: its entries by themselves, each once, and all the rest as one value. */
export type Content = {
  /** hashes of the last entries of the branches: the one that stands first, then the rivals, oldest first */
  readonly tips: readonly Uint8Array[]
  /** hashes of the entries that are served, in order */
  readonly served: readonly Uint8Array[]
  readonly cards: readonly Uint8Array[]
  /** hash of the card, and of the key it names each half, or null where it is missing */
  readonly kem: readonly (readonly [card: Uint8Array, ...KeyHalves])[]
}

const HASH_BYTES = 32
const hash = bytes(HASH_BYTES)
const half = nullable(bytes(KEM_HALF_BYTES))

const readFields = record<Content>({
  tips: list(hash, 1, BRANCHES_MAX),
  served: list(hash, 1, ENTRIES_SERVED_MAX),
  cards: list(bytes(1, ITEM_BYTES_MAX), 0, DEVICES_MAX),
  kem: list(tuple<[Uint8Array, ...KeyHalves]>(hash, half, half), 0, DEVICES_MAX),
})

/** @throws EncodingError ERR_CBOR, ERR_FIELD */
export const readContent = (content: Uint8Array): Content => readFields(decodeCbor(content), 'record')

/** All of a record but its entries. */
export const contentOf = (stored: IdentityRecord): Uint8Array => {
  const { standing, rivals } = stored.branches
  const content: Content = {
    tips: [standing, ...rivals].map(({ last }) => last.hash),
    served: servedOf(stored).map((entry) => entry.hash),
    cards: [...stored.cards.values()].map(({ envelope }) => envelope),
    kem: [...stored.cards.values()].flatMap((card) => {
      const halves = stored.kem.get(card.card.device)
      return halves === undefined ? [] : [[card.hash, ...halves] as const]
    }),
  }
  return encodeCbor(content)
}

/** Which entries came and went between two records of one identity. */
export const entryChanges = (
  before: IdentityRecord | null,
  after: IdentityRecord,
): { readonly added: readonly Uint8Array[]; readonly dropped: readonly Uint8Array[] } => {
  const [old, young] = [before === null ? new Map<string, never>() : allEntries(before), allEntries(after)]
  return {
    added: [...young].flatMap(([key, { envelope }]) => (old.has(key) ? [] : [envelope])),
    dropped: [...old].flatMap(([key, entry]) => (young.has(key) ? [] : [entry.hash])),
  }
}

/** One half is here at least, and each that is here is the one that the card names. */
const matches = (halves: KeyHalves, names: KemNames): boolean => {
  const isNamed = (half: Uint8Array | null, name: Uint8Array): boolean => half === null || equal(blake2b256(half), name)
  const [first, second] = halves
  return (first !== null || second !== null) && isNamed(first, names[0]) && isNamed(second, names[1])
}

/**
 * A record as it was stored. Disks decay and files are edited: every signature and hash is verified again, but not the times.
 * @param id the 32-byte identity hash
 * @throws HandfastError when it is not what was stored
 */
export const restoreRecord = (id: Uint8Array, { content, entries }: StoredRecord): IdentityRecord => {
  const { tips, cards, kem } = readContent(content)
  const branches = restoreBranches(id, tips, entries)
  const signed = cards.map((envelope) => verifyCard(envelope, branches.standing, LATE_CLOCK))
  const halves = kem.map(([card, ...pair]) => {
    const owner = signed.find((one) => equal(one.hash, card))
    if (owner === undefined || !matches(pair, owner.card.kem)) throw new EncodingError('ERR_FIELD', { hint: 'a key' })
    return [owner.card.device, pair] as const
  })
  const restored: IdentityRecord = {
    branches,
    cards: new Map(signed.map((card) => [card.card.device, card])),
    kem: new Map(halves),
  }
  // Written again it is the same: no entry, card or half beside them, and what is served is what should be.
  const known = allEntries(restored)
  if (known.size !== entries.length || entries.some((envelope) => !known.has(hex(blake2b256(envelope)))))
    throw new EncodingError('ERR_FIELD', { hint: 'an entry too many' })
  if (!equal(contentOf(restored), content)) throw new EncodingError('ERR_FIELD', { hint: 'not what was verified' })
  return restored
}
