import { equal, hex } from '../../core/bytes.ts'
import { EncodingError, HandfastError, StoreError } from '../../core/errors.ts'
import { sha256 } from '../../core/kdf.ts'
import {
  BRANCHES_MAX,
  DEVICES_MAX,
  LOG_ENTRIES_MAX,
  RECORD_AGE_MAX,
  RECORD_CACHE_ITEMS,
  RECORD_TOUCH_AGE,
} from '../../core/limits.ts'
import { createEviction, type Resident } from './eviction.ts'
import { allEntries, type IdentityRecord, itemsOf } from './identity-record.ts'
import type { View } from './page.ts'
import { WORK } from './quota.ts'
import { contentOf, entryChanges, readContent, restoreRecord } from './record-content.ts'
import type { Head, RecordStore } from './record-store.ts'

/** The records of a storage node: on a shelf, and only as many as there is room for. What lies there is verified before it is used. */
export type Records = {
  /**
   * What `use` makes of what can be served of an identity: it reads no more of that than it takes. null when nothing, or nothing
   * that still verifies, is kept.
   * @throws StoreError
   */
  view<T extends NonNullable<unknown>>(id: Uint8Array, now: number, use: (view: View) => T): T | null
  /** All of it, to put something to. @throws StoreError */
  find(id: Uint8Array, now: number): IdentityRecord | null
  /** Whether this entry is kept already: publications repeat it, and parsing costs more than all the rest. @throws StoreError */
  knows(id: Uint8Array, envelope: Uint8Array, now: number): boolean
  /**
   * Keeps a record in place of `before`; a process that is killed afterwards has it.
   * @throws DirectoryError ERR_PUT_FULL; StoreError
   */
  keep(id: Uint8Array, record: IdentityRecord, why: Publication): void
  /** Counts a publication that repeats what is kept. @throws StoreError */
  touch(id: Uint8Array, source: string, now: number): void
  /** Drops what has expired. @throws StoreError */
  sweep(now: number): void
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

type Publication = {
  readonly before: IdentityRecord | null
  /** stands for the network it came from: 16 bytes in hex */
  readonly source: string
  readonly now: number
  /** whether it prolongs the life of the record */
  readonly touch: boolean
}

export type RecordsParts = {
  readonly shelf: RecordStore
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

/** The disk cannot be asked; a row that is not what it was is another thing. */
const isOutage = (error: unknown): boolean =>
  !(error instanceof HandfastError) || (error instanceof StoreError && error.code !== 'ERR_STORE_CORRUPT')

const unhex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))

const isExpired = ({ touched }: Resident, now: number): boolean => touched + RECORD_AGE_MAX < now

const headOf = ({ key, touched, group, items }: Resident): Head => ({
  id: unhex(key),
  touched,
  source: unhex(group.source),
  items,
})

