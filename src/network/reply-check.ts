/**
 * A reply counts only when it comes from the node that was asked (§4). HyperDHT matches replies by a
 * 16-bit number that counts up, so anyone on the network could answer for anyone.
 */

import type { Address, IO } from 'hyperdht'

const REPLY = 0x13
const FLAGS_ONE_BYTE_MAX = 0xfc

/** Wraps the node's message handler; call it in the tick that made the node, before its sockets open. */
export const checkReplySenders = (io: IO): void => {
  const onmessage = io.onmessage.bind(io)
  io.onmessage = (socket, message, from) => {
    if (message[0] !== REPLY || wasAsked(io, message, from)) onmessage(socket, message, from)
  }
}

// A reply starts: type, flags (a varint, one byte for every flag there is), number of the request (16 bits, little-endian).
const wasAsked = (io: IO, message: Buffer, from: Address): boolean => {
  if (message.length < 4 || message.readUInt8(1) > FLAGS_ONE_BYTE_MAX) return false
  const tid = message.readUInt16LE(2)
  const request = io.inflight.find((candidate) => candidate.tid === tid)
  return request !== undefined && request.to.host === from.host && request.to.port === from.port
}
