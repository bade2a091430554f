import { replicaTargets } from '../../src/directory/replicas.ts'
import type { Person } from '../people.ts'
import { type Address, nameOf } from '../world/network.ts'
import { nodeId } from '../world/wire.ts'
import type { Member } from '../world/world.ts'
import { type Attack, nearest, type Plot } from './attack.ts'
import { stale } from './stale.ts'

/**
 * A node's place is the hash of its address and port, so places near a key can be had by trying ports. The nodes join like
 * everybody before they attack.
 */

const PORTS = Array.from({ length: 64_000 }, (_, index) => 1024 + index)

/** Port grinding: `count` nodes on one address around each target of the key. */
export const surroundFromOneHost = async (plot: Plot, { id }: Person, count: number): Promise<readonly Member[]> => {
  const host = plot.world.newHost()
  const candidates = PORTS.map((port) => ({ host, port }))
  const places = replicaTargets(id).flatMap((target) => nearest(target, candidates, nodeId, count))
  return occupy(plot, places, stale)
}

/**
 * Sybils: `count` machines in as many networks around each target of the key, each on the port that brings it nearest. What `conduct` has
 * them do, they do with one another.
 */
export const surroundFromManyHosts = (
  plot: Plot,
  { id }: Person,
  count: number,
  conduct: Attack,
): Promise<readonly Member[]> => surroundTargets(plot, replicaTargets(id), count, conduct)

/** The same around places that somebody chose. */
export const surroundTargets = async (
  plot: Plot,
  targets: readonly Uint8Array[],
  count: number,
  conduct: Attack,
): Promise<readonly Member[]> => {
  const places = targets.flatMap((target) =>
    Array.from({ length: count }, () => {
      const host = plot.world.newHost()
      return nearest(
        target,
        plot.random.sample(PORTS, SYBIL_PORTS).map((port) => ({ host, port })),
        nodeId,
        1,
      )
    }).flat(),
  )
  return occupy(plot, places, conduct)
}

/** Ports that each of many machines tries. */
const SYBIL_PORTS = 4_000

const occupy = async (plot: Plot, places: readonly Address[], conduct: Attack): Promise<readonly Member[]> => {
  const free = [...new Map(places.map((place) => [nameOf(place), place])).values()]
  // Each node has a second socket, on whatever port is free.
  for (const place of free) plot.world.network.reserve(place)
  const members = await Promise.all(free.map((place) => plot.world.join(place)))
  for (const member of members) conduct.subvert?.(member, { ...plot, attackers: members })
  return members
}
