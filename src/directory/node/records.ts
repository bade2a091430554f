import { hex } from '../../core/bytes.ts'
import { sha256 } from '../../core/kdf.ts'
import { DEVICES_MAX, LOG_ENTRIES_MAX } from '../../core/limits/protocol-limits.ts'
import { BRANCHES_MAX, RECORD_TOUCH_AGE } from '../../core/limits/record-limits.ts'
import type { Times } from '../../core/steady-clock.ts'
import { createEviction } from './eviction.ts'
import { type IdentityRecord, itemsOf } from './identity-record.ts'
import type { View } from './page.ts'
import { WORK } from './quota.ts'
import { createRecordCache } from './record-cache.ts'
import { contentOf, entryChanges } from './record-content.ts'
import { drop, findRecord, forget, isExpired, knowsEntry, type Stock, unhex, viewRecord } from './record-reader.ts'
import type { Head, RecordStore } from './record-store.ts'
import type { Resident } from './resident.ts'

/** The records of a storage node: in a record store, and no more of them than it has room for. What lies there is verified before it is used. */
export type Records = {
  /**
   * What `use` makes of what can be served of an identity: it reads no more of that than it takes. null when nothing, or nothing
   * that still verifies, is stored.
   * @throws StoreError
   */
  view<T extends NonNullable<unknown>>(id: Uint8Array, past: number, use: (view: View) => T): T | null
  /** All of it, to put something to. @throws StoreError */
  find(id: Uint8Array, past: number): IdentityRecord | null
  /** Whether this entry is stored already: publications repeat it, and parsing costs more than all the rest. @throws StoreError */
  knows(id: Uint8Array, envelope: Uint8Array, past: number): boolean
  /**
   * Stores a record in place of `before`; a process that is killed afterwards has it.
   * @throws DirectoryError ERR_PUT_FULL; StoreError
   */
  save(id: Uint8Array, record: IdentityRecord, publication: Publication): void
  /** Counts a publication that repeats what is stored. @throws StoreError */
  touch(id: Uint8Array, source: string, present: number): void
  /** Drops what has expired. @throws StoreError */
  sweep(past: number): void
  readonly counts: RecordCounts
}

export type RecordCounts = {
  readonly identities: number
  /** entries and cards of all of them */
  readonly items: number
  readonly evicted: number
  readonly expired: number
  /** records that were not what had been verified when they were read again */
  readonly damaged: number
}

type Publication = Times & {
  readonly before: IdentityRecord | null
  /** stands for the network it came from: 16 bytes in hex */
  readonly source: string
  /** whether it prolongs the life of the record */
  readonly touch: boolean
}

export type RecordsParts = {
  readonly store: RecordStore
  /** identities at most */
  readonly capacity: number
  readonly self: () => Uint8Array | null
  /** told what was done, in units of work */
  readonly onWork: (units: number) => void
}

export const SOURCE_BYTES = 16

/** The source of what this node put itself. */
export const OWN_SOURCE = '00'.repeat(SOURCE_BYTES)

/** Entries of all branches and cards: whatever the disk says, no identity has more. */
const ITEMS_MAX = BRANCHES_MAX * LOG_ENTRIES_MAX + DEVICES_MAX

const headOf = ({ key, touched, group, items }: Resident): Head => ({
  id: unhex(key),
  touched,
  source: unhex(group.source),
  items,
})

/** @throws StoreError when the store is a database that cannot be read */
export const createRecords = ({ store, capacity, self, onWork }: RecordsParts): Records => {
  const onSearch = (networks: number): void => onWork(WORK.network * networks)
  const eviction = createEviction({ capacity, self, own: OWN_SOURCE, onSearch })
  const gone = { evicted: 0, expired: 0, damaged: 0 }
  const stock: Stock = { store, eviction, cache: createRecordCache(), gone, onWork }

  for (const { id, touched, source, items } of store.heads())
    eviction.settle({ key: hex(id), source: hex(source), items: Math.min(items, ITEMS_MAX) }, touched)

  return {
    find: (id, past) => findRecord(stock, id, past),
    view: (id, past, use) => viewRecord(stock, id, past, use),
    knows: (id, envelope, past) => knowsEntry(stock, id, envelope, past),
    save: (id, record, publication) => saveRecord(stock, id, record, publication),
    touch: (id, source, present) => touchRecord(stock, id, source, present),
    sweep: (past) => drop(stock, eviction.expired(past), 'expired'),
    get counts() {
      return { ...gone, identities: eviction.identities, items: eviction.items }
    },
  }
}

const saveRecord = (
  stock: Stock,
  id: Uint8Array,
  record: IdentityRecord,
  { before, source, past, present, touch }: Publication,
): void => {
  const { store, eviction, cache, onWork } = stock
  const claim = { key: hex(id), source, items: itemsOf(record) }
  onWork(WORK.storedItem * claim.items)
  const leaving = eviction.plan(claim, past)
  const known = eviction.get(claim.key)
  const touched = touch || known === undefined ? present : known.touched
  const head = { id, touched, source: unhex(known?.group.source ?? source), items: claim.items }
  const content = contentOf(record)
  const evicted = leaving.map(({ key }) => unhex(key))
  store.write({ head, content, ...entryChanges(before, record), evicted })
  for (const one of leaving) forget(stock, one, isExpired(one, past) ? 'expired' : 'evicted')
  const resident = eviction.settle(claim, touched)
  if (touch) eviction.touch(resident, source, present)
  if (hex(head.source) !== resident.group.source) store.touch(headOf(resident))
  resident.saved = touched
  resident.verified = sha256(content)
  cache.set(claim.key, record)
}

const touchRecord = ({ store, eviction }: Stock, id: Uint8Array, source: string, present: number): void => {
  const resident = eviction.get(hex(id))
  if (resident === undefined) return
  const { group } = resident
  eviction.touch(resident, source, present)
  if (resident.group === group && Math.abs(present - resident.saved) < RECORD_TOUCH_AGE) return
  store.touch(headOf(resident))
  resident.saved = present
}
