import { REPLICA_NODES } from '../../core/limits/record-limits.ts'
import { densityRatio, sizeFrom } from '../density.ts'
import { DENSITY_DOUBT, DENSITY_PLACES, DENSITY_SUSPECT, REPLICA_NODES_WIDENED } from '../limits.ts'
import type { DirectoryNetwork } from '../network-port.ts'
import { replicaTargets } from '../replicas.ts'
import { COMMAND } from '../request-format.ts'
import { encodeGet } from './get-requests.ts'
import type { Effort } from './policies.ts'
import type { WalkState } from './walk.ts'
import { type Heard, runWalk, type WalkRunner } from './walk-runner.ts'

const TARGET_BYTES = 32

/** One replica target, and the way there. */
export type Place = WalkState & {
  readonly target: Uint8Array
  /** how many times denser its neighbourhood is than that of a random place; null when the network is too small to tell, or time ran out */
  readonly density: number | null
}

export type Searching = {
  readonly effort: Effort
  readonly signal: AbortSignal
  /** Whether to begin at random places, not where walks to these targets usually begin. */
  readonly detour?: boolean | undefined
  onAnswer(target: Uint8Array, heard: Heard): void
}

/**
 * Walks toward all three replica targets of an identity with GET, and toward a random place beside them: how dense the network is where nobody
 * had a reason to be. A target with far denser neighbours is walked on to the 60 closest, so as to reach
 * honest nodes behind those of an attacker.
 */
export const search = async (
  network: DirectoryNetwork,
  id: Uint8Array,
  { effort, signal, detour = false, onAnswer }: Searching,
): Promise<readonly Place[]> => {
  const value = encodeGet(id)
  const task = { command: COMMAND.get, value, effort, signal }
  let calibration: Promise<readonly Uint8Array[]> | undefined

  /** Needed only where there are more nodes than one place takes. */
  const onKnown = (known: number): void => {
    if (known <= REPLICA_NODES || effort.early) return
    calibration ??= measureElsewhere(network, task)
  }

  const walks = replicaTargets(id).map((target): [Uint8Array, WalkRunner] => [
    target,
    runWalk(network, {
      ...{ ...task, target, onKnown, from: detour ? network.random(id.length) : target },
      onAnswer: (heard) => onAnswer(target, heard),
    }),
  ])
  const first = await Promise.all(
    walks.map(async ([target, walk]) => ({ target, walk, state: await walk.until(REPLICA_NODES) })),
  )
  const elsewhere = (await calibration) ?? []
  return Promise.all(
    first.map(async ({ target, walk, state }): Promise<Place> => {
      const density = densityRatio(state.distances, elsewhere, REPLICA_NODES)
      if (density === null || density < DENSITY_SUSPECT) return { ...state, target, density }
      return { ...(await walk.until(REPLICA_NODES_WIDENED)), target, density }
    }),
  )
}

type Measuring = Omit<Parameters<typeof runWalk>[1], 'target' | 'onAnswer'>

/**
 * Distances of the nodes closest to a random place, which nobody could prepare for. Once in a hundred times it is in the midst of an
 * attacker's crowd: where it is denser than this node's own neighbourhood, up to two more are measured, and the emptiest of them counts.
 */
const measureElsewhere = async (network: DirectoryNetwork, task: Measuring): Promise<readonly Uint8Array[]> => {
  const measure = async (): Promise<readonly Uint8Array[]> => {
    const target = network.random(TARGET_BYTES)
    const { distances } = await runWalk(network, { ...task, target, onAnswer: () => {} }).until(REPLICA_NODES)
    return distances.slice(0, REPLICA_NODES)
  }
  let emptiest = await measure()
  for (let places = 1; places < DENSITY_PLACES && isDoubtful(emptiest, network.size()); places++) {
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
