/**
 * dht-rpc's datagrams and the directory's envelope in them (docs/spec/directory.md §1), read and written by hand: attackers say what no
 * library would, and what is inspected is not read by the code under inspection.
 */

import HyperDHT from 'hyperdht'
import type { Address } from './network.ts'

const REQUEST = 0x03
const REPLY = 0x13
const PLUGIN_COMMAND = 10
const PLUGIN_HEAD = Buffer.from('\x08handfast\x01', 'latin1')
const FLAG = { id: 1, token: 2, internal: 4, closer: 4, target: 8, error: 8, value: 16 } as const

export type WireRequest = {
  readonly tid: number
  readonly to: Address
  readonly token?: Uint8Array | null
  readonly internal: boolean
  readonly command: number
  readonly target: Uint8Array | null
  readonly value: Uint8Array | null
}

export type WireReply = {
  readonly tid: number
  /** whom it answers: the asking node's address as the answering one saw it */
  readonly to: Address
  /** 32 B; a reply without it does not count as one of a node near the target */
  readonly id: Uint8Array | null
  readonly token: Uint8Array | null
  readonly closerNodes: readonly Address[]
  readonly error: number
  readonly value: Uint8Array | null
}

/** 32 B, and so what place in the network an address has. */
export const nodeId = (address: Address): Buffer => HyperDHT.hash(addressBytes(address))

const addressBytes = ({ host, port }: Address): Buffer => {
  const bytes = Buffer.alloc(6)
  for (const [index, part] of host.split('.').entries()) bytes[index] = Number(part)
  bytes.writeUInt16LE(port, 4)
  return bytes
}

const uint = (n: number): Buffer => (n < 0xfd ? Buffer.of(n) : Buffer.of(0xfd, n & 0xff, n >> 8))
const sized = (bytes: Uint8Array): Buffer => Buffer.concat([uint(bytes.length), bytes])
const head = (type: number, flags: number, tid: number, to: Address): Buffer =>
  Buffer.concat([Buffer.of(type, flags, tid & 0xff, (tid >> 8) & 0xff), addressBytes(to)])

export const encodeRequest = ({ tid, to, token, internal, command, target, value }: WireRequest): Buffer =>
  Buffer.concat([
    head(
      REQUEST,
      (token ? FLAG.token : 0) | (internal ? FLAG.internal : 0) | (target ? FLAG.target : 0) | (value ? FLAG.value : 0),
      tid,
      to,
    ),
    token ?? Buffer.alloc(0),
    uint(command),
    target ?? Buffer.alloc(0),
    value === null ? Buffer.alloc(0) : sized(value),
  ])

export const encodeReply = ({ tid, to, id, token, closerNodes, error, value }: WireReply): Buffer =>
  Buffer.concat([
    head(
      REPLY,
      (id ? FLAG.id : 0) |
        (token ? FLAG.token : 0) |
        (closerNodes.length > 0 ? FLAG.closer : 0) |
        (error > 0 ? FLAG.error : 0) |
        (value ? FLAG.value : 0),
      tid,
      to,
    ),
    id ?? Buffer.alloc(0),
    token ?? Buffer.alloc(0),
    closerNodes.length > 0
      ? Buffer.concat([uint(closerNodes.length), ...closerNodes.map(addressBytes)])
      : Buffer.alloc(0),
    error > 0 ? uint(error) : Buffer.alloc(0),
    value === null ? Buffer.alloc(0) : sized(value),
  ])

/** Reads from front to back; throws RangeError where the bytes end too early. */
const createCursor = (data: Buffer) => {
  let at = 0
  const take = (size: number): Buffer => {
    if (at + size > data.length) throw new RangeError('too short')
    at += size
    return data.subarray(at - size, at)
  }
  const number = (): number => {
    const first = take(1).readUInt8()
    if (first < 0xfd) return first
    return first === 0xfd ? take(2).readUInt16LE() : take(4).readUInt32LE()
  }
  const address = (): Address => {
    const bytes = take(6)
    return { host: bytes.subarray(0, 4).join('.'), port: bytes.readUInt16LE(4) }
  }
  return { take, number, address, when: <T>(flag: number, read: () => T): T | null => (flag === 0 ? null : read()) }
}

export const isRequest = (data: Buffer): boolean => data[0] === REQUEST
export const isReply = (data: Buffer): boolean => data[0] === REPLY

/** null when it is no request. */
export const decodeRequest = (data: Buffer): WireRequest | null => {
  try {
    const { take, number, address, when } = createCursor(data)
    if (take(1)[0] !== REQUEST) return null
    const flags = number()
    const [tid, to] = [take(2).readUInt16LE(), address()]
    when(flags & FLAG.id, () => take(32))
    const token = when(flags & FLAG.token, () => take(32))
    const command = number()
    const target = when(flags & FLAG.target, () => take(32))
    const value = when(flags & FLAG.value, () => take(number()))
    return { tid, to, token, internal: (flags & FLAG.internal) !== 0, command, target, value }
  } catch {
    return null
  }
}

/** null when it is no reply. */
export const decodeReply = (data: Buffer): WireReply | null => {
  try {
    const { take, number, address, when } = createCursor(data)
    if (take(1)[0] !== REPLY) return null
    const flags = number()
    const [tid, to] = [take(2).readUInt16LE(), address()]
    const id = when(flags & FLAG.id, () => take(32))
    const token = when(flags & FLAG.token, () => take(32))
    const closerNodes = when(flags & FLAG.closer, () => Array.from({ length: number() }, address)) ?? []
    const error = when(flags & FLAG.error, number) ?? 0
    const value = when(flags & FLAG.value, () => take(number()))
    return { tid, to, id, token, closerNodes, error, value }
  } catch {
    return null
  }
}

/** A request of the directory: GET, GET KEM HALF or PUT, and its message. */
export type DirectoryRequest = { readonly command: number; readonly message: Buffer }

/** What `request` asks the directory; null when it is for somebody else. */
export const directoryRequest = ({ internal, command, value }: WireRequest): DirectoryRequest | null => {
  if (internal || command !== PLUGIN_COMMAND || value === null) return null
  const data = Buffer.from(value)
  if (!data.subarray(0, PLUGIN_HEAD.length).equals(PLUGIN_HEAD)) return null
  try {
    const { take, number } = createCursor(data.subarray(PLUGIN_HEAD.length))
    const [inner, flags] = [number(), number()]
    return (flags & 1) === 0 ? null : { command: inner, message: take(number()) }
  } catch {
    return null
  }
}

/** The fields of a request that asks the directory for `command`. */
export const askDirectory = (
  command: number,
  message: Uint8Array,
): { internal: false; command: number; value: Buffer } => ({
  internal: false,
  command: PLUGIN_COMMAND,
  value: Buffer.concat([PLUGIN_HEAD, uint(command), Buffer.of(1), sized(message)]),
})
