import assert from 'node:assert/strict'
import type HyperDHT from 'hyperdht'

/** IPv4 and UDP headers, and the smallest MTU a datagram has to survive. */
export const HEADERS = 28
export const MTU = 1280

/** Sizes of all datagrams that a node sends from now on. */
export const watchSizes = ({ dht }: { readonly dht: HyperDHT }): readonly number[] => {
  const sizes: number[] = []
  for (const socket of [dht.io.serverSocket, dht.io.clientSocket]) {
    assert.ok(socket !== null)
    const { trySend } = socket
    socket.trySend = (data, ...to) => {
      sizes.push(data.length)
      trySend.call(socket, data, ...to)
    }
  }
  return sizes
}
