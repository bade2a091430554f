import type { Stream } from 'udx-native'
import { RELAY_LINKS_MAX, RELAY_NETWORK_LINKS_MAX } from '../core/limits/relay-limits.ts'
import type { RelayMeter } from './relay-meter.ts'

/** How many of each network there are. */
export const createTally = () => {
  const counts = new Map<string, number>()
  let total = 0
  return {
    get total() {
      return total
    },
    of: (network: string): number => counts.get(network) ?? 0,
    add: (network: string, more: 1 | -1): void => {
      total += more
      const count = (counts.get(network) ?? 0) + more
      if (count > 0) counts.set(network, count)
      else counts.delete(network)
    },
  }
}

/** Both ends of a connection, as the relay has them: of which network, and how many of their bytes were counted. */
type Link = Map<Stream, { readonly network: string; counted: number }>

export type RelayLinks = {
  readonly size: number
  /** bytes forwarded since the start */
  readonly bytes: number
  /** Takes one end of a connection. @returns whether there was room for it; it is destroyed otherwise */
  add(token: string, stream: Stream, network: string): boolean
  /** Charges what was forwarded since the last look. @returns how many links had to end, as their network has nothing left */
  look(): number
  close(): void
}

/** The connections that a relay forwards. */
export const createRelayLinks = (meter: RelayMeter): RelayLinks => {
  const links = new Map<string, Link>()
  const ends = createTally()
  let bytes = 0

  const end = (token: string): void => {
    const link = links.get(token)
    if (link === undefined) return
    links.delete(token)
    for (const [stream, { network }] of link) {
      ends.add(network, -1)
      stream.destroy()
    }
  }
  const hasRoom = (token: string, network: string): boolean =>
    (links.has(token) || links.size < RELAY_LINKS_MAX) &&
    ends.of(network) < RELAY_NETWORK_LINKS_MAX &&
    meter.allows(network)

  /** @returns whether all of a link may go on */
  const charge = (link: Link): boolean => {
    let mayGoOn = true
    for (const [stream, one] of link) {
      const more = stream.bytesReceived - one.counted
      one.counted += more
      bytes += more
      if (!meter.charge(one.network, more)) mayGoOn = false
    }
    return mayGoOn
  }

  return {
    get size() {
      return links.size
    },
    get bytes() {
      return bytes
    },
    add: (token, stream, network) => {
      if (!hasRoom(token, network)) {
        stream.destroy()
        // The other end has nobody to go on to.
        end(token)
        return false
      }
      const link: Link = links.get(token) ?? new Map()
      links.set(token, link)
      link.set(stream, { network, counted: 0 })
      ends.add(network, 1)
      stream.once('close', () => end(token))
      return true
    },
    look: () => {
      const over = [...links].filter(([, link]) => !charge(link))
      for (const [token] of over) end(token)
      return over.length
    },
    close: () => {
      for (const token of links.keys()) end(token)
    },
  }
}
