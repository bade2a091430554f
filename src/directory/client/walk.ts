import { compareDistances, distanceOf, splice } from '../distance.ts'
import { askableFrom } from '../ip-networks.ts'
import {
  NETWORK_NODES,
  SLOW_FACTOR,
  SLOW_FIRST_MS,
  SLOW_MAX_MS,
  SLOW_MIN_MS,
  WALK_ASKED_MAX,
  WALK_CONCURRENCY,
  WALK_NAMED_MAX,
  WALK_QUOTA,
} from '../limits.ts'
import type { ClosestNode, DhtAnswer, NodeAddress } from '../network-port.ts'
import { type Candidate, createCandidates } from './candidates.ts'

/**
 * One walk toward a target as a state machine: what happened in, whom to ask next out. It knows no sockets, timers or promises.
 *
 * The walk is several disjoint ones (S/Kademlia, Baumgart and Mies 2007): what a path hears of stays with it, and no node is asked
 * twice, so that who sits on one path does not lead the others. The paths end together, when the storage nodes closest to
 * the target that can be reached have answered, and each path has heard its share.
 */

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

export type WalkEvent =
  /** Time has passed; also how a walk begins. */
  | { readonly type: 'tick' }
  | { readonly type: 'answer'; readonly node: NodeAddress; readonly answer: DhtAnswer }
  | { readonly type: 'silence'; readonly node: NodeAddress }
  /** Goes on until this many of the closest have answered. */
  | { readonly type: 'widen'; readonly closest: number }
  | { readonly type: 'stop' }

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

export type WalkState = {
  /** storage nodes that answered, nearest first, as many as were wanted */
  readonly closest: readonly ClosestNode[]
  /** their distances */
  readonly distances: readonly Uint8Array[]
  /** names of the nodes that were asked, but for those nobody waited for in the end */
  readonly asked: readonly string[]
  /** the nodes of each path that answered, by name */
  readonly paths: readonly (readonly string[])[]
  /** whether it ended by itself */
  readonly complete: boolean
}

export type Walk = {
  next(event: WalkEvent, now: number): Step
  state(): WalkState
}

