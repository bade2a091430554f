import { askableFrom } from '../ip-networks.ts'
import { NETWORK_NODES, WALK_NAMED_MAX } from '../limits.ts'
import type { ClosestNode, DhtAnswer, NodeAddress } from '../network-port.ts'
import { type Candidate, type Candidates, createCandidates } from './candidates.ts'
import { type Progress, pathsOf, planStep, type Step, type WalkSetting } from './walk-plan.ts'

/**
 * One walk toward a target as a state machine: what happened in, whom to ask next out. It knows no sockets, timers or promises.
 *
 *     a node that is   and                        is then
 *     waiting          is asked                   asked
 *     asked            takes long                 slow: others are asked beside it
 *     asked            the walk ends              waiting: nobody needs its answer
 *     asked or slow    answers                    answered
 *     asked or slow    does not                   failed
 *
 *     a walk that is   and                        is then
 *     going            has nobody to wait for     over
 *     over             is widened                 going
 *     either           is stopped, or late        over for good
 *
 * The walk is several disjoint ones (S/Kademlia, Baumgart and Mies 2007): what a path hears of stays with it, and no node is asked
 * twice, so that who sits on one path does not lead the others. The paths end together, when the storage nodes closest to
 * the target that can be reached have answered, and each path has heard its share.
 */

export type WalkEvent =
  /** Time has passed; also how a walk begins. */
  | { readonly type: 'tick' }
  | { readonly type: 'answer'; readonly node: NodeAddress; readonly answer: DhtAnswer }
  | { readonly type: 'silence'; readonly node: NodeAddress }
  /** Goes on until this many of the closest have answered. */
  | { readonly type: 'widen'; readonly closest: number }
  | { readonly type: 'stop' }

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
  const { target, seeds, paths, perNetwork = NETWORK_NODES, idOf } = setting
  const candidates = createCandidates({ target, perNetwork, idOf, isAskable: askableFrom(seeds) })
  for (const [index, seed] of seeds.entries()) candidates.add(seed, index % paths, null)
  const { closest: wanted } = setting
  const walk: Progress = { setting, candidates, times: [], wanted, asked: 0, stopped: false, over: false }
  return {
    next: (event, now) => {
      take(walk, event, now)
      return planStep(walk, now)
    },
    state: () => stateOf(walk),
  }
}

const take = (walk: Progress, event: WalkEvent, now: number): void => {
  switch (event.type) {
    case 'tick':
      return
    case 'stop':
      walk.stopped = true
      return
    case 'widen':
      walk.wanted = Math.max(walk.wanted, event.closest)
      walk.over = false
      return
    case 'answer':
    case 'silence': {
      const candidate = walk.candidates.get(event.node)
      if (candidate?.state !== 'asked' && candidate?.state !== 'slow') return
      if (event.type === 'silence') candidate.state = 'failed'
      else takeAnswer(walk, candidate, event.answer, now)
    }
  }
}

const takeAnswer = (
  { setting, candidates, times }: Progress,
  from: Candidate,
  answer: DhtAnswer,
  now: number,
): void => {
  times.push(now - from.askedAt)
  times.sort((a, b) => a - b)
  candidates.accept(from, answer)
  // What a node names stays with its path; but a path that has nobody is given a share.
  const barren = pathsOf(setting).filter((path) => isBarren(candidates, path))
  const takers = [from.path, ...barren]
  for (const [index, node] of answer.closer.slice(0, WALK_NAMED_MAX).entries())
    candidates.add(node, takers[index % takers.length] ?? from.path, from)
}

/** A path of which nobody has answered, or will. */
const isBarren = ({ all }: Candidates, path: number): boolean =>
  !all.some((candidate) => candidate.path === path && candidate.state !== 'failed' && candidate.state !== 'slow')

const stateOf = ({ setting, candidates, wanted, stopped }: Progress): WalkState => ({
  closest: candidates.closest().slice(0, wanted),
  distances: candidates.distances().slice(0, wanted),
  asked: candidates.all.filter(({ state }) => state !== 'waiting').map(({ name }) => name),
  paths: pathsOf(setting).map((path) =>
    candidates.all.filter((one) => one.path === path && one.state === 'answered').map(({ name }) => name),
  ),
  complete: !stopped,
})
