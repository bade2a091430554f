import { type NodeAddress, nameOf } from '../directory/network-port.ts'

/** Who came into the network through this node, and is still there: others that are no nodes themselves are in no routing table. */
export type Guests = {
  /** Somebody who has shown that it receives at its address asks for something. */
  proven(from: NodeAddress, now: number): void
  /** Somebody asks for something; anybody can write another's address. */
  heard(from: NodeAddress, now: number): void
  /** How many there are, without those that were quiet for a minute. */
  count(now: number): number
}

/** So many are remembered: one is enough to know that this node is not alone. */
const GUESTS_MAX = 64
/** Peers ask the nodes that know them every 3 s. */
const QUIET_MS = 60_000

/** @param now everywhere milliseconds of a clock that never runs backwards */
export const createGuests = (): Guests => {
  const guests = new Map<string, number>()
  const keep = (name: string, now: number): void => {
    guests.delete(name)
    guests.set(name, now)
    const [oldest = ''] = guests.keys()
    if (guests.size > GUESTS_MAX) guests.delete(oldest)
  }
  return {
    proven: (from, now) => keep(nameOf(from), now),
    heard: (from, now) => {
      const name = nameOf(from)
      if (guests.has(name)) keep(name, now)
    },
    count: (now) => {
      for (const [name, at] of guests) if (now - at > QUIET_MS) guests.delete(name)
      return guests.size
    },
  }
}