export const createRecords = ({ shelf, capacity, self, onWork }: RecordsParts): Records => {
  const room = createEviction({
    capacity,
    self,
    own: OWN_SOURCE,
    onSearch: (networks) => onWork(WORK.network * networks),
  })
  const cache = createCache()
  const count = { evicted: 0, expired: 0, damaged: 0 }

  for (const { id, touched, source, items } of shelf.heads())
    room.settle({ key: hex(id), source: hex(source), items: Math.min(items, ITEMS_MAX) }, touched)

  const forget = (key: string): void => {
    room.remove(key)
    cache.remove(key)
  }

  const drop = (gone: readonly Resident[], why: keyof typeof count): void => {
    shelf.remove(gone.map(({ key }) => unhex(key)))
    for (const { key } of gone) forget(key)
    count[why] += gone.length
  }

  const present = (id: Uint8Array, now: number): Resident | null => {
    const resident = room.get(hex(id))
    if (resident === undefined) return null
    if (!isExpired(resident, now)) return resident
    drop([resident], 'expired')
    return null
  }

  /** What `use` makes of what is on the shelf; what it misses there, or finds wrong, costs the record. */
  const attempt = <T>(resident: Resident, use: (id: Uint8Array) => T | null): T | null => {
    try {
      const made = use(unhex(resident.key))
      if (made !== null) return made
    } catch (error) {
      if (isOutage(error)) throw error
    }
    drop([resident], 'damaged')
    return null
  }

  /** Reads and verifies all of it. */
  const restore = (resident: Resident, id: Uint8Array): IdentityRecord | null => {
    const kept = shelf.read(id)
    if (kept === null) return null
    onWork(WORK.verify * resident.items)
    const record = restoreRecord(id, kept)
    room.settle({ key: resident.key, source: resident.group.source, items: itemsOf(record) }, resident.touched)
    resident.verified = sha256(kept.content)
    cache.set(resident.key, record)
    return record
  }

  /** Entries are named by their hashes in what is compared here: the same bytes need no second verification. */
  const isVerified = ({ verified }: Resident, content: Uint8Array): boolean =>
    verified !== null && equal(verified, sha256(content))

  const entryOf = (id: Uint8Array, hash: Uint8Array): Uint8Array => {
    const envelope = shelf.entry(id, hash)
    if (envelope !== null && equal(sha256(envelope), hash)) return envelope
    throw new EncodingError('ERR_FIELD', { hint: 'an entry is missing' })
  }

  const find: Records['find'] = (id, now) => {
    const resident = present(id, now)
    if (resident === null) return null
    return cache.get(resident.key) ?? attempt(resident, () => restore(resident, id))
  }

  const view: Records['view'] = (id, now, use) => {
    const resident = present(id, now)
    if (resident === null) return null
    return attempt(resident, () => {
      const content = shelf.content(id)
      if (content === null) return null
      onWork(WORK.readByte * content.length)
      if (!isVerified(resident, content)) restore(resident, id)
      // Not what was read in between, but this.
      if (!isVerified(resident, content)) return null
      const { tips, ...rest } = readContent(content)
      const [tip] = tips
      return tip === undefined ? null : use({ ...rest, tip, entry: (hash) => entryOf(id, hash) })
    })
  }

  return {
    find,
    view,
    knows: (id, envelope, now) => {
      const hash = sha256(envelope)
      const parsed = cache.get(hex(id))
      if (parsed !== undefined && present(id, now) !== null) return allEntries(parsed).has(hex(hash))
      return view(id, now, ({ served }) => served.some((known) => equal(known, hash))) ?? false
    },
    keep: (id, record, { before, source, now, touch }) => {
      const claim = { key: hex(id), source, items: itemsOf(record) }
      onWork(WORK.keptItem * claim.items)
      const gone = room.plan(claim, now)
      const known = room.get(claim.key)
      const touched = touch || known === undefined ? now : known.touched
      const head = { id, touched, source: unhex(known?.group.source ?? source), items: claim.items }
      const content = contentOf(record)
      const evicted = gone.map(({ key }) => unhex(key))
      shelf.write({ head, content, ...entryChanges(before, record), evicted })
      for (const one of gone) {
        count[isExpired(one, now) ? 'expired' : 'evicted'] += 1
        forget(one.key)
      }
      const resident = room.settle(claim, touched)
      if (touch) room.touch(resident, source, now)
      if (hex(head.source) !== resident.group.source) shelf.touch(headOf(resident))
      resident.saved = touched
      resident.verified = sha256(content)
      cache.set(claim.key, record)
    },
    touch: (id, source, now) => {
      const resident = room.get(hex(id))
      if (resident === undefined) return
      const { group } = resident
      room.touch(resident, source, now)
      if (resident.group === group && Math.abs(now - resident.saved) < RECORD_TOUCH_AGE) return
      shelf.touch(headOf(resident))
      resident.saved = now
    },
    sweep: (now) => drop(room.expired(now), 'expired'),
    get counts() {
      return { ...count, identities: room.identities, items: room.items }
    },
  }
}

/** Parsed records, those used last: a bounded number of entries and cards. */
const createCache = () => {
  const records = new Map<string, { readonly record: IdentityRecord; readonly items: number }>()
  let items = 0
  const remove = (key: string): void => {
    items -= records.get(key)?.items ?? 0
    records.delete(key)
  }
  return {
    get: (key: string): IdentityRecord | undefined => {
      const slot = records.get(key)
      if (slot === undefined) return undefined
      records.delete(key)
      records.set(key, slot)
      return slot.record
    },
    set: (key: string, record: IdentityRecord): void => {
      remove(key)
      const size = itemsOf(record)
      records.set(key, { record, items: size })
      items += size
      for (const oldest of records.keys()) {
        if (items <= RECORD_CACHE_ITEMS || oldest === key) break
        remove(oldest)
      }
    },
    remove,
  }
}
