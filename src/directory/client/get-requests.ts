import type { ClosestNode, DhtRequest, DirectoryNetwork } from '../network-port.ts'
import { COMMAND, encodeMessage, encodePaddedGet } from '../request-format.ts'
import type { Question } from './walk-runner.ts'

/** GET requests to single nodes. */

/** The one place that encodes GET. `from`: the place to read on from. The first is so long that its answer may be large without a token. */
export const encodeGet = (id: Uint8Array, from = 0): Uint8Array =>
  from === 0 ? encodePaddedGet({ id, from }) : encodeMessage({ id, from })

/** The question of a walk that is about one identity. */
export const askForIdentity = ({ request }: Pick<DirectoryNetwork, 'request'>, id: Uint8Array): Question => {
  const value = encodeGet(id)
  return (node, target, signal) => request(node, { target, command: COMMAND.get, value, signal })
}

/** A node that answered before, with the token it gave then; null when it gave none. */
export type KnownNode = { readonly node: ClosestNode['node']; readonly token: Uint8Array | null }

/** Once is enough: the token in a refusal is fresh. */
const TRIES = 2

/**
 * Asks a node that has answered before. Its round-trip token goes with each request, for it gives large answers to nobody else; when that has
 * expired meanwhile (7.5 to 15 s), the request is repeated with the one that came with the refusal.
 * @returns null when the node does not answer this
 */
export const askAgain = async (
  network: DirectoryNetwork,
  { node, token: first }: KnownNode,
  request: Omit<DhtRequest, 'token'>,
): Promise<Uint8Array | null> => {
  let token = first
  for (let tries = 0; tries < TRIES; tries++) {
    const answer = await network.request(node, { ...request, token: token ?? undefined })
    if (answer === null || answer.value !== null || answer.token === null) return answer?.value ?? null
    token = answer.token
  }
  return null
}

/** Asks a node for what it has of an identity from place `from` on. */
export const askForMore = (
  network: DirectoryNetwork,
  { from, id, ...known }: KnownNode & { readonly id: Uint8Array; readonly from: number },
  options: Pick<DhtRequest, 'signal' | 'target'>,
): Promise<Uint8Array | null> =>
  askAgain(network, known, { ...options, command: COMMAND.get, value: encodeGet(id, from) })
