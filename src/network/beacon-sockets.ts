/**
 * The sockets of the beacon. Nothing of it leaves the local network: every datagram has a time to live of 1, so no router passes it on. A
 * node that is kept on this machine keeps its beacon there too: what its guard does not admit is not bound, joined or sent to.
 */

import { createSocket, type Socket } from 'node:dgram'
import type { Endpoint } from '../core/beacon.ts'
import { BEACON_GROUP } from '../core/limits/beacon-limits.ts'
import type { LanInterface } from './lan-interfaces.ts'
import type { LoopbackGuard } from './loopback-guard.ts'

export type BeaconSockets = {
  /** A socket on one interface, from which questions go out and to which answers come; null when it cannot be had. */
  openAsker(at: LanInterface, onMessage: OnMessage): Promise<Asker | null>
  /** A socket for questions, which other processes of this machine can have as well; null when it cannot be had. */
  openListener(at: Endpoint, onMessage: OnMessage): Promise<Listener | null>
  /** Sends what `make` gives for the address it is sent from, from a socket that is used once. */
  answer(to: Endpoint, make: (own: string) => Uint8Array): void
}

export type OnMessage = (bytes: Uint8Array, from: Endpoint) => void

export type Asker = {
  /** where it sends from */
  readonly at: Endpoint
  /** To all on its interface, by multicast and by broadcast: some networks pass on only one of them. */
  send(bytes: Uint8Array, port: number): void
  close(): void
}

export type Listener = {
  /** Hears multicast on this interface as well. */
  join(host: string): void
  leave(host: string): void
  close(): void
}

const HOPS = 1

/** Its errors are its end, and never the process's. */
const open = (options: { readonly reuseAddr: boolean }): Socket => {
  const socket = createSocket({ type: 'udp4', ...options })
  socket.on('error', () => undefined)
  return socket
}

const quietly = (work: () => void): void => {
  try {
    work()
  } catch {}
}

/** @returns whether it is bound now */
const bind = async (socket: Socket, { host, port }: Endpoint): Promise<boolean> => {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  socket.once('error', () => resolve(false))
  // `exclusive`: in a cluster the socket would be another process's, and heard by one of them in turn.
  socket.bind({ address: host, port, exclusive: true }, () => resolve(true))
  const isBound = await promise
  if (!isBound) quietly(() => socket.close())
  else socket.unref()
  return isBound
}

const asOwn = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes)

/** @param guard of a node that is kept on this machine */
export const createBeaconSockets = (guard: Pick<LoopbackGuard, 'admit'> | null): BeaconSockets => {
  const isAdmitted = (host: string): boolean => guard === null || guard.admit(host)

  return {
    openAsker: async ({ host, broadcast }, onMessage) => {
      if (!isAdmitted(host)) return null
      const socket = open({ reuseAddr: false })
      if (!(await bind(socket, { host, port: 0 }))) return null
      const at = { host, port: socket.address().port }
      socket.on('message', (bytes, { address, port }) => onMessage(asOwn(bytes), { host: address, port }))
      try {
        socket.setBroadcast(true)
        socket.setTTL(HOPS)
        socket.setMulticastTTL(HOPS)
        socket.setMulticastInterface(host)
      } catch {
        // Without an interface of its own the system would choose one.
        quietly(() => socket.close())
        return null
      }
      return {
        at,
        send: (bytes, port) => {
          for (const to of [BEACON_GROUP, broadcast]) quietly(() => socket.send(bytes, port, to, () => undefined))
        },
        close: () => quietly(() => socket.close()),
      }
    },
    openListener: async (at, onMessage) => {
      // What is bound to the group hears the interfaces alone that it joins.
      if (at.host !== BEACON_GROUP && !isAdmitted(at.host)) return null
      const socket = open({ reuseAddr: true })
      socket.on('message', (bytes, { address, port }) => onMessage(asOwn(bytes), { host: address, port }))
      if (!(await bind(socket, at))) return null
      return {
        join: (host) => {
          if (isAdmitted(host)) quietly(() => socket.addMembership(BEACON_GROUP, host))
        },
        leave: (host) => quietly(() => socket.dropMembership(BEACON_GROUP, host)),
        close: () => quietly(() => socket.close()),
      }
    },
    answer: (to, make) => {
      if (!isAdmitted(to.host)) return
      const socket = open({ reuseAddr: false })
      const end = (): void => quietly(() => socket.close())
      socket.once('error', end)
      // Connected, it knows which of our addresses the other side will see.
      socket.connect(to.port, to.host, () => {
        quietly(() => socket.setTTL(HOPS))
        try {
          socket.send(make(socket.address().address), end)
        } catch {
          end()
        }
      })
    },
  }
}
