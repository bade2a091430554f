import { hex } from '../../core/bytes.ts'
import { ITEMS_PER_IDENTITY, RECORD_SOURCES_MAX } from '../../core/limits.ts'
import { replicaTargets } from '../replicas.ts'
import type { Claim, Resident } from './eviction.ts'

/** The identities of a storage node by the source network they are counted under. */

/** What there may be too many of: identities, or entries and cards beyond those that each may have. */
export type Shortage = 'identities' | 'extra'

export const extraOf = (items: number): number => Math.max(0, items - ITEMS_PER_IDENTITY)

export type EvictionGroup = {
  readonly source: string
  readonly members: Set<Resident>
  /** entries and cards of all of them */
  items: number
  extra: number
  /** the member farthest from this node, of all and of those that have extra; undefined: not known at the moment */
  farthest: { readonly [S in Shortage]?: Resident | undefined }
}

type Claimant = Claim & { readonly present: Resident | undefined }

export type EvictionGroups = {
  join(newcomer: Omit<Resident, 'group'>, source: string): Resident
  leave(resident: Resident): void
  resize(resident: Resident, items: number): void
  /** Counts a resident under `source` from now on, if that has less, or is this node itself; otherwise remembers that it was there. */
  credit(resident: Resident, source: string): void
  /**
   * Who goes next, beside those who are `gone` already: of the network that has most of what is short, the one farthest from here.
   * null when that is the claimant itself. Who was published from another network that has less is counted under that instead of
   * going: repeating what is not one's own, and flooding from there, must not push it out.
   */
  choose(short: Shortage, claimant: Claimant, gone: ReadonlySet<Resident>): Resident | null
  readonly size: number
}

/** Bytes of a distance that are compared: 48 bits are exact in a number, and tell 20,000 identities apart. */
const DISTANCE_BYTES = 6

