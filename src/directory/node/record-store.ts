import { concat, equal, hex } from '../../core/bytes.ts'
import { blake2b256 } from '../../core/kdf.ts'

/**
 * Where a storage node puts the bytes it stores: in memory here, or in a database (`store/record-database.ts`). It knows nothing of what they
 * mean: what comes back is verified again.
 */
export type RecordStore = {
  /** Everybody who is there. @throws StoreError, as all that follow, when it is a database */
  heads(): Iterable<Head>
  /** All there is of somebody; null when nobody is there. */
  read(id: Uint8Array): StoredRecord | null
  /** The same without the entries, which may be hundreds. */
  content(id: Uint8Array): Uint8Array | null
  /** One entry by its SHA-256; null when it is not there. */
  entry(id: Uint8Array, hash: Uint8Array): Uint8Array | null
  /** All of it or nothing; a process that is killed afterwards has it. */
  write(change: Change): void
  /** Changes only the head of somebody who is there. */
  touch(head: Head): void
  remove(ids: readonly Uint8Array[]): void
  close(): void
}

/** What decides who is evicted. */
export type Head = {
  /** identity hash, 32 bytes */
  readonly id: Uint8Array
  /** when it was published last, seconds */
  readonly touched: number
  /** stands for the network it is counted under, 16 bytes */
  readonly source: Uint8Array
  /** entries and cards */
  readonly items: number
}

export type StoredRecord = { readonly content: Uint8Array; readonly entries: readonly Uint8Array[] }

export type Change = {
  readonly head: Head
  readonly content: Uint8Array
  /** entries that are new */
  readonly added: readonly Uint8Array[]
  /** hashes of entries that are gone */
  readonly dropped: readonly Uint8Array[]
  /** identities that are evicted for it */
  readonly evicted: readonly Uint8Array[]
}

/** All bytes of an identity one after the other: by itself each of some seven buffers would cost some 200 bytes more. */
type Slot = {
  readonly touched: number
  readonly items: number
  /** id, source, content, and of each entry its hash and itself */
  readonly bytes: Uint8Array
  /** where each of them ends */
  readonly ends: readonly number[]
}

/** Places of the parts in a slot. */
const [ID, SOURCE, CONTENT, FIRST] = [0, 1, 2, 3]

const slotOf = (
  { id, source, touched, items }: Head,
  content: Uint8Array,
  entries: ReadonlyMap<string, Uint8Array>,
): Slot => {
  const ends: number[] = []
  const parts = [id, source, content, ...[...entries].flatMap(([hash, entry]) => [Buffer.from(hash, 'hex'), entry])]
  for (const { length } of parts) ends.push((ends.at(-1) ?? 0) + length)
  return { touched, items, bytes: concat(...parts), ends }
}

const view = ({ bytes, ends }: Slot, index: number): Uint8Array => bytes.subarray(ends[index - 1] ?? 0, ends[index])

/** A copy, so that who holds it holds no more than that. */
const part = (slot: Slot, index: number): Uint8Array => view(slot, index).slice()

const headOf = (slot: Slot): Head => {
  const { touched, items } = slot
  return { id: part(slot, ID), source: part(slot, SOURCE), touched, items }
}

const entriesOf = (slot: Slot): Map<string, Uint8Array> => {
  const entries = new Map<string, Uint8Array>()
  for (let at = FIRST; at < slot.ends.length; at += 2) entries.set(hex(view(slot, at)), part(slot, at + 1))
  return entries
}

const entryOf = (slot: Slot, hash: Uint8Array): Uint8Array | null => {
  for (let at = FIRST; at < slot.ends.length; at += 2) if (equal(view(slot, at), hash)) return part(slot, at + 1)
  return null
}

/** Gone with the process. */
export const createMemoryRecordStore = (): RecordStore => {
  const slots = new Map<string, Slot>()
  const slotFor = (id: Uint8Array): Slot | undefined => slots.get(hex(id))
  const remove = (ids: readonly Uint8Array[]): void => {
    for (const id of ids) slots.delete(hex(id))
  }
  return {
    heads: () => slots.values().map(headOf),
    read: (id) => {
      const slot = slotFor(id)
      return slot === undefined ? null : { content: part(slot, CONTENT), entries: [...entriesOf(slot).values()] }
    },
    content: (id) => {
      const slot = slotFor(id)
      return slot === undefined ? null : part(slot, CONTENT)
    },
    entry: (id, hash) => {
      const slot = slotFor(id)
      return slot === undefined ? null : entryOf(slot, hash)
    },
    write: ({ head, content, added, dropped, evicted }) => {
      remove(evicted)
      const slot = slotFor(head.id)
      const entries = slot === undefined ? new Map<string, Uint8Array>() : entriesOf(slot)
      for (const hash of dropped) entries.delete(hex(hash))
      for (const envelope of added) entries.set(hex(blake2b256(envelope)), envelope)
      slots.set(hex(head.id), slotOf(head, content, entries))
    },
    touch: (head) => {
      const slot = slotFor(head.id)
      if (slot !== undefined) slots.set(hex(head.id), slotOf(head, view(slot, CONTENT), entriesOf(slot)))
    },
    remove,
    close: () => slots.clear(),
  }
}
