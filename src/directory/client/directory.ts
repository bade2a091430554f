import type { SignedCard } from '../../core/card.ts'
import type { KeyLog } from '../../core/key-log.ts'
import type { World } from '../../core/world.ts'
import type { KnownNode } from './get-requests.ts'
import type { ClockReading, Times } from './heard-times.ts'
import type { Lookup, LookupOptions } from './lookup.ts'
import type { PublicationCheck } from './publication-check.ts'
import type { Publication, Publishing, Records } from './publish.ts'

/**
 * Where identities are published and found. `own-directory.ts` is the one of Handfast's own nodes, `directory/stock/stock-directory.ts` that of
 * any nodes of HyperDHT, and `two-directories.ts` both of them, by what the nodes of the network understand.
 */
export type Directory = {
  /** @throws DirectoryError ERR_LOOKUP_NOT_FOUND, ERR_LOOKUP_INCOMPLETE */
  lookup(id: Uint8Array, options: LookupOptions & WithTimes): Promise<Lookup>
  /**
   * Stores what an owner publishes at the nodes it belongs to, and counts who took it.
   * @throws DirectoryError ERR_PUBLISH_REFUSED, ERR_CLOCK; what signing the card throws
   */
  publish(records: Publishing, options: { readonly signal: AbortSignal } & WithTimes): Promise<Publication>
  /** Looks at what was published as a stranger would, and puts it where it is missing. @throws as `lookup` */
  check(
    records: Records,
    options: { readonly now: number; readonly signal: AbortSignal } & WithTimes,
  ): Promise<PublicationCheck>
  /** Puts the records of somebody else back, as they are: they prove themselves. @throws as `publish`, and as `lookup` */
  keep(log: KeyLog, options: { readonly now: number; readonly signal: AbortSignal }): Promise<void>
  /**
   * The ML-KEM-768 key (1184 bytes) that a card names.
   * @throws DirectoryError ERR_LOOKUP_NOT_FOUND, ERR_LOOKUP_INCOMPLETE
   */
  fetchKem(
    found: { readonly card: SignedCard; readonly holders: readonly KnownNode[] },
    signal: AbortSignal,
  ): Promise<Uint8Array>
  /** Asks nodes for nothing but the time; nodes that tell none leave it open. */
  askTimes(world: Pick<World, 'clock'>, signal: AbortSignal): Promise<ClockReading>
}

/** What the nodes say of the time is noted there, when they say it. */
export type WithTimes = { readonly times?: Times | undefined }
