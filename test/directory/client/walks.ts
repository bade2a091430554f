import { EFFORT } from '../../../src/directory/client/policies.ts'
import type { WalkState } from '../../../src/directory/client/walk.ts'
import { type Heard, runWalk } from '../../../src/directory/client/walk-runner.ts'
import type { DirectoryNetwork } from '../../../src/directory/network-port.ts'
import { COMMAND } from '../../../src/directory/request-format.ts'

/** Walks of tests. */

export type Seen = WalkState & { readonly heard: readonly Heard[] }

/** Walks to the 20 nodes closest to a target, asking each with GET. */
export const walkTo = async (
  network: DirectoryNetwork,
  target: Uint8Array,
  value: Uint8Array,
  signal: AbortSignal = new AbortController().signal,
  onAnswer: () => void = () => {},
): Promise<Seen> => {
  const heard: Heard[] = []
  const walking = runWalk(network, {
    ...{ target, effort: EFFORT.fresh, signal },
    ask: (node, aim, asking) => network.request(node, { target: aim, command: COMMAND.get, value, signal: asking }),
    onAnswer: (one) => {
      heard.push(one)
      onAnswer()
    },
  })
  return { ...(await walking.until(20)), heard }
}
