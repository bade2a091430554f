import { RECORD_SOURCES_MAX } from '../../core/limits/record-limits.ts'
import { type EvictionGroup, extraOf, type Resident } from './resident.ts'

/** The identities of a storage node by the source network they are counted under: who joins, leaves, grows and moves. */
export type EvictionGroups = {
  /** the source whose identities are never evicted: this node's own */
  readonly own: string
  readonly bySource: Map<string, EvictionGroup>
}

export const createEvictionGroups = (own: string): EvictionGroups => ({ own, bySource: new Map() })

const groupOf = ({ bySource }: EvictionGroups, source: string): EvictionGroup => {
  const known = bySource.get(source)
  if (known !== undefined) return known
  const group: EvictionGroup = { source, members: new Set(), items: 0, extra: 0, farthest: {} }
  bySource.set(source, group)
  return group
}

const enter = (resident: Resident, group: EvictionGroup): void => {
  group.members.add(resident)
  group.items += resident.items
  group.extra += extraOf(resident.items)
  group.farthest = {}
}

export const joinGroup = (groups: EvictionGroups, newcomer: Omit<Resident, 'group'>, source: string): Resident => {
  const group = groupOf(groups, source)
  const resident: Resident = { ...newcomer, group }
  enter(resident, group)
  return resident
}

export const leaveGroup = ({ bySource }: EvictionGroups, resident: Resident): void => {
  const { group } = resident
  group.members.delete(resident)
  group.items -= resident.items
  group.extra -= extraOf(resident.items)
  if (Object.values(group.farthest).includes(resident)) group.farthest = {}
  if (group.members.size === 0) bySource.delete(group.source)
}

export const resizeResident = (resident: Resident, items: number): void => {
  const { group } = resident
  group.items += items - resident.items
  group.extra += extraOf(items) - extraOf(resident.items)
  group.farthest = { identities: group.farthest.identities }
  resident.items = items
}

const itemsIn = ({ bySource }: EvictionGroups, source: string): number => bySource.get(source)?.items ?? 0

/** Of too many networks the one that has most goes, and of equal ones the last: where a flood is to come from there may be little yet. */
const rememberSource = (groups: EvictionGroups, resident: Resident, source: string): void => {
  if (resident.others.includes(source)) return
  const others = [...resident.others, source]
  if (others.length > RECORD_SOURCES_MAX) {
    const counts = others.map((other) => itemsIn(groups, other))
    others.splice(counts.lastIndexOf(Math.max(...counts)), 1)
  }
  resident.others = others
}

/** Counts a resident under `source` from now on, and remembers where it was counted before. */
export const moveResident = (groups: EvictionGroups, resident: Resident, source: string): void => {
  const before = resident.group.source
  leaveGroup(groups, resident)
  resident.others = resident.others.filter((other) => other !== source)
  rememberSource(groups, resident, before)
  resident.group = groupOf(groups, source)
  enter(resident, resident.group)
}

/** Counts a resident under `source` from now on, if that has less, or is this node itself; otherwise remembers that it was there. */
export const creditSource = (groups: EvictionGroups, resident: Resident, source: string): void => {
  const { group } = resident
  if (group.source === source || group.source === groups.own) return
  if (source === groups.own || itemsIn(groups, source) + resident.items < group.items)
    moveResident(groups, resident, source)
  else rememberSource(groups, resident, source)
}
