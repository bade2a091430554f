import type HyperDHT from 'hyperdht'
import type { NodeAddress } from '../directory/network-port.ts'
import { type Standing, standingOf } from './hyperdht-internals.ts'

/** How a peer's node stands: as the first of a network, or as one that has to find out how others reach it. */

/**
 * Makes a node the first of a network of its own: persistent, under the id of the address that others are to reach it at.
 * @param address a port and an address of this machine
 */
export const standAlone = async (dht: HyperDHT, { host, port }: NodeAddress): Promise<void> => {
  const standing = standingOf(dht)
  standing._nat = new standing._nat.constructor()
  standing._nat.add(host, port)
  standing.firewalled = standing.io.firewalled = false
  standing.ephemeral = standing.io.ephemeral = true
  await standing._updateNetworkState()
}

/** What was said of this node's address counts no more, and everybody is heard again: HyperDHT hears each node it knows once. */
const hearAnew = (standing: Standing): void => {
  standing._nat = new standing._nat.constructor()
  standing._nonePersistentSamples = []
  for (const node of standing.table.toArray()) node.sampled = 0
}

/** HyperDHT's own time. */
export const tickOf = (dht: HyperDHT): number => standingOf(dht)._tick

/** Nodes that were heard after that tick: HyperDHT keeps those that are gone until it wants something of them. */
export const heardSince = (dht: HyperDHT, tick: number): readonly NodeAddress[] =>
  standingOf(dht)
    .table.toArray()
    .filter(({ seen }) => seen > tick)

/** Asks for the nodes around its own place, and gets to know them. */
export const lookAround = (dht: HyperDHT): Promise<unknown> =>
  dht
    .findNode(dht.table.id)
    .finished()
    .catch(() => {})

/**
 * The same of a node that keeps records, and is reached at the socket it asks from: among others it has the id of the address at which they
 * see it. Where they say nothing of that, it stays what it was.
 */
export const follow = async (dht: HyperDHT): Promise<void> => {
  const standing = standingOf(dht)
  const before = standing._nat
  hearAnew(standing)
  await lookAround(dht)
  const { host, port } = standing._nat
  // What follows takes no time: it is one of the nodes all along.
  if (host !== null && port !== 0) {
    standing.ephemeral = standing.io.ephemeral = true
    await standing._updateNetworkState()
  } else standing._nat = before
}

/**
 * The same node among others, which see it as they do: from now on it asks from the socket that nobody has to reach, so that its answers tell
 * what stands between. Whoever came in through it still finds it.
 */
export const mingle = (dht: HyperDHT): void => {
  const standing = standingOf(dht)
  hearAnew(standing)
  standing.firewalled = standing.io.firewalled = true
}

/** What came of that: it stays one of the nodes when others reach it, and else asks again every 20 minutes, as HyperDHT does. */
export const settle = async (dht: HyperDHT): Promise<void> => {
  const standing = standingOf(dht)
  standing.ephemeral = standing.io.ephemeral = true
  standing.adaptive = true
  standing._lastHost = null
  if (await standing._updateNetworkState()) return
  dht.emit('ephemeral')
  // To HyperDHT nodes that did not get through are nodes that do not answer, and it left them out.
  await lookAround(dht)
}
