import type { SecretKey } from '../core/kdf.ts'
import { FILES_REMEMBERED } from '../core/limits/file-limits.ts'
import type { StoredState } from './transfer-rows.ts'

/** Files that were delivered, and may have been lost there since (docs/spec/files.md §1). */
export type DeliveredTransfers<Row> = {
  /** Ours to that peer that were delivered and last to be sent since then, oldest first. @param since milliseconds since 1970 */
  delivered(peer: Uint8Array, since: number): readonly Row[]
  /** Theirs that are here, or were, the latest first: ids. */
  savedIds(peer: Uint8Array): readonly Uint8Array[]
  /** It was delivered, and is to be sent again, with another secret. @param now milliseconds since 1970 */
  requeue(number: number, now: number, secret: SecretKey): Row | null
  /** One that waits, or was delivered, maybe to a disk that is no more, waits with another secret. @param now milliseconds since 1970 */
  renew(number: number, now: number, secret: SecretKey): Row | null
  /** It was delivered to a disk that is no more. */
  lose(number: number): Row | null
}

/** What becomes of one that was delivered. */
export type Loss =
  | { readonly state: 'queued'; readonly queued: number; readonly secret: SecretKey }
  | { readonly state: 'gone' }

type Parts<Row> = {
  select(where: string, ...values: readonly (Uint8Array | number | string)[]): readonly Row[]
  /** Changes one that is in one of those states; null when it is in none. */
  change(number: number, loss: Loss, from: readonly StoredState[]): Row | null
}

export const createDeliveredTransfers = <Row extends { readonly id: Uint8Array }>({
  select,
  change,
}: Parts<Row>): DeliveredTransfers<Row> => ({
  delivered: (peer, since) =>
    select("peer = ? AND out = 1 AND state = 'delivered' AND queued >= ? ORDER BY number", peer, since),
  savedIds: (peer) =>
    select("peer = ? AND out = 0 AND state = 'saved' ORDER BY number DESC LIMIT ?", peer, FILES_REMEMBERED).map(
      ({ id }) => id,
    ),
  requeue: (number, queued, secret) => change(number, { state: 'queued', queued, secret }, ['delivered']),
  renew: (number, queued, secret) =>
    change(number, { state: 'queued', queued, secret }, ['queued', 'delivered', 'gone']),
  lose: (number) => change(number, { state: 'gone' }, ['delivered']),
})
