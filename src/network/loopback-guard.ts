/**
 * Keeps a node on this machine. Everything HyperDHT puts on the network goes through one UDX object: its sockets, its streams
 * and its name look-ups. The guard wraps that object, so that nothing but 127.0.0.0/8 can be reached, whatever address a
 * peer, a routing table or a bootstrap list names. It must be in place before the node is made.
 */

import { isIPv4 } from 'node:net'
import type UDX from 'udx-native'
import type { Socket, Stream } from 'udx-native'
import { NetworkError } from '../core/errors.ts'

export type LoopbackGuard = {
  readonly udx: UDX
  /** Sends, connections, binds and look-ups refused so far. */
  readonly refused: number
  /** For sockets that are not of UDX, before they are bound to a host, or anything is sent there: whether they may. Else it is counted. */
  admit(host: string): boolean
}

const LOOPBACK_HOST = '127.0.0.1'

/**
 * Whether nothing of this process may leave the machine, whatever network is chosen: `HANDFAST_LOOPBACK_ONLY` says so, as tests and the
 * demo do for themselves and all they start. It only takes away.
 */
export const isLoopbackOnly = (): boolean => (process.env.HANDFAST_LOOPBACK_ONLY ?? '') !== ''

type Refuse = (what: string) => NetworkError

/** Wraps `udx` in place. Refused sends vanish, refused streams fail, refused binds throw NetworkError ERR_LOOPBACK_ONLY. */
export const guardLoopback = (udx: UDX): LoopbackGuard => {
  let refused = 0
  const refuse: Refuse = (what) => {
    refused++
    return new NetworkError('ERR_LOOPBACK_ONLY', { hint: what })
  }

  const { createSocket, createStream, networkInterfaces } = udx
  udx.createSocket = (options) => guardSocket(createSocket.call(udx, options), refuse)
  udx.createStream = (id, options) => guardStream(createStream.call(udx, id, options), refuse)
  udx.lookup = async (host) => {
    if (host !== 'localhost' && !allowed(host)) throw refuse(`look-up of ${host}`)
    return { host: host === 'localhost' ? LOOPBACK_HOST : host, family: 4 }
  }
  // HyperDHT tells peers the addresses of every interface and tries them out.
  udx.networkInterfaces = () => networkInterfaces.call(udx).filter(({ host }) => allowed(host))

  return {
    udx,
    get refused() {
      return refused
    },
    admit: (host) => {
      if (!allowed(host)) refuse(host)
      return allowed(host)
    },
  }
}

const allowed = (host: unknown): boolean => typeof host === 'string' && isIPv4(host) && host.startsWith('127.')

const guardSocket = (socket: Socket, refuse: Refuse): Socket => {
  const { bind, send, trySend } = socket
  // Without a host UDX binds every interface.
  socket.bind = (port, host) => {
    if (host && !allowed(host)) throw refuse(`bind to ${host}`)
    bind.call(socket, port, host || LOOPBACK_HOST)
  }
  socket.send = async (data, port, host = LOOPBACK_HOST, ttl = 0) => {
    if (allowed(host)) return send.call(socket, data, port, host, ttl)
    refuse(host)
    return false
  }
  socket.trySend = (data, port, host = LOOPBACK_HOST, ttl = 0) => {
    if (allowed(host)) trySend.call(socket, data, port, host, ttl)
    else refuse(host)
  }
  socket.addMembership = (group) => {
    throw refuse(`group ${group}`)
  }
  return socket
}

// HyperDHT connects streams inside callbacks of native code: an exception there would end the process.
const guardStream = (stream: Stream, refuse: Refuse): Stream => {
  const { connect, changeRemote } = stream
  stream.connect = (socket, remoteId, port, host, options) => {
    if (typeof host !== 'string' || allowed(host)) connect.call(stream, socket, remoteId, port, host, options)
    else stream.destroy(refuse(host))
  }
  stream.changeRemote = async (socket, remoteId, port, host = LOOPBACK_HOST) => {
    if (allowed(host)) return changeRemote.call(stream, socket, remoteId, port, host)
    const error = refuse(host)
    stream.destroy(error)
    throw error
  }
  return stream
}
