import { LOOKUP_MS } from '../../core/limits/connection-limits.ts'
import { REPLICA_NODES } from '../../core/limits/record-limits.ts'
import type { DhtAnswer, NodeAddress, Nodes } from '../network-port.ts'
import type { Effort } from './policies.ts'
import { createWalk, type Walk, type WalkEvent, type WalkState } from './walk.ts'
import type { Ask } from './walk-plan.ts'

/** Runs a walk: sends the requests that the state machine asks for, and tells it what came back. */

/** A node that answered, and what it said. */
export type Heard = {
  readonly node: NodeAddress
  readonly value: Uint8Array
  /** its round-trip token, which further requests to it show */
  readonly token: Uint8Array | null
}

/** What a walk asks each node: what it has, and which nodes near `aim` it knows. null when it does not answer. */
export type Question = (node: NodeAddress, aim: Uint8Array, signal: AbortSignal) => Promise<DhtAnswer | null>

export type WalkTask = {
  readonly target: Uint8Array
  readonly ask: Question
  readonly effort: Pick<Effort, 'paths' | 'patience' | 'thorough'>
  /** aborts at the deadline, or when enough was heard */
  readonly signal: AbortSignal
  /** a place near which the walk begins; default: the target itself, as near as this node's table goes */
  readonly from?: Uint8Array | undefined
  onAnswer(heard: Heard): void
  /** Told as it goes on how many nodes the walk has heard of. */
  onKnown?(known: number): void
}

export type WalkRunner = {
  /** Resolves when as many of the closest as can be reached have answered, or the signal aborts. May be called again for more. */
  until(closest: number): Promise<WalkState>
}

export const runWalk = (nodes: Nodes, task: WalkTask): WalkRunner => {
  const { target, effort, signal, from = target } = task
  const { clock, perNetwork } = nodes
  let walk: Promise<Walk> | undefined

  const begin = async (): Promise<Walk> => {
    const seeds = signal.aborted ? [] : await nodes.seeds(from)
    const [size, salt] = [nodes.size(), nodes.random(target.length)]
    const setting = { ...effort, target, seeds, perNetwork, size, salt, idOf: nodes.idOf }
    return createWalk({ ...setting, closest: REPLICA_NODES, until: clock.now() + LOOKUP_MS })
  }

  return {
    until: async (closest) => {
      walk ??= begin()
      return walkUntil(nodes, task, await walk, closest)
    },
  }
}

const walkUntil = async (
  { clock }: Nodes,
  { ask, signal, onAnswer, onKnown }: WalkTask,
  walk: Walk,
  closest: number,
): Promise<WalkState> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  // Nobody waits for answers any more once the walk is over.
  const over = new AbortController()
  const asking = AbortSignal.any([signal, over.signal])
  const sending: Promise<void>[] = []
  let callOff = (): void => {}

  const send = async ({ node, target }: Ask): Promise<void> => {
    const answer = await ask(node, target, asking)
    // The caller first: a walk must not end before its last answer was handed on.
    const { value: said, token } = answer ?? { value: null, token: null }
    if (said !== null && !over.signal.aborted) onAnswer({ node, value: said, token })
    take(answer === null ? { type: 'silence', node } : { type: 'answer', node, answer })
  }
  const take = (event: WalkEvent): void => {
    const { asks, done, known, wake } = walk.next(event, clock.now())
    callOff()
    onKnown?.(known)
    if (done) {
      over.abort()
      resolve()
      return
    }
    callOff = clock.after(Math.max(0, wake - clock.now()), () => take({ type: 'tick' }))
    for (const ask of asks) {
      const sent = send(ask)
      sent.catch(reject)
      sending.push(sent)
    }
  }
  const stop = (): void => take({ type: 'stop' })

  signal.addEventListener('abort', stop, { once: true })
  try {
    take(signal.aborted ? { type: 'stop' } : { type: 'widen', closest })
    await promise
    // Requests that were given up count as silence before the walk may go on.
    await Promise.all(sending)
    return walk.state()
  } finally {
    signal.removeEventListener('abort', stop)
    callOff()
    over.abort()
  }
}