export const createEvictionGroups = ({
  self,
  own,
}: {
  readonly self: () => Uint8Array | null
  readonly own: string
}): EvictionGroups => {
  const groups = new Map<string, EvictionGroup>()
  let basis: string | null = null

  const groupOf = (source: string): EvictionGroup => {
    const known = groups.get(source)
    if (known !== undefined) return known
    const group: EvictionGroup = { source, members: new Set(), items: 0, extra: 0, farthest: {} }
    groups.set(source, group)
    return group
  }

  const enter = (resident: Resident, group: EvictionGroup): void => {
    group.members.add(resident)
    group.items += resident.items
    group.extra += extraOf(resident.items)
    group.farthest = {}
  }

  const leave = (resident: Resident): void => {
    const { group } = resident
    group.members.delete(resident)
    group.items -= resident.items
    group.extra -= extraOf(resident.items)
    if (Object.values(group.farthest).includes(resident)) group.farthest = {}
    if (group.members.size === 0) groups.delete(group.source)
  }

  /** Where this node is; when others see it elsewhere than before, all distances are others. */
  const place = (): Uint8Array => {
    const id = self() ?? new Uint8Array(DISTANCE_BYTES)
    const now = hex(id)
    if (basis !== null && basis !== now)
      for (const group of groups.values()) {
        group.farthest = {}
        for (const member of group.members) member.distance = null
      }
    basis = now
    return id
  }

  const distanceOf = (resident: Resident, from: Uint8Array): number => {
    resident.distance ??= nearest(resident.key, from)
    return resident.distance
  }

  const weigh = (short: Shortage, { items }: Pick<Resident, 'items'>): number =>
    short === 'extra' ? extraOf(items) : 1

  const loadOf = (short: Shortage, group: EvictionGroup | undefined): number =>
    (short === 'extra' ? group?.extra : group?.members.size) ?? 0

  const farthestOf = (
    group: EvictionGroup,
    short: Shortage,
    gone: ReadonlySet<Resident>,
    from: Uint8Array,
  ): Resident | undefined => {
    const known = group.farthest[short]
    if (known !== undefined && !gone.has(known)) return known
    const staying = [...group.members].filter((member) => !gone.has(member))
    const found = staying.reduce<Resident | undefined>((best, member) => {
      if (weigh(short, member) === 0) return best
      return best === undefined || distanceOf(member, from) > distanceOf(best, from) ? member : best
    }, undefined)
    // Those who are gone may yet stay.
    if (staying.length === group.members.size) group.farthest = { ...group.farthest, [short]: found }
    return found
  }

  const itemsIn = (source: string): number => groups.get(source)?.items ?? 0

  /** Of too many networks the one that has most goes, and of equal ones the last: where a flood is to come from there may be little yet. */
  const remember = (resident: Resident, source: string): void => {
    if (resident.others.includes(source)) return
    const others = [...resident.others, source]
    if (others.length > RECORD_SOURCES_MAX) {
      const most = Math.max(...others.map(itemsIn))
      const index = others.findLastIndex((other) => itemsIn(other) === most)
      others.splice(index, 1)
    }
    resident.others = others
  }

  const move = (resident: Resident, source: string): void => {
    const before = resident.group.source
    leave(resident)
    resident.others = resident.others.filter((other) => other !== source)
    remember(resident, before)
    resident.group = groupOf(source)
    enter(resident, resident.group)
  }

  /** Another network that published a resident, and has less than the one it is counted under even with it. */
  const refugeOf = (resident: Resident, short: Shortage): string | undefined => {
    const load = loadOf(short, resident.group)
    return resident.others.find((other) => loadOf(short, groups.get(other)) + weigh(short, resident) < load)
  }

  const choose: EvictionGroups['choose'] = (short, ...question) => {
    for (;;) {
      const victim = farthestOfMost(short, ...question)
      if (victim === null || refugeOf(victim, short) === undefined) return victim
      // All of that network at once: one by one, each would be looked for among all that are left. Loads come closer to each other with
      // each move, so this ends.
      for (const member of [...victim.group.members]) {
        const refuge = refugeOf(member, short)
        if (refuge !== undefined) move(member, refuge)
      }
    }
  }

  const farthestOfMost: EvictionGroups['choose'] = (short, { key, source, items, present }, gone) => {
    const from = place()
    const freed = new Map<EvictionGroup, number>()
    for (const resident of gone) freed.set(resident.group, (freed.get(resident.group) ?? 0) + weigh(short, resident))
    // What the claimant would add counts before it is there.
    const home = present?.group ?? groups.get(source)
    const more = weigh(short, { items }) - (present === undefined || short === 'identities' ? 0 : weigh(short, present))
    const isOwn = (home?.source ?? source) === own
    const loadWith = (group: EvictionGroup): number =>
      loadOf(short, group) - (freed.get(group) ?? 0) + (group === home ? more : 0)
    const homeLoad = home === undefined ? more : loadWith(home)
    let most = isOwn ? 0 : homeLoad
    let heaviest: EvictionGroup[] = []
    // A flood comes through here for each of its identities, and there may be as many groups as identities.
    for (const group of groups.values()) {
      const load = group.source === own ? -1 : loadWith(group)
      if (load > most) heaviest = []
      if (load >= most) heaviest.push(group)
      most = Math.max(most, load)
    }

    let victim: Resident | null = null
    let reach = !isOwn && homeLoad === most ? nearest(key, from) : -1
    for (const group of heaviest) {
      const farthest = farthestOf(group, short, gone, from)
      if (farthest === undefined || farthest === present || distanceOf(farthest, from) <= reach) continue
      victim = farthest
      reach = distanceOf(farthest, from)
    }
    return victim
  }

  return {
    join: (newcomer, source) => {
      const group = groupOf(source)
      const resident: Resident = { ...newcomer, group }
      enter(resident, group)
      return resident
    },
    leave,
    resize: (resident, items) => {
      const { group } = resident
      group.items += items - resident.items
      group.extra += extraOf(items) - extraOf(resident.items)
      group.farthest = { identities: group.farthest.identities }
      resident.items = items
    },
    credit: (resident, source) => {
      const { group } = resident
      if (group.source === source || group.source === own) return
      if (source === own || itemsIn(source) + resident.items < group.items) move(resident, source)
      else remember(resident, source)
    },
    choose,
    get size() {
      return groups.size
    },
  }
}

/** How far the nearest replica target of an identity is from the node `from`. */
const nearest = (key: string, from: Uint8Array): number =>
  Math.min(
    ...replicaTargets(Uint8Array.from(Buffer.from(key, 'hex'))).map((target) => {
      let distance = 0
      for (let index = 0; index < DISTANCE_BYTES; index++)
        distance = distance * 256 + ((target[index] ?? 0) ^ (from[index] ?? 0))
      return distance
    }),
  )
