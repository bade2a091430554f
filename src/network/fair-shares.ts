/** Which network has how much of what is kept, and what has to go when it is too much: of the network that has most, the oldest. */

/** One value of a cache, as it is counted. */
export type Share = {
  readonly key: string
  bytes: number
  group: Group
  /** networks that put it as well: it may be counted under these before it has to go */
  others: readonly string[]
}

/** What is counted under one network, in the order it was put. */
export type Group = { readonly source: string; readonly members: Set<Share>; bytes: number }

/** What there may be too much of. */
export type Load = 'entries' | 'bytes'

export type Shares = {
  readonly groups: ReadonlyMap<string, Group>
  /** The group of a network, which may be empty. */
  groupOf(source: string): Group
  /** Counts it under its group, as the newest there. */
  enter(share: Share): void
  leave(share: Share): void
  /** Remembers that it came from another network too. */
  remember(share: Share, source: string): void
  /** What has to go, of the network that has most; of equal ones the one that is putting. */
  next(short: Load, putting: Group): Share | undefined
  clear(): void
}

/** Other networks remembered of one value. */
const OTHERS_MAX = 4

const loadOf = (load: Load, group: Group | undefined): number =>
  (load === 'bytes' ? group?.bytes : group?.members.size) ?? 0

export const createShares = (): Shares => {
  const groups = new Map<string, Group>()
  const groupOf: Shares['groupOf'] = (source) => groups.get(source) ?? { source, members: new Set(), bytes: 0 }

  const leave: Shares['leave'] = (share) => {
    const { group } = share
    group.members.delete(share)
    group.bytes -= share.bytes
    if (group.members.size === 0) groups.delete(group.source)
  }

  const enter: Shares['enter'] = (share) => {
    const { group } = share
    group.members.add(share)
    group.bytes += share.bytes
    groups.set(group.source, group)
  }

  /** Another network that put it, and has less even with it. */
  const refugeOf = (share: Share, short: Load): string | undefined => {
    const weight = short === 'bytes' ? share.bytes : 1
    return share.others.find((other) => loadOf(short, groups.get(other)) + weight < loadOf(short, share.group))
  }

  const heaviest = (short: Load, putting: Group): Group => {
    let most = putting
    for (const group of groups.values()) if (loadOf(short, group) > loadOf(short, most)) most = group
    return most
  }

  return {
    groups,
    groupOf,
    enter,
    leave,
    remember: (share, source) => {
      if (source === share.group.source || share.others.includes(source)) return
      const others = [...share.others, source]
      if (others.length > OTHERS_MAX) {
        const loads = others.map((other) => loadOf('bytes', groups.get(other)))
        others.splice(loads.lastIndexOf(Math.max(...loads)), 1)
      }
      share.others = others
    },
    next: (short, putting) => {
      for (;;) {
        const [oldest] = heaviest(short, putting).members
        const refuge = oldest === undefined ? undefined : refugeOf(oldest, short)
        if (oldest === undefined || refuge === undefined) return oldest
        // Who repeats what is another's, and floods from there, must not push it out. Loads come closer with each move, so this ends.
        const before = oldest.group.source
        leave(oldest)
        oldest.others = oldest.others.map((other) => (other === refuge ? before : other))
        oldest.group = groupOf(refuge)
        enter(oldest)
      }
    },
    clear: () => groups.clear(),
  }
}
