import { equal, hex } from '../../core/bytes.ts'
import { EncodingError, HandfastError, StoreError } from '../../core/errors.ts'
import { blake2b256, sha256 } from '../../core/kdf.ts'
import { RECORD_AGE_MAX } from '../../core/limits/record-limits.ts'
import type { Eviction } from './eviction.ts'
import { allEntries, type IdentityRecord, itemsOf } from './identity-record.ts'
import type { View } from './page.ts'
import { WORK } from './quota.ts'
import type { RecordCache } from './record-cache.ts'
import { readContent, restoreRecord } from './record-content.ts'
import type { RecordStore } from './record-store.ts'
import type { Resident } from './resident.ts'

/** Reads what a record store holds, and verifies it before it is used: disks decay, and files are edited. */

/** The state of a storage node's records. */
export type Stock = {
  readonly store: RecordStore
  readonly eviction: Eviction
  readonly cache: RecordCache
  /** identities that are gone, by reason */
  readonly gone: Record<Reason, number>
  /** told what was done, in units of work */
  readonly onWork: (units: number) => void
}

/** Why an identity is gone: it was evicted, it expired, or its record was not what had been verified when it was read again. */
export type Reason = 'evicted' | 'expired' | 'damaged'

export const unhex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))

export const isExpired = ({ touched }: Resident, past: number): boolean => touched + RECORD_AGE_MAX < past

/** The disk cannot be asked; a row that is not what it was is another thing. */
const isOutage = (error: unknown): boolean =>
  !(error instanceof HandfastError) || (error instanceof StoreError && error.code !== 'ERR_STORE_CORRUPT')

/** Counts those as gone whose records the store no longer has. */
export const forget = ({ eviction, cache, gone }: Stock, { key }: Resident, why: Reason): void => {
  eviction.remove(key)
  cache.remove(key)
  gone[why] += 1
}

export const drop = (stock: Stock, residents: readonly Resident[], why: Reason): void => {
  stock.store.remove(residents.map(({ key }) => unhex(key)))
  for (const resident of residents) forget(stock, resident, why)
}

const present = (stock: Stock, id: Uint8Array, past: number): Resident | null => {
  const resident = stock.eviction.get(hex(id))
  if (resident === undefined) return null
  if (!isExpired(resident, past)) return resident
  drop(stock, [resident], 'expired')
  return null
}

/** What `use` makes of what is in the store; what it misses there, or finds wrong, costs the record. */
const attempt = <T>(stock: Stock, resident: Resident, use: () => T | null): T | null => {
  try {
    const made = use()
    if (made !== null) return made
  } catch (error) {
    if (isOutage(error)) throw error
  }
  drop(stock, [resident], 'damaged')
  return null
}

/** Reads and verifies all of it. */
const restore = (
  { store, eviction, cache, onWork }: Stock,
  resident: Resident,
  id: Uint8Array,
): IdentityRecord | null => {
  const stored = store.read(id)
  if (stored === null) return null
  onWork(WORK.verify * resident.items)
  const record = restoreRecord(id, stored)
  eviction.settle({ key: resident.key, source: resident.group.source, items: itemsOf(record) }, resident.touched)
  resident.verified = sha256(stored.content)
  cache.set(resident.key, record)
  return record
}

/** Entries are named by their hashes in what is compared here: the same bytes need no second verification. */
const isVerified = ({ verified }: Resident, content: Uint8Array): boolean =>
  verified !== null && equal(verified, sha256(content))

const entryOf = (store: RecordStore, id: Uint8Array, hash: Uint8Array): Uint8Array => {
  const envelope = store.entry(id, hash)
  if (envelope !== null && equal(blake2b256(envelope), hash)) return envelope
  throw new EncodingError('ERR_FIELD', { hint: 'an entry is missing' })
}

export const findRecord = (stock: Stock, id: Uint8Array, past: number): IdentityRecord | null => {
  const resident = present(stock, id, past)
  if (resident === null) return null
  return stock.cache.get(resident.key) ?? attempt(stock, resident, () => restore(stock, resident, id))
}

export const viewRecord = <T extends NonNullable<unknown>>(
  stock: Stock,
  id: Uint8Array,
  past: number,
  use: (view: View) => T,
): T | null => {
  const resident = present(stock, id, past)
  if (resident === null) return null
  return attempt(stock, resident, () => {
    const content = stock.store.content(id)
    if (content === null) return null
    stock.onWork(WORK.readByte * content.length)
    if (!isVerified(resident, content)) restore(stock, resident, id)
    // Not what was read in between, but this.
    if (!isVerified(resident, content)) return null
    const { tips, ...rest } = readContent(content)
    const [tip] = tips
    return tip === undefined ? null : use({ ...rest, tip, entry: (hash) => entryOf(stock.store, id, hash) })
  })
}

export const knowsEntry = (stock: Stock, id: Uint8Array, envelope: Uint8Array, past: number): boolean => {
  const hash = blake2b256(envelope)
  const parsed = stock.cache.get(hex(id))
  if (parsed !== undefined && present(stock, id, past) !== null) return allEntries(parsed).has(hex(hash))
  return viewRecord(stock, id, past, ({ served }) => served.some((known) => equal(known, hash))) ?? false
}
