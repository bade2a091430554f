import type { DirectoryNetwork } from '../network-port.ts'
import { replicaTargets } from '../replicas.ts'
import { askForIdentity } from './get-requests.ts'
import { createSurvey, type Place, type Surveying } from './places.ts'
import type { Heard } from './walk-runner.ts'

export type Searching = Omit<Surveying, 'askElsewhere'> & {
  onAnswer(target: Uint8Array, heard: Heard): void
}

/**
 * Walks toward all three replica targets of an identity with GET, and toward a random place beside them: how dense the network is where nobody
 * had a reason to be.
 */
export const search = async (
  network: DirectoryNetwork,
  id: Uint8Array,
  { onAnswer, ...surveying }: Searching,
): Promise<readonly Place[]> => {
  const ask = askForIdentity(network, id)
  const { walk } = createSurvey(network, { ...surveying, askElsewhere: () => ask })
  const walks = replicaTargets(id).map((target) => walk({ target, ask, onAnswer: (heard) => onAnswer(target, heard) }))
  await Promise.all(walks.map(({ ended }) => ended))
  return Promise.all(walks.map(({ finish }) => finish()))
}
