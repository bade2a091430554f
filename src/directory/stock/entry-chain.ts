import { equal, hex } from '../../core/bytes.ts'
import { HandfastError } from '../../core/errors.ts'
import { blake2b256 } from '../../core/kdf.ts'
import { decodeEntry } from '../../core/key-log-entry.ts'
import { LOG_ENTRIES_MAX } from '../../core/limits/protocol-limits.ts'
import { type CollectedLogs, offerEntry } from '../client/collected-logs.ts'

/**
 * Log entries that are found backwards: a card names the last one, and each names the one before. What was fetched waits here until it
 * meets an entry that is verified, and is verified itself then, in order.
 */
export type EntryChain = {
  /** The log goes on to the entry with this hash, says somebody who holds a key of it. */
  lead(head: Uint8Array): void
  /** Hashes of the entries to fetch now. */
  wanted(): readonly Uint8Array[]
  /** What came of fetching an entry; null when nobody has it. */
  take(hash: Uint8Array, envelope: Uint8Array | null): void
}

/** Entries that may be named as the last one: each of a key that was once the slot's, and what a thief makes of it beside that. */
const HEADS_MAX = 16

type Waiting = { readonly envelope: Uint8Array; readonly seq: number; readonly prev: Uint8Array | null }

export const createEntryChain = (logs: CollectedLogs): EntryChain => {
  const heads = new Map<string, Uint8Array>()
  /** fetched, by hash; null: nobody has it, or it is no entry */
  const fetched = new Map<string, Waiting | null>()

  const read = (hash: Uint8Array, envelope: Uint8Array): Waiting | null => {
    if (!equal(blake2b256(envelope), hash)) return null
    try {
      const { seq, prev } = decodeEntry(envelope).entry
      return { envelope, seq, prev }
    } catch (error) {
      if (!(error instanceof HandfastError)) throw error
      return null
    }
  }

  /** From a head back to what is verified, nearest to the head first; and the entry that is missing, when there is one. */
  const trace = (head: Uint8Array): { readonly chain: readonly Waiting[]; readonly missing: Uint8Array | null } => {
    const chain: Waiting[] = []
    let hash = head
    for (;;) {
      if (logs.byLast.has(hex(hash))) return { chain, missing: null }
      const entry = fetched.get(hex(hash))
      if (entry === undefined) return { chain: [], missing: hash }
      const after = chain.at(-1)
      const fits = entry !== null && entry.seq < LOG_ENTRIES_MAX && (after === undefined || entry.seq === after.seq - 1)
      if (!fits || entry.prev === null) return { chain: [], missing: null }
      chain.push(entry)
      hash = entry.prev
    }
  }

  const link = (): void => {
    for (const head of heads.values())
      for (const { envelope } of trace(head).chain.toReversed())
        if (offerEntry(logs, hex(blake2b256(envelope)), envelope) !== 'valid') break
  }

  return {
    lead: (head) => {
      if (heads.size < HEADS_MAX) heads.set(hex(head), head)
    },
    wanted: () => [...heads.values()].flatMap((head) => trace(head).missing ?? []),
    take: (hash, envelope) => {
      fetched.set(hex(hash), envelope === null ? null : read(hash, envelope))
      link()
    },
  }
}
