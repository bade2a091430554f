import { hex } from '../core/bytes.ts'
import { sha256 } from '../core/kdf.ts'

/**
 * Where a storage node puts the bytes it keeps: in memory here, or in a database (`store/records.ts`). It knows nothing of what they
 * mean: what comes back is verified again.
 */
export type Shelf = {
  /** Everybody who is there. @throws StoreError, as all that follow, when it is a database */
  heads(): Iterable<Head>
  /** All there is of somebody; null when nobody is there. */
  read(id: Uint8Array): Kept | null
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

/** What decides who stays when room is short. */
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

export type Kept = { readonly content: Uint8Array; readonly entries: readonly Uint8Array[] }

export type Change = {
  readonly head: Head
  readonly content: Uint8Array
  /** entries that are new */
  readonly added: readonly Uint8Array[]
  /** hashes of entries that are gone */
  readonly dropped: readonly Uint8Array[]
  /** identities that make room */
  readonly evicted: readonly Uint8Array[]
}

/** Gone with the process. */
export const createMemoryShelf = (): Shelf => {
  type Slot = { readonly head: Head; readonly content: Uint8Array; readonly entries: ReadonlyMap<string, Uint8Array> }
  const slots = new Map<string, Slot>()
  const remove = (ids: readonly Uint8Array[]): void => {
    for (const id of ids) slots.delete(hex(id))
  }
  return {
    heads: () => [...slots.values()].map(({ head }) => head),
    read: (id) => {
      const slot = slots.get(hex(id))
      return slot === undefined ? null : { content: slot.content, entries: [...slot.entries.values()] }
    },
    content: (id) => slots.get(hex(id))?.content ?? null,
    entry: (id, hash) => slots.get(hex(id))?.entries.get(hex(hash)) ?? null,
    write: ({ head, content, added, dropped, evicted }) => {
      remove(evicted)
      const entries = new Map(slots.get(hex(head.id))?.entries)
      for (const hash of dropped) entries.delete(hex(hash))
      for (const envelope of added) entries.set(hex(sha256(envelope)), envelope)
      slots.set(hex(head.id), { head, content, entries })
    },
    touch: (head) => {
      const slot = slots.get(hex(head.id))
      if (slot !== undefined) slots.set(hex(head.id), { ...slot, head })
    },
    remove,
    close: () => slots.clear(),
  }
}