export const createWalk = (setting: WalkSetting): Walk => {
  const { target, seeds, paths, patience, thorough, until, perNetwork = NETWORK_NODES, size, salt, idOf } = setting
  const isAskable = askableFrom(seeds)
  const candidates = createCandidates({ target, perNetwork, idOf, isAskable })
  const times: number[] = []
  let { closest: wanted } = setting
  let asked = 0
  let stopped = false
  let over = false
  for (const [index, seed] of seeds.entries()) candidates.add(seed, index % paths, null)

  const slowAfter = (): number => {
    const median = times[times.length >> 1]
    if (median === undefined) return SLOW_FIRST_MS
    return Math.min(SLOW_MAX_MS, Math.max(SLOW_MIN_MS, SLOW_FACTOR * median))
  }

  /** A path of which nobody has answered, or will. */
  const isBarren = (path: number): boolean =>
    !candidates.all.some(
      (candidate) => candidate.path === path && candidate.state !== 'failed' && candidate.state !== 'slow',
    )

  /** What a node names stays with its path; but a path that has nobody is given a share. */
  const takeNamed = (informant: Candidate, { closer }: DhtAnswer): void => {
    const named = closer.slice(0, WALK_NAMED_MAX)
    const others = Array.from({ length: paths }, (_, path) => path).filter(isBarren)
    const takers = [informant.path, ...others]
    for (const [index, node] of named.entries())
      candidates.add(node, takers[index % takers.length] ?? informant.path, informant)
  }

  const take = (event: WalkEvent, now: number): void => {
    if (event.type === 'stop') stopped = true
    if (event.type === 'widen') {
      wanted = Math.max(wanted, event.closest)
      over = false
    }
    if (event.type !== 'answer' && event.type !== 'silence') return
    const candidate = candidates.get(event.node)
    if (candidate?.state !== 'asked' && candidate?.state !== 'slow') return
    if (event.type === 'silence') {
      candidate.state = 'failed'
      return
    }
    times.push(now - candidate.askedAt)
    times.sort((a, b) => a - b)
    candidates.accept(candidate, event.answer)
    takeNamed(candidate, event.answer)
  }

  /** The distance beyond which nobody needs to be asked by a path; null while there are too few answers for one. */
  const bars = (): ((path: number) => { readonly bar: Uint8Array | null; readonly needy: boolean }) => {
    const overall = candidates.distances()[wanted - 1] ?? null
    const each = Array.from({ length: paths }, (_, path) => candidates.distances(path)[WALK_QUOTA - 1] ?? null)
    return (path) => {
      const own = each[path] ?? null
      if (overall === null || own === null) return { bar: null, needy: true }
      return { bar: compareDistances(overall, own) > 0 ? overall : own, needy: false }
    }
  }

  /**
   * What a node is asked for: by the first path nodes close to the target itself, by the others close to some place in the part
   * of the space that holds as many nodes as are wanted, so that a crowd at the target does not hide its other neighbours.
   */
  const aimOf = ({ path, id }: Candidate): Uint8Array => {
    // Another place each time: an attacker's ids are all alike.
    const depth = size === null || path === 0 ? 0 : Math.floor(Math.log2(size / wanted))
    return depth < 1 ? target : splice(target, distanceOf(id, turned(salt, asked)), depth)
  }

  const next: Walk['next'] = (event, now) => {
    take(event, now)
    const slow = slowAfter()
    for (const candidate of candidates.all)
      if (candidate.state === 'asked' && now >= candidate.askedAt + slow) candidate.state = 'slow'
    if (!over && now >= until) stopped = true
    over ||= stopped
    if (over) return { asks: [], done: true, known: candidates.all.length, wake: until }

    const barOf = bars()
    const isWanted = ({ path, distance }: Candidate): boolean => {
      const { bar } = barOf(path)
      return bar === null || compareDistances(distance, bar) < 0
    }
    const asks: Ask[] = []
    const ask = (candidate: Candidate): void => {
      candidates.ask(candidate, now)
      asked += 1
      asks.push({ node: candidate.node, path: candidate.path, target: aimOf(candidate) })
    }
    const busy = Array.from({ length: paths }, () => 0)
    for (const candidate of candidates.all)
      if (candidate.state === 'asked' && isWanted(candidate)) busy[candidate.path] = (busy[candidate.path] ?? 0) + 1
    const offer = (needy: boolean, limit: number): void => {
      for (const candidate of candidates.all) {
        const { path, state } = candidate
        const count = busy[path] ?? 0
        if (state !== 'waiting' || count >= limit || asked >= WALK_ASKED_MAX || (needy && !barOf(path).needy)) continue
        if (!isWanted(candidate) || !candidates.isVouched(candidate, needy) || !candidates.hasRoom(candidate)) continue
        ask(candidate)
        busy[path] = count + 1
      }
    }
    offer(false, WALK_CONCURRENCY)
    // A path that has too few answers and nobody else to ask takes whom a doubtful node named, one at a time.
    offer(true, 1)

    // Nodes that are waited for, and until when.
    const full = candidates.distances().length >= wanted
    const patient = thorough || !full ? Math.max(patience, slow) : slow
    const waits = candidates.all
      .filter((candidate) => (candidate.state === 'asked' || candidate.state === 'slow') && isWanted(candidate))
      .map(({ askedAt }) => askedAt + patient)
      .filter((end) => end > now)
    const slows = candidates.all.filter(({ state }) => state === 'asked').map(({ askedAt }) => askedAt + slow)
    over = waits.length === 0
    if (over) candidates.release()
    return { asks, done: over, known: candidates.all.length, wake: Math.min(until, ...waits, ...slows) }
  }

  return {
    next,
    state: () => ({
      closest: candidates.closest().slice(0, wanted),
      distances: candidates.distances().slice(0, wanted),
      asked: candidates.all.filter(({ state }) => state !== 'waiting').map(({ name }) => name),
      paths: Array.from({ length: paths }, (_, path) =>
        candidates.all.filter((one) => one.path === path && one.state === 'answered').map(({ name }) => name),
      ),
      complete: !stopped,
    }),
  }
}

const turned = (bytes: Uint8Array, by: number): Uint8Array =>
  bytes.map((_, index) => bytes[(index + by) % bytes.length] ?? 0)
