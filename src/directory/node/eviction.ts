import { DirectoryError } from '../../core/errors.ts'
import { ITEMS_PER_IDENTITY, RECORD_AGE_MAX } from '../../core/limits/record-limits.ts'
import { chooseVictim, type Position } from './eviction-choice.ts'
import { createEvictionGroups, creditSource, joinGroup, leaveGroup, resizeResident } from './eviction-groups.ts'
import { type Claim, extraOf, type Resident, type Shortage } from './resident.ts'

/**
 * Which identities a full storage node gives up. Every identity is counted under the source network it was published from. The network
 * that has most gives up the identity that lies farthest from this node: a flood from a few networks evicts what came from those
 * networks, and a flood from many networks what other nodes are nearer to.
 */
export type Eviction = {
  get(key: string): Resident | undefined
  /**
   * Who has to go so that `claim` fits. Nobody comes or goes yet, but some may be counted under other networks afterwards.
   * @throws DirectoryError ERR_PUT_FULL when it would be the claimant
   */
  plan(claim: Claim, past: number): readonly Resident[]
  /** Counts an identity that was stored: a new one, or one that has grown. */
  settle(claim: Claim, now: number): Resident
  /** Counts a repeated publication: the identity is counted under the network that has less, and the other is remembered. */
  touch(resident: Resident, source: string, now: number): void
  remove(key: string): void
  /** Identities whose last publication is too long ago. */
  expired(past: number): readonly Resident[]
  readonly identities: number
  readonly items: number
}

export type EvictionOptions = {
  /** identities; and four times as many entries and cards beyond the four that each may have */
  readonly capacity: number
  /** this node's id, 32 bytes; null while it has none */
  readonly self: () => Uint8Array | null
  /** the source whose identities are never evicted: this node's own */
  readonly own: string
  /** told how many networks were looked at to find who has to go */
  readonly onSearch?: (networks: number) => void
}

export const createEviction = ({ capacity, self, own, onSearch }: EvictionOptions): Eviction => {
  const residents = new Map<string, Resident>()
  const groups = createEvictionGroups(own)
  const position: Position = { self, basis: null }
  let items = 0
  let extra = 0

  /** Nobody was published last before this: a full node is not searched for who has expired when that can be nobody. */
  let earliest = Number.POSITIVE_INFINITY

  const expired = (past: number): readonly Resident[] => {
    if (earliest + RECORD_AGE_MAX >= past) return []
    const all = [...residents.values()]
    earliest = all.reduce((min, { touched }) => Math.min(min, touched), Number.POSITIVE_INFINITY)
    return all.filter(({ touched }) => touched + RECORD_AGE_MAX < past)
  }

  const plan: Eviction['plan'] = (claim, past) => {
    const present = residents.get(claim.key)
    const more = extraOf(claim.items) - extraOf(present?.items ?? 0)
    // An identity grows by one at a time: as long as only what is beyond four of each counts, few have to go for that.
    const tooMany = (gone: ReadonlySet<Resident>): Shortage | null => {
      if (present === undefined && residents.size - gone.size >= capacity) return 'identities'
      const freed = [...gone].reduce((sum, one) => sum + extraOf(one.items), 0)
      return more > 0 && extra - freed + more > capacity * ITEMS_PER_IDENTITY ? 'extra' : null
    }
    if (tooMany(new Set()) === null) return []
    onSearch?.(groups.bySource.size)
    const gone = new Set(expired(past).filter((one) => one !== present))
    for (let short = tooMany(gone); short !== null; short = tooMany(gone)) {
      const next = chooseVictim(groups, position, short, { ...claim, present }, gone)
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
    leaveGroup(groups, resident)
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
        const resident = joinGroup(
          groups,
          { key, items: count, touched: now, saved: now, others: [], distance: null, verified: null },
          source,
        )
        residents.set(key, resident)
        return resident
      }
      resizeResident(present, claim.items)
      present.touched = now
      return present
    },
    touch: (resident, source, now) => {
      resident.touched = now
      earliest = Math.min(earliest, now)
      creditSource(groups, resident, source)
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
