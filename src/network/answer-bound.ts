import type { Address } from 'hyperdht'
import type { InternalRequest, ReplyParts } from './hyperdht-internals.ts'
import type { ReturnProof } from './return-proof.ts'

/**
 * Anybody can write another's address on a request. So who has not shown that it receives at its address gets less than three times its
 * bytes, of any command: fewer of the closer nodes are named, and a value that does not fit is sent once the address has answered.
 */

/** IPv4 and UDP. */
const HEADER_BYTES = 28
const FACTOR = 3
/** dht-rpc: type, flags, number, address. */
const HEAD_BYTES = 10
const HASH_BYTES = 32
const NODE_BYTES = 6
/** How many nodes there are, or which command or error it is. */
const COUNT_BYTES = 1
/** A closer node more than there ever are. */
const NODES_MAX = 20

const prefixed = (value: Uint8Array | null): number => {
  if (value === null) return 0
  return value.length + (value.length < 0xfd ? 1 : value.length <= 0xffff ? 3 : 5)
}

const hash = (present: boolean): number => (present ? HASH_BYTES : 0)

/** Bytes of a request, as it was written at least: an id that is not the sender's is not known any more. */
export const sizeOfRequest = ({ from, token, target, value }: InternalRequest): number =>
  HEAD_BYTES +
  hash(from.id !== null) +
  hash(token !== null) +
  COUNT_BYTES +
  hash(target !== null) +
  // An empty value is read as none.
  prefixed(value)

/** The same node, which knows no more than `count` nodes. */
const naming = (io: ReplyParts, count: number): ReplyParts => ({
  ephemeral: io.ephemeral,
  serverSocket: io.serverSocket,
  table: { id: io.table.id, closest: (target) => io.table.closest(target, count) },
  token: (address, secret) => io.token(address, secret),
})

/** Holds all replies to this request to their bound. */
export const boundAnswer = (request: InternalRequest, proof: ReturnProof): void => {
  const sender = request.from.host
  // A token is one of the address it was given to; a handshake is also answered to a third.
  const isProven = (to: Address): boolean => request.token !== null && to.host === sender
  const most = FACTOR * (HEADER_BYTES + sizeOfRequest(request)) - 1 - HEADER_BYTES
  const send = request._sendReply.bind(request)
  const io = request._io

  request._sendReply = (error, value, token, closer, to, socket) => {
    if (isProven(to) || socket === null) return send(error, value, token, closer, to, socket)
    const id = !io.ephemeral && socket === io.serverSocket
    const rest = HEAD_BYTES + hash(id) + hash(token) + (error > 0 ? COUNT_BYTES : 0) + prefixed(value)
    const room = Math.floor((most - COUNT_BYTES - rest) / NODE_BYTES)
    if (rest > most) return proof.ask(to, socket, () => send(error, value, token, closer, to, socket))
    request._io = naming(io, Math.min(NODES_MAX, room))
    send(error, value, token, closer && room > 0, to, socket)
    request._io = io
  }
}
