import { compareDistances, distanceOf, splice } from '../distance.ts'
import {
  SLOW_FACTOR,
  SLOW_FIRST_MS,
  SLOW_MAX_MS,
  SLOW_MIN_MS,
  WALK_ASKED_MAX,
  WALK_CONCURRENCY,
  WALK_QUOTA,
} from '../limits.ts'
import type { NodeAddress } from '../network-port.ts'
import type { Candidate, Candidates } from './candidates.ts'

/** Whom a walk asks next, for what, and how long it waits. Used by `walk.ts` alone. */

export type WalkSetting = {
  readonly target: Uint8Array
  /** nodes to begin with */
  readonly seeds: readonly NodeAddress[]
  readonly paths: number
  /** how many of the closest are to answer */
  readonly closest: number
  /** milliseconds a node is waited for while fewer than that have answered, and always if `thorough` */
  readonly patience: number
  readonly thorough: boolean
  /** when the walk ends in any case */
  readonly until: number
  readonly perNetwork?: number
  /** how many nodes the network has, roughly; null when nobody knows */
  readonly size: number | null
  /** 32 random bytes: nobody is to know where around the target the walk looks */
  readonly salt: Uint8Array
  idOf(node: NodeAddress): Uint8Array
}

/** How far a walk is. */
export type Progress = {
  readonly setting: WalkSetting
  readonly candidates: Candidates
  /** milliseconds that answers took, in order */
  readonly times: number[]
  /** how many of the closest are to answer */
  wanted: number
  /** how many nodes were asked */
  asked: number
  stopped: boolean
  over: boolean
}

export type Ask = {
  readonly node: NodeAddress
  readonly path: number
  /** what the answer is to name nodes close to */
  readonly target: Uint8Array
}

export type Step = {
  readonly asks: readonly Ask[]
  /** the walk is over, unless it is widened */
  readonly done: boolean
  /** nodes heard of so far, asked or not */
  readonly known: number
  /** without another event, the time at which something changes: give it a tick then */
  readonly wake: number
}

export const pathsOf = ({ paths }: WalkSetting): readonly number[] => Array.from({ length: paths }, (_, path) => path)

const slowAfter = ({ times }: Progress): number => {
  const median = times[times.length >> 1]
  if (median === undefined) return SLOW_FIRST_MS
  return Math.min(SLOW_MAX_MS, Math.max(SLOW_MIN_MS, SLOW_FACTOR * median))
}

/** What there is to do now. */
export const planStep = (walk: Progress, now: number): Step => {
  const { setting, candidates } = walk
  const { until } = setting
  const slow = slowAfter(walk)
  for (const candidate of candidates.all)
    if (candidate.state === 'asked' && now >= candidate.askedAt + slow) candidate.state = 'slow'
  if (!walk.over && now >= until) walk.stopped = true
  walk.over ||= walk.stopped
  if (walk.over) return { asks: [], done: true, known: candidates.all.length, wake: until }

  const isWanted = wantedBy(walk)
  const asks = askMore(walk, isWanted, now)
  const { waits, slows } = pendingOf(walk, isWanted, slow, now)
  walk.over = waits.length === 0
  if (walk.over) candidates.release()
  return { asks, done: walk.over, known: candidates.all.length, wake: Math.min(until, ...waits, ...slows) }
}

/** Whether a node is near enough to be asked; `needy` when its path has too few answers to tell. */
type Wanted = (candidate: Candidate) => { readonly near: boolean; readonly needy: boolean }

/** Beyond the last of the closest that are wanted, and of those that its own path is to reach, nobody needs to be asked. */
const wantedBy = ({ setting, candidates, wanted }: Progress): Wanted => {
  const overall = candidates.distances()[wanted - 1] ?? null
  const bars = pathsOf(setting).map((path) => {
    const own = candidates.distances(path)[WALK_QUOTA - 1] ?? null
    if (overall === null || own === null) return null
    return compareDistances(overall, own) > 0 ? overall : own
  })
  return ({ path, distance }) => {
    const bar = bars[path] ?? null
    return { near: bar === null || compareDistances(distance, bar) < 0, needy: bar === null }
  }
}

/** Asks as many nodes as may be asked at once, the nearest first. */
const askMore = (walk: Progress, isWanted: Wanted, now: number): readonly Ask[] => {
  const { setting, candidates } = walk
  const busy = pathsOf(setting).map(
    (path) => candidates.all.filter((one) => one.path === path && one.state === 'asked' && isWanted(one).near).length,
  )
  const asks: Ask[] = []
  const offer = (needy: boolean, limit: number): void => {
    for (const candidate of candidates.all) {
      const count = busy[candidate.path] ?? 0
      if (candidate.state !== 'waiting' || count >= limit || walk.asked >= WALK_ASKED_MAX) continue
      const wanted = isWanted(candidate)
      if (!wanted.near || (needy && !wanted.needy)) continue
      if (!candidates.isVouched(candidate, needy) || !candidates.hasRoom(candidate)) continue
      candidates.ask(candidate, now)
      walk.asked += 1
      busy[candidate.path] = count + 1
      asks.push({ node: candidate.node, path: candidate.path, target: aimOf(walk, candidate) })
    }
  }
  offer(false, WALK_CONCURRENCY)
  // A path that has too few answers and nobody else to ask takes whom a doubtful node named, one at a time.
  offer(true, 1)
  return asks
}

/**
 * What a node is asked for: by the first path nodes close to the target itself, by the others close to some place in the part
 * of the space that holds as many nodes as are wanted, so that a crowd at the target does not hide its other neighbours.
 */
const aimOf = ({ setting, wanted, asked }: Progress, { path, id }: Candidate): Uint8Array => {
  const { target, size, salt } = setting
  // Another place each time: an attacker's ids are all alike.
  const depth = size === null || path === 0 ? 0 : Math.floor(Math.log2(size / wanted))
  return depth < 1 ? target : splice(target, distanceOf(id, turned(salt, asked)), depth)
}

const turned = (bytes: Uint8Array, by: number): Uint8Array =>
  bytes.map((_, index) => bytes[(index + by) % bytes.length] ?? 0)

/** When the nodes that are waited for are given up, and when those that were asked count as slow. */
const pendingOf = (
  { setting, candidates, wanted }: Progress,
  isWanted: Wanted,
  slow: number,
  now: number,
): { readonly waits: readonly number[]; readonly slows: readonly number[] } => {
  const full = candidates.distances().length >= wanted
  const patience = setting.thorough || !full ? Math.max(setting.patience, slow) : slow
  const waits = candidates.all
    .filter((candidate) => (candidate.state === 'asked' || candidate.state === 'slow') && isWanted(candidate).near)
    .map(({ askedAt }) => askedAt + patience)
    .filter((end) => end > now)
  const slows = candidates.all.filter(({ state }) => state === 'asked').map(({ askedAt }) => askedAt + slow)
  return { waits, slows }
}
