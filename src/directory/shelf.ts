import { concat, hex } from '../core/bytes.ts'
import { sha256 } from '../core/kdf.ts'

/**
 * Where a storage node puts the bytes it keeps: in memory here, or in a database (`store/records.ts`). It knows nothing of what they
 * mean: what comes back is verified again.
 */
export type Shelf = {
  /** Everybody who is there. @throws StoreError, as all that follow, when it is a database */
  heads(): Iterable<Head>
  /** null when nobody is there */
  read(id: Uint8Array): Kept | null
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

/** All bytes of an identity one after the other: by itself each of some five buffers would cost some 200 bytes more. */
type Slot = {
  readonly touched: number
  readonly items: number
  /** id, source, content, entries */
  readonly bytes: Uint8Array
  /** where each of them ends */
  readonly ends: readonly number[]
}

const slotOf = ({ id, source, touched, items }: Head, { content, entries }: Kept): Slot => {
  const ends: number[] = []
  const parts = [id, source, content, ...entries]
  for (const { length } of parts) ends.push((ends.at(-1) ?? 0) + length)
  return { touched, items, bytes: concat(...parts), ends }
}

/** A copy, so that who holds it holds no more than that. */
const part = ({ bytes, ends }: Slot, index: number): Uint8Array => bytes.slice(ends[index - 1] ?? 0, ends[index])

const headOf = (slot: Slot): Head => {
  const { touched, items } = slot
  return { id: part(slot, 0), source: part(slot, 1), touched, items }
}

const keptOf = (slot: Slot): Kept => ({
  content: part(slot, 2),
  entries: slot.ends.slice(3).map((_, index) => part(slot, 3 + index)),
})

/** Gone with the process. */
export const createMemoryShelf = (): Shelf => {
  const slots = new Map<string, Slot>()
  const remove = (ids: readonly Uint8Array[]): void => {
    for (const id of ids) slots.delete(hex(id))
  }
  const read = (id: Uint8Array): Kept | null => {
    const slot = slots.get(hex(id))
    return slot === undefined ? null : keptOf(slot)
  }
  return {
    heads: () => slots.values().map(headOf),
    read,
    write: ({ head, content, added, dropped, evicted }) => {
      remove(evicted)
      const gone = new Set(dropped.map(hex))
      const stay = (read(head.id)?.entries ?? []).filter((entry) => gone.size === 0 || !gone.has(hex(sha256(entry))))
      slots.set(hex(head.id), slotOf(head, { content, entries: [...stay, ...added] }))
    },
    touch: (head) => {
      const slot = slots.get(hex(head.id))
      if (slot !== undefined) slots.set(hex(head.id), slotOf(head, keptOf(slot)))
    },
    remove,
    close: () => slots.clear(),
  }
}
