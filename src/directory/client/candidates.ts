import { equal } from '../../core/bytes.ts'
import { compareDistances, distanceOf } from '../distance.ts'
import { sharedNetworkOf } from '../ip-networks.ts'
import { NETWORK_ASKED_MAX, WALK_NAMED_MAX, WALK_UNPROVEN, WALK_UNPROVEN_NEEDY } from '../limits.ts'
import { type ClosestNode, type DhtAnswer, type NodeAddress, nameOf } from '../network-port.ts'

/** The nodes one walk knows of: who named them, what became of them, and which of them count. Used by `walk.ts` alone. */

export type Candidate = {
  readonly node: NodeAddress
  readonly name: string
  readonly id: Uint8Array
  readonly distance: Uint8Array
  /** the one path that may ask it */
  readonly path: number
  /** the public /24 network it is in; null where networks do not count */
  readonly network: string | null
  /** who named it before it was asked; nobody, when this node knew it itself */
  readonly informants: Candidate[]
  /** `slow`: asked, and others are asked beside it */
  state: 'waiting' | 'asked' | 'slow' | 'failed' | 'answered'
  askedAt: number
  /** its token, when it showed itself to be a storage node at this address */
  token: Uint8Array | null
  /** of the nodes it named that were asked: those that have not answered, and those that have */
  unproven: number
  proven: number
}

/** A storage node that answered: the only kind that counts among the closest. */
type Storing = Candidate & { readonly token: Uint8Array }

export type Candidates = {
  readonly all: readonly Candidate[]
  get(node: NodeAddress): Candidate | undefined
  /** Takes in a node, unless it is known. */
  add(node: NodeAddress, path: number, informant: Candidate | null): void
  ask(candidate: Candidate, now: number): void
  accept(candidate: Candidate, answer: DhtAnswer): void
  /** Counts nodes that had no time to answer as not asked: the walk ended without them. */
  release(): void
  /** Storage nodes that answered, nearest first, of each public network the nearest `perNetwork`. */
  closest(): readonly ClosestNode[]
  /** Distances of the same nodes, of one path or of all. */
  distances(path?: number): readonly Uint8Array[]
  /** Whether a waiting node may be asked at all: its network has not had its share. */
  hasRoom(candidate: Candidate): boolean
  /** Whether somebody vouches for a waiting node who has not named too many that are silent. */
  isVouched(candidate: Candidate, needy: boolean): boolean
}

export type Setting = {
  readonly target: Uint8Array
  readonly perNetwork: number
  idOf(node: NodeAddress): Uint8Array
  /** whether a node at this address may be asked */
  isAskable(node: NodeAddress): boolean
}

export const createCandidates = ({ target, perNetwork, idOf, isAskable }: Setting): Candidates => {
  /** in the order of distance */
  const all: Candidate[] = []
  const byName = new Map<string, Candidate>()

  const insert = (candidate: Candidate): void => {
    byName.set(candidate.name, candidate)
    const place = all.findIndex((other) => compareDistances(candidate.distance, other.distance) < 0)
    all.splice(place < 0 ? all.length : place, 0, candidate)
  }

  const storing = (path?: number): readonly Storing[] => {
    const counts = new Map<string, number>()
    return all.filter((candidate): candidate is Storing => {
      if (candidate.state !== 'answered' || candidate.token === null) return false
      if (path !== undefined && candidate.path !== path) return false
      if (candidate.network === null) return true
      const count = (counts.get(candidate.network) ?? 0) + 1
      counts.set(candidate.network, count)
      return count <= perNetwork
    })
  }

  return {
    all,
    get: (node) => byName.get(nameOf(node)),
    add: (node, path, informant) => {
      const known = byName.get(nameOf(node))
      if (known === undefined && isAskable(node)) {
        const { host, port } = node
        const id = idOf(node)
        insert({
          ...{ node: { host, port }, name: nameOf(node), id, distance: distanceOf(id, target), path },
          network: sharedNetworkOf(node),
          informants: informant === null ? [] : [informant],
          ...{ state: 'waiting', askedAt: 0, token: null, unproven: 0, proven: 0 },
        })
      } else if (informant !== null && known?.state === 'waiting' && known.informants.length > 0) {
        // One more node vouches for it. A node we knew ourselves needs nobody to.
        if (known.informants.length < WALK_NAMED_MAX) known.informants.push(informant)
      }
    },
    ask: (candidate, now) => {
      candidate.state = 'asked'
      candidate.askedAt = now
      for (const informant of candidate.informants) informant.unproven += 1
    },
    accept: (candidate, { value, token, id }) => {
      candidate.state = 'answered'
      candidate.token = value !== null && id !== null && equal(id, candidate.id) ? token : null
      for (const informant of candidate.informants) {
        informant.unproven -= 1
        informant.proven += 1
      }
    },
    release: () => {
      for (const candidate of all) {
        if (candidate.state !== 'asked') continue
        candidate.state = 'waiting'
        for (const informant of candidate.informants) informant.unproven -= 1
      }
    },
    closest: () => storing().map(({ node, token }) => ({ node, token })),
    distances: (path) => storing(path).map(({ distance }) => distance),
    hasRoom: ({ network, distance }) => {
      if (network === null || perNetwork === Infinity) return true
      const neighbours = all.filter((other) => other.network === network && other.state !== 'waiting')
      const nearer = neighbours.filter(
        (other) => other.token !== null && compareDistances(other.distance, distance) < 0,
      )
      return neighbours.length < NETWORK_ASKED_MAX && nearer.length < perNetwork
    },
    isVouched: ({ informants }, needy) =>
      informants.length === 0 ||
      informants.some(({ unproven, proven }) => unproven < (needy ? WALK_UNPROVEN_NEEDY : WALK_UNPROVEN) + proven),
  }
}
