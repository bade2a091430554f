import { hex } from '../../core/bytes.ts'
import { replicaTargets } from '../replicas.ts'
import { type EvictionGroups, moveResident } from './eviction-groups.ts'
import { type Claim, type EvictionGroup, loadOf, type Resident, type Shortage, weightOf } from './resident.ts'

/** Who has to go next when something is short: of the network that has most of it, the identity farthest from this node. */

/** Where this node is, and from where the distances of all residents were measured. */
export type Position = {
  /** this node's ids, 32 bytes each, one after the other: one for each of its ports; null while it has none */
  readonly self: () => Uint8Array | null
  /** the id in hex that the distances are of; null before the first was measured */
  basis: string | null
}

export type Claimant = Claim & { readonly present: Resident | undefined }

/** Bytes of a distance that are compared: 48 bits are exact in a number, and tell 20,000 identities apart. */
const DISTANCE_BYTES = 6

const ID_BYTES = 32

/** How far the nearest replica target of an identity is from the nearest of the node's ids, which are one after the other in `from`. */
const nearest = (key: string, from: Uint8Array): number => {
  let least = Number.POSITIVE_INFINITY
  for (const target of replicaTargets(Uint8Array.from(Buffer.from(key, 'hex'))))
    for (let id = 0; id < from.length; id += ID_BYTES) {
      let distance = 0
      for (let index = 0; index < DISTANCE_BYTES; index++)
        distance = distance * 256 + ((target[index] ?? 0) ^ (from[id + index] ?? 0))
      least = Math.min(least, distance)
    }
  return least
}

const distanceOf = (resident: Resident, from: Uint8Array): number => {
  resident.distance ??= nearest(resident.key, from)
  return resident.distance
}

/** Where this node is; when others see it elsewhere than before, all distances are others. */
const locate = (position: Position, groups: EvictionGroups): Uint8Array => {
  const id = position.self() ?? new Uint8Array(DISTANCE_BYTES)
  const now = hex(id)
  if (position.basis !== null && position.basis !== now)
    for (const group of groups.bySource.values()) {
      group.farthest = {}
      for (const member of group.members) member.distance = null
    }
  position.basis = now
  return id
}

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
    if (weightOf(short, member) === 0) return best
    return best === undefined || distanceOf(member, from) > distanceOf(best, from) ? member : best
  }, undefined)
  // Not remembered while some are left out: a plan may be given up, and they stay.
  if (staying.length === group.members.size) group.farthest = { ...group.farthest, [short]: found }
  return found
}

/** Of the networks that have most of what is short, the claimant's among them with what it would add, the farthest identity. */
const farthestOfMost = (
  groups: EvictionGroups,
  from: Uint8Array,
  short: Shortage,
  { key, source, items, present }: Claimant,
  gone: ReadonlySet<Resident>,
): Resident | null => {
  const freed = new Map<EvictionGroup, number>()
  for (const resident of gone) freed.set(resident.group, (freed.get(resident.group) ?? 0) + weightOf(short, resident))
  const home = present?.group ?? groups.bySource.get(source)
  const more =
    weightOf(short, { items }) - (present === undefined || short === 'identities' ? 0 : weightOf(short, present))
  const isOwn = (home?.source ?? source) === groups.own
  const loadWith = (group: EvictionGroup): number =>
    loadOf(short, group) - (freed.get(group) ?? 0) + (group === home ? more : 0)
  const homeLoad = home === undefined ? more : loadWith(home)
  let most = isOwn ? 0 : homeLoad
  let heaviest: EvictionGroup[] = []
  // A flood comes through here for each of its identities, and there may be as many groups as identities.
  for (const group of groups.bySource.values()) {
    const load = group.source === groups.own ? -1 : loadWith(group)
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

/** Another network that published a resident, and has less than the one it is counted under even with it. */
const refugeOf = ({ bySource }: EvictionGroups, resident: Resident, short: Shortage): string | undefined => {
  const load = loadOf(short, resident.group)
  return resident.others.find((other) => loadOf(short, bySource.get(other)) + weightOf(short, resident) < load)
}

/**
 * Who goes next, beside those who are `gone` already; null when that is the claimant itself. Who was published from another network
 * that has less is counted under that instead of going: repeating what is not one's own, and flooding from there, must not push it out.
 */
export const chooseVictim = (
  groups: EvictionGroups,
  position: Position,
  short: Shortage,
  claimant: Claimant,
  gone: ReadonlySet<Resident>,
): Resident | null => {
  const from = locate(position, groups)
  for (;;) {
    const victim = farthestOfMost(groups, from, short, claimant, gone)
    if (victim === null || refugeOf(groups, victim, short) === undefined) return victim
    // All of that network at once: one by one, each would be looked for among all that are left. Loads come closer to each other with
    // each move, so this ends.
    for (const member of [...victim.group.members]) {
      const refuge = refugeOf(groups, member, short)
      if (refuge !== undefined) moveResident(groups, member, refuge)
    }
  }
}
