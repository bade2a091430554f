import type { FilePayload } from '../connection/payloads.ts'
import type { Line } from '../connection/service.ts'
import { equal } from '../core/bytes.ts'
import { secretKey } from '../core/kdf.ts'
import { FILE_AGE_MAX } from '../core/limits/file-limits.ts'
import { presentOf, type World } from '../core/world.ts'
import type { Store } from '../store/store.ts'
import type { StoredTransfer } from '../store/transfer-rows.ts'
import type { Changed } from './file-api.ts'

/**
 * Which files are on the disk of whom (docs/spec/files.md §1): each side of a connection says once what it has of the other's. What was
 * delivered and is not there any more is offered again to a store that was there before it; any other has lost it, or is a thief's.
 */
export type Inventory = {
  handle(payload: Extract<FilePayload, { k: 'files-have' }>): void
}

export type InventoryParts = {
  readonly store: Store
  readonly world: World
  readonly isContact: (peer: Uint8Array) => boolean
  /** Since when the peer's store has been the one that it is, as far as it has proven; seconds since 1970, null when it has not. */
  readonly provenSince: (peer: Uint8Array) => number | null
  /** Something of ours waits for `peer` again. */
  readonly again: (peer: Uint8Array) => void
  readonly changed: Changed
}

/** What becomes of those that the other side does not name; for a transaction of the caller's. */
const judge = (
  { store, world, provenSince }: InventoryParts,
  peer: Uint8Array,
  ids: readonly Uint8Array[],
  delivered: readonly StoredTransfer[],
): readonly StoredTransfer[] => {
  const isNamed = ({ id }: StoredTransfer): boolean => ids.some((one) => equal(one, id))
  // Of what is older than that it remembers nothing; and only its store knows these names.
  const oldest = delivered.find(isNamed)?.number ?? null
  const since = provenSince(peer)
  const changed: StoredTransfer[] = []
  for (const row of delivered) {
    if (isNamed(row) || (oldest !== null && row.number < oldest)) continue
    const isProven = oldest !== null || (since !== null && row.at > since * 1000)
    const { transfers } = store
    const now = isProven
      ? transfers.requeue(row.number, presentOf(world), secretKey(world.random(32)))
      : transfers.lose(row.number)
    if (now !== null) changed.push(now)
  }
  return changed
}

export const openInventory = (parts: InventoryParts, line: Line): Inventory => {
  const { store, world, isContact, again, changed } = parts
  const { peer } = line
  // What is delivered from now on may be so after the other side has said what it has.
  const delivered = store.transfers.delivered(peer, Math.max(0, world.clock() - FILE_AGE_MAX * 1000))
  let isHeard = false
  // Of what strangers sent too little is remembered to conclude anything.
  if (isContact(peer)) line.say({ k: 'files-have', ids: store.transfers.savedIds(peer) }).catch(() => {})
  return {
    handle: ({ ids }) => {
      if (isHeard) return
      isHeard = true
      store.group
        .run(() => judge(parts, peer, ids, delivered))
        .then((rows) => {
          for (const row of rows) changed(row, null)
          if (rows.some(({ state }) => state === 'queued')) again(peer)
        })
        // A disk that fails is told to whoever writes next; the next connection says it again.
        .catch(() => {})
    },
  }
}
