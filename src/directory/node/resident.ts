import { ITEMS_PER_IDENTITY } from '../../core/limits/record-limits.ts'

/** Who is stored at a storage node, and the source network each is counted under: what eviction decides by. */

/** An identity that is stored. */
export type Resident = {
  /** the identity hash in hex */
  readonly key: string
  /** entries and cards */
  items: number
  /** when it was published last, seconds */
  touched: number
  /** the same as the record store knows it */
  saved: number
  group: EvictionGroup
  /** networks it was published from as well: it may be counted under these when that is better for it */
  others: readonly string[]
  /** how far its nearest replica target is from this node; null until somebody has to go */
  distance: number | null
  /** SHA-256 of what was verified of it in this process; null when nothing was */
  verified: Uint8Array | null
}

/** The identities that are counted under one source network. */
export type EvictionGroup = {
  readonly source: string
  readonly members: Set<Resident>
  /** entries and cards of all of them */
  items: number
  extra: number
  /** the member farthest from this node, of all and of those that have extra; undefined: not known at the moment */
  farthest: { readonly [S in Shortage]?: Resident | undefined }
}

/** An identity that is to be stored, or to grow. */
export type Claim = {
  readonly key: string
  /** the network it comes from */
  readonly source: string
  /** entries and cards it would have */
  readonly items: number
}

/** What there may be too many of: identities, or entries and cards beyond those that each may have. */
export type Shortage = 'identities' | 'extra'

export const extraOf = (items: number): number => Math.max(0, items - ITEMS_PER_IDENTITY)

/** How much of what is short goes with an identity of `items`. */
export const weightOf = (short: Shortage, { items }: Pick<Resident, 'items'>): number =>
  short === 'extra' ? extraOf(items) : 1

/** How much of what is short a network has. */
export const loadOf = (short: Shortage, group: EvictionGroup | undefined): number =>
  (short === 'extra' ? group?.extra : group?.members.size) ?? 0
