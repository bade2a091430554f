import { DirectoryError } from '../../core/errors.ts'
import { ITEMS_PER_IDENTITY, RECORD_AGE_MAX } from '../../core/limits.ts'
import { createEvictionGroups, type EvictionGroup, extraOf, type Shortage } from './eviction-groups.ts'

/**
 * Who may stay when a storage node is full. Every identity is counted under a source network. The network that has most makes room,
 * and of what it has the identity that lies farthest from this node: flooding from a few networks pushes out what came from those
 * networks, and from many networks, what other nodes are nearer to.
 */
export type Eviction = {
  get(key: string): Resident | undefined
  /**
   * Who has to go so that `claim` fits. Nobody comes or goes yet, but some may be counted under other networks afterwards.
   * @throws DirectoryError ERR_PUT_FULL when it would be the claimant
   */
  plan(claim: Claim, now: number): readonly Resident[]
  /** Takes the claimant in, or as it is now. */
  settle(claim: Claim, now: number): Resident
  /** Counts a repeated publication: the identity is then under the network that has less, and the other is remembered. */
  touch(resident: Resident, source: string, now: number): void
  remove(key: string): void
  expired(now: number): readonly Resident[]
  readonly identities: number
  readonly items: number
}

/** An identity that is kept. */
export type Resident = {
  /** the identity hash in hex */
  readonly key: string
  /** entries and cards */
  items: number
  /** when it was published last, seconds */
  touched: number
  /** the same as the shelf knows it */
  saved: number
  group: EvictionGroup
  /** networks it was published from as well: it may be counted under these when that is better for it */
  others: readonly string[]
  /** how far its nearest replica target is from this node; null until somebody has to go */
  distance: number | null
  /** SHA-256 of what was verified of it in this process; null when nothing was */
  verified: Uint8Array | null
}

export type Claim = {
  readonly key: string
  /** the network it comes from */
  readonly source: string
  /** entries and cards it would have */
  readonly items: number
}

export type EvictionOptions = {
  /** identities; and four times as many entries and cards beyond the four that each may have */
  readonly capacity: number
  /** this node's id, 32 bytes; null while it has none */
  readonly self: () => Uint8Array | null
  /** the source whose identities never make room: this node's own */
  readonly own: string
  /** told through how many networks was gone to make room */
  readonly onSearch?: (networks: number) => void
}

export const createEviction = ({ capacity, self, own, onSearch }: EvictionOptions): Eviction => {
  const residents = new Map<string, Resident>()
  const groups = createEvictionGroups({ self, own })
  let items = 0
  let extra = 0

  /** Nobody was published last before this: a full room is not searched for who has expired when that can be nobody. */
  let earliest = Number.POSITIVE_INFINITY

  const expired = (now: number): readonly Resident[] => {
    if (earliest + RECORD_AGE_MAX >= now) return []
    const all = [...residents.values()]
    earliest = all.reduce((min, { touched }) => Math.min(min, touched), Number.POSITIVE_INFINITY)
    return all.filter(({ touched }) => touched + RECORD_AGE_MAX < now)
  }

  const plan: Eviction['plan'] = (claim, now) => {
    const present = residents.get(claim.key)
    const more = extraOf(claim.items) - extraOf(present?.items ?? 0)
    // An identity grows by one at a time: as long as only what is beyond four of each counts, few have to go for that.
    const tooMany = (gone: ReadonlySet<Resident>): Shortage | null => {
      if (present === undefined && residents.size - gone.size >= capacity) return 'identities'
      const freed = [...gone].reduce((sum, one) => sum + extraOf(one.items), 0)
      return more > 0 && extra - freed + more > capacity * ITEMS_PER_IDENTITY ? 'extra' : null
    }
    if (tooMany(new Set()) === null) return []
    onSearch?.(groups.size)
    const gone = new Set(expired(now).filter((one) => one !== present))
    for (let short = tooMany(gone); short !== null; short = tooMany(gone)) {
      const next = groups.choose(short, { ...claim, present }, gone)
      if (next === null) throw new DirectoryError('ERR_PUT_FULL')
      gone.add(next)
    }
    return [...gone]
  }

  const remove = (key: string): void => {
    const resident = residents.get(key)
    if (resident === undefined) return
    residents.delete(key)
    items -= resident.items
    extra -= extraOf(resident.items)
    groups.leave(resident)
  }

  return {
    get: (key) => residents.get(key),
    plan,
    settle: (claim, now) => {
      const present = residents.get(claim.key)
      items += claim.items - (present?.items ?? 0)
      extra += extraOf(claim.items) - extraOf(present?.items ?? 0)
      earliest = Math.min(earliest, now)
      if (present === undefined) {
        const { key, source, items: count } = claim
        const resident = groups.join(
          { key, items: count, touched: now, saved: now, others: [], distance: null, verified: null },
          source,
        )
        residents.set(key, resident)
        return resident
      }
      groups.resize(present, claim.items)
      present.touched = now
      return present
    },
    touch: (resident, source, now) => {
      resident.touched = now
      earliest = Math.min(earliest, now)
      groups.credit(resident, source)
    },
    remove,
    expired,
    get identities() {
      return residents.size
    },
    get items() {
      return items
    },
  }
}
