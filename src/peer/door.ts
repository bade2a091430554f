import { hex } from '../core/bytes.ts'
import {
  CONTACT_CONNECTIONS_MAX,
  CONTACT_KNOCKS_MAX,
  CONTACTS_KNOCKS_MAX,
  KNOCK_MS,
  KNOCK_NETWORKS_MAX,
  NETWORK_CONNECTIONS_MAX,
  NETWORK_KNOCK_RATE,
  NETWORK_KNOCKS_MAX,
  PEER_CONNECTIONS_MAX,
  STRANGER_CONNECTIONS_MAX,
  STRANGER_KNOCK_RATE,
  STRANGER_KNOCKS_MAX,
} from '../core/limits/connection-limits.ts'
import { createPace } from '../core/pace.ts'
import { createSeats, type RoomSize, type Seat, type Where } from '../core/seats.ts'
import { sourceNetworkOf } from '../directory/ip-networks.ts'
import type { FrameStream } from '../network/frame-stream.ts'

/**
 * Who comes in when more come than there is room for (docs/spec/wire.md §6). A stream is a stranger's, and counted with its source network,
 * or a contact's, and counted with her: by its transport key at first, then by who it proved to be. It knocks until something was said on it,
 * which shows that its address and its key are its own. `core/seats.ts` has the rule by which others give way.
 *
 *     knock (before the transport answers) --the stream is there--> knocking --a frame--> inside --the handshake is done--> inside, proven
 */
export type Door = {
  /** Whether a stream from `host` under that transport key (32 bytes) may be answered. */
  admits(key: Uint8Array, host: string): boolean
  /** Lets a stream in; null when there is no seat for it. */
  enter(stream: Pick<FrameStream, 'remoteKey' | 'remoteHost' | 'destroy'>): Visitor | null
  /** Gives a connection that this side made a seat: it counts as one that its peer made. */
  invite(peer: Uint8Array, host: string, giveWay: () => void): Visitor
  /** Forgets all knocks. */
  close(): void
}

export type Visitor = {
  /** A frame came. */
  heard(): void
  /** It proved to be that identity, 32 bytes; null: nobody, a guest of the mailbox. @param giveWay ends what it has become */
  proved(peer: Uint8Array | null, giveWay: () => void): void
  /** It has gone. */
  leave(): void
}

type Room = 'knocks' | 'strangers' | 'contact knocks' | 'contacts'

const SIZES: Readonly<Record<Room, RoomSize>> = {
  knocks: { group: NETWORK_KNOCKS_MAX, all: STRANGER_KNOCKS_MAX },
  strangers: { group: NETWORK_CONNECTIONS_MAX, all: STRANGER_CONNECTIONS_MAX },
  'contact knocks': { group: CONTACT_KNOCKS_MAX, all: CONTACTS_KNOCKS_MAX },
  contacts: { group: PEER_CONNECTIONS_MAX, all: CONTACT_CONNECTIONS_MAX },
}

export type DoorParts = {
  readonly isContact: (peer: Uint8Array) => boolean
  /** The contact who has that transport key, as far as it is known. */
  readonly ownerOf: (key: Uint8Array) => Uint8Array | null
  /** Whether nothing that comes under that key is answered. */
  readonly isShut: (key: Uint8Array) => boolean
  /** milliseconds since 1970 */
  readonly clock: () => number
}

type Knock = { readonly seat: Seat<Room>; readonly timer: NodeJS.Timeout }

/** Seats of streams whose path is still being found, by their transport key: the first that comes takes the first. */
const createKnocks = () => {
  const waiting = new Map<string, readonly Knock[]>()
  const take = (key: string): Seat<Room> | null => {
    const [first, ...others] = waiting.get(key) ?? []
    if (first === undefined) return null
    clearTimeout(first.timer)
    if (others.length > 0) waiting.set(key, others)
    else waiting.delete(key)
    return first.seat
  }
  return {
    take,
    add: (key: string, seat: Seat<Room>): void => {
      // Those of one key end in the order in which they came.
      const timer = setTimeout(() => take(key)?.leave(), KNOCK_MS).unref()
      waiting.set(key, [...(waiting.get(key) ?? []), { seat, timer }])
    },
    close: (): void => {
      for (const key of [...waiting.keys()]) while (take(key) !== null);
    },
  }
}

export const createDoor = ({ isContact, ownerOf, isShut, clock }: DoorParts): Door => {
  const seats = createSeats<Room>(SIZES)
  const knocks = createKnocks()
  const pace = createPace({ each: NETWORK_KNOCK_RATE, all: STRANGER_KNOCK_RATE, remembered: KNOCK_NETWORKS_MAX })

  /** Where a stream belongs of which only address and transport key are known. */
  const placeOf = (key: Uint8Array, host: string, isInside: boolean): Where<Room> => {
    const owner = ownerOf(key)
    if (owner !== null) return { room: isInside ? 'contacts' : 'contact knocks', group: hex(owner) }
    return { room: isInside ? 'strangers' : 'knocks', group: sourceNetworkOf(host) }
  }
  const placeOfPeer = (peer: Uint8Array | null, host: string): Where<Room> =>
    peer !== null && isContact(peer)
      ? { room: 'contacts', group: hex(peer) }
      : { room: 'strangers', group: sourceNetworkOf(host) }

  const visitor = (seat: Seat<Room>, host: string, arrive: () => void): Visitor => {
    let isHeard = false
    return {
      heard: () => {
        if (isHeard) seat.heard()
        else arrive()
        isHeard = true
      },
      proved: (peer, giveWay) => {
        isHeard = true
        seat.become({ where: () => placeOfPeer(peer, host), giveWay })
      },
      leave: seat.leave,
    }
  }

  return {
    admits: (key, host) => {
      if (isShut(key)) return false
      const { room, group } = placeOf(key, host, false)
      if (room === 'knocks' && !pace.take(group, clock())) return false
      // What looks for a path cannot be stopped: there are only so many.
      const seat = seats.take({ where: () => placeOf(key, host, false), giveWay: null })
      if (seat !== null) knocks.add(hex(key), seat)
      return seat !== null
    },
    enter: ({ remoteKey, remoteHost, destroy }) => {
      const where = (isInside: boolean) => (): Where<Room> => placeOf(remoteKey, remoteHost, isInside)
      const knocking = { where: where(false), giveWay: destroy }
      const kept = knocks.take(hex(remoteKey))
      kept?.become(knocking)
      const seat = kept ?? seats.take(knocking)
      if (seat === null) return null
      return visitor(seat, remoteHost, () => seat.become({ where: where(true), giveWay: destroy }))
    },
    invite: (peer, host, giveWay) => {
      const where = (): Where<Room> => placeOfPeer(peer, host)
      const seat = seats.take({ where, giveWay })
      if (seat === null) throw new RangeError('each who sits inside can give way')
      return visitor(seat, host, seat.heard)
    },
    close: knocks.close,
  }
}
