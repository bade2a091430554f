import { REPLICA_NODES } from '../../core/limits/record-limits.ts'
import { densityRatio, sizeFrom } from '../density.ts'
import { DENSITY_DOUBT, DENSITY_PLACES, DENSITY_SUSPECT, REPLICA_NODES_WIDENED } from '../limits.ts'
import type { Nodes } from '../network-port.ts'
import type { Effort } from './policies.ts'
import type { WalkState } from './walk.ts'
import { type Heard, type Question, runWalk } from './walk-runner.ts'

/** Walks toward places of the network, and how crowded each of them is beside a place where nobody had a reason to be. */

/** One place, and the way there. */
export type Place = WalkState & {
  readonly target: Uint8Array
  /** how many times denser its neighbourhood is than that of a random place; null when the network is too small to tell, or time ran out */
  readonly density: number | null
}

export type Surveying = {
  readonly effort: Effort
  readonly signal: AbortSignal
  /** Whether to begin at random places, not where walks to these targets usually begin. */
  readonly detour?: boolean | undefined
  /** What to ask on the way to a place that is only measured. */
  askElsewhere(target: Uint8Array): Question
}

export type Survey = {
  /** Walks toward a target. `signal` ends this walk before the others. */
  walk(walk: PlaceWalk): Going
}

export type PlaceWalk = {
  readonly target: Uint8Array
  readonly ask: Question
  readonly signal?: AbortSignal | undefined
  onAnswer(heard: Heard): void
}

/** A walk that is going. */
export type Going = {
  /** Its end, so far: the 20 closest that can be reached have answered. Never rejects. */
  readonly ended: Promise<WalkState>
  /** Measures the place, and walks on to the 60 closest when it is crowded, so as to reach honest nodes behind those of an attacker. */
  finish(): Promise<Place>
}

const TARGET_BYTES = 32

export const createSurvey = (nodes: Nodes, { effort, signal, detour = false, askElsewhere }: Surveying): Survey => {
  let calibration: Promise<readonly Uint8Array[]> | undefined

  /** Needed only where there are more nodes than one place takes. */
  const onKnown = (known: number): void => {
    if (known <= REPLICA_NODES || effort.early) return
    calibration ??= measureElsewhere(nodes, { effort, signal, askElsewhere })
  }

  return {
    walk: ({ target, ask, onAnswer, signal: own }) => {
      const walking = runWalk(nodes, {
        ...{ target, ask, effort, onKnown, onAnswer },
        signal: own === undefined ? signal : AbortSignal.any([signal, own]),
        from: detour ? nodes.random(target.length) : target,
      })
      const ended = walking.until(REPLICA_NODES)
      return {
        ended,
        finish: async () => {
          const state = await ended
          const density = densityRatio(state.distances, (await calibration) ?? [], REPLICA_NODES)
          if (density === null || density < DENSITY_SUSPECT) return { ...state, target, density }
          return { ...(await walking.until(REPLICA_NODES_WIDENED)), target, density }
        },
      }
    },
  }
}

/**
 * Distances of the nodes closest to a random place, which nobody could prepare for. Once in a hundred times it is in the midst of an
 * attacker's crowd: where it is denser than this node's own neighbourhood, up to two more are measured, and the emptiest of them counts.
 */
const measureElsewhere = async (
  nodes: Nodes,
  { effort, signal, askElsewhere }: Pick<Surveying, 'effort' | 'signal' | 'askElsewhere'>,
): Promise<readonly Uint8Array[]> => {
  const measure = async (): Promise<readonly Uint8Array[]> => {
    const target = nodes.random(TARGET_BYTES)
    const task = { effort, signal, target, ask: askElsewhere(target), onAnswer: () => {} }
    const { distances } = await runWalk(nodes, task).until(REPLICA_NODES)
    return distances.slice(0, REPLICA_NODES)
  }
  let emptiest = await measure()
  for (let places = 1; places < DENSITY_PLACES && isDoubtful(emptiest, nodes.size()); places++) {
    const other = await measure()
    if ((densityRatio(emptiest, other, REPLICA_NODES) ?? 0) > 1) emptiest = other
  }
  return emptiest
}

/** Whether a place is so dense that it may lie in a crowd. @param expected nodes of the network, as far as is known */
const isDoubtful = (distances: readonly Uint8Array[], expected: number | null): boolean => {
  const size = sizeFrom(distances)
  return size !== null && (expected === null || size >= DENSITY_DOUBT * expected)
}
