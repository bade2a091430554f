import { createSocket } from 'node:dgram'
import { on, once } from 'node:events'
import type { TestContext } from 'node:test'
import type { NodeAddress } from '../../src/directory/network-port.ts'

/** Datagrams of dht-rpc as anybody may write them, and what comes back on the wire (docs/spec/directory.md §1). */

const prefixed = (value: Uint8Array): Buffer =>
  Buffer.concat([
    value.length < 0xfd ? Uint8Array.of(value.length) : Uint8Array.of(0xfd, value.length & 255, value.length >> 8),
    value,
  ])

const REQUEST = 0x03
const REPLY = 0x13
const FLAG = { id: 1, token: 2, internal: 4, target: 8, value: 16 } as const
const COMMAND_PLUGIN = 10
const TOKEN_BYTES = 32
const HEAD_BYTES = 10

type Around = {
  readonly target?: Uint8Array | null
  readonly token?: Uint8Array | null
}

/** The number of a request, unless it has another. */
const NUMBER = 7

/** Any request of dht-rpc; `value` null leaves it out. */
export const request = (
  command: number,
  value: Uint8Array | null,
  { target = null, token = null }: Around = {},
  internal = false,
  number = NUMBER,
): Buffer => {
  const flags =
    (value === null ? 0 : FLAG.value) |
    (token === null ? 0 : FLAG.token) |
    (internal ? FLAG.internal : 0) |
    (target === null ? 0 : FLAG.target)
  const head = Uint8Array.of(REQUEST, flags, number, 0, 127, 0, 0, 1, 0, 1)
  const none = new Uint8Array(0)
  const content = value === null ? none : prefixed(value)
  return Buffer.concat([head, token ?? none, Uint8Array.of(command), target ?? none, content])
}

/** A request to the directory with as little around the message as it takes: no id, and no token unless there is one to show. */
export const datagram = (
  command: number,
  message: Uint8Array | null,
  around: Around = {},
  name = 'handfast',
): Buffer => {
  const content = message === null ? Uint8Array.of(0) : Buffer.concat([Uint8Array.of(1), prefixed(message)])
  const plugin = Buffer.concat([prefixed(Buffer.from(name)), Uint8Array.of(1, command), content])
  return request(COMMAND_PLUGIN, plugin, around)
}

/** A request that every node answers at once, with nothing but its id. */
export const ping = (number = NUMBER): Buffer => request(0, new Uint8Array(0), {}, true, number)

export type WireReply = {
  /** as it came, without the headers of IPv4 and UDP */
  readonly size: number
  readonly token: Uint8Array | null
  /** what is behind id and token, when there are no closer nodes; null when nothing is */
  readonly value: Uint8Array | null
}

const readReply = (bytes: Buffer): WireReply => {
  const flags = bytes[1] ?? 0
  const tokenAt = HEAD_BYTES + ((flags & FLAG.id) === 0 ? 0 : TOKEN_BYTES)
  const hasToken = (flags & FLAG.token) !== 0
  const valueAt = tokenAt + (hasToken ? TOKEN_BYTES : 0)
  const [length = 0, low = 0, high = 0] = bytes.subarray(valueAt)
  const value =
    length === 0xfd ? bytes.subarray(valueAt + 3, valueAt + 3 + low + 256 * high) : bytes.subarray(valueAt + 1)
  return {
    size: bytes.length,
    token: hasToken ? Uint8Array.from(bytes.subarray(tokenAt, valueAt)) : null,
    value: (flags & FLAG.value) === 0 ? null : Uint8Array.from(value),
  }
}

/** A socket at an address of this machine: sends all requests, and gives the first reply to any of them. */
export const openSocket = async (t: TestContext, { port, host }: NodeAddress, from = '127.0.0.1') => {
  const socket = createSocket('udp4')
  t.after(() => socket.close())
  socket.bind(0, from)
  await once(socket, 'listening')
  return async (...requests: readonly Buffer[]): Promise<WireReply> => {
    const answer = once(socket, 'message')
    for (const one of requests) socket.send(one, port, host)
    const [bytes] = await answer
    return readReply(bytes)
  }
}

/** IPv4 and UDP. */
const HEADERS = 28
const LAST = 99

/** Bytes on the wire of a datagram, with the headers of IPv4 and UDP. */
export const wireBytes = (datagram: Uint8Array): number => datagram.length + HEADERS

/**
 * A socket that answers nothing, as that of somebody in whose name another asks. `measure` sends a request, or none, and gives the bytes of
 * all that came since it was asked last, up to the answer to a ping that is sent behind it; `later` waits for a datagram first.
 */
export const openMeter = async (t: TestContext, { port, host }: NodeAddress) => {
  const socket = createSocket('udp4')
  t.after(() => socket.close())
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  let bytes = 0
  const isLast = (message: Buffer): boolean => message[0] === REPLY && message[2] === LAST
  socket.on('message', (message) => {
    if (!isLast(message)) bytes += wireBytes(message)
  })
  const untilLast = async (): Promise<void> => {
    socket.send(ping(LAST), port, host)
    for await (const [message] of on(socket, 'message')) if (isLast(message)) return
  }
  return {
    port: socket.address().port,
    measure: async (one: Buffer | null, later = false): Promise<number> => {
      const first = later ? once(socket, 'message') : null
      if (one !== null) socket.send(one, port, host)
      await first
      await untilLast()
      const came = bytes
      bytes = 0
      return came
    },
  }
}
