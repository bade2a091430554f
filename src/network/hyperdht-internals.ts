import type HyperDHT from 'hyperdht'
import type { Address, IncomingRequest, Server, TableNode } from 'hyperdht'
import type { Socket } from 'udx-native'
import type { NodeAddress } from '../directory/network-port.ts'

/**
 * What Handfast reaches into of HyperDHT 6.34.0 and dht-rpc 6.27.0 that they do not offer: every request as it comes in, the one place all
 * replies leave by, and the caches of what others put and announce. `test/network/hyperdht-internals.test.ts` reads their sources and
 * fails when another version does it otherwise.
 */
export type Internals = {
  readonly io: InternalIo
  /** null until the node is persistent */
  readonly _persistent: Persistent | null
  /** who announced itself here, and where it is reached */
  readonly _router: { forwards: SoftCache<object> }
  /** pings that are to be answered later */
  readonly _pendingTimers: { readonly size: number }
}

export type InternalIo = ReplyParts & {
  onmessage(socket: Socket, message: Buffer, from: Address): void
  /** Called with every request that could be read, and whose token is right when it shows one. */
  onrequest(request: InternalRequest, external: boolean): void
}

/** What a reply takes from the node. */
export type ReplyParts = {
  readonly ephemeral: boolean
  readonly serverSocket: Socket | null
  readonly table: { readonly id: Buffer; closest(target: Uint8Array, count?: number): readonly TableNode[] }
  token(address: Address, secret: number): Buffer
}

export type InternalRequest = IncomingRequest & {
  /** whether it is one of dht-rpc's own commands */
  readonly internal: boolean
  readonly socket: Socket | null
  sendReply(error: number, value: Uint8Array | null, token: boolean, closer: boolean): void
  /** All replies go through this. `closer`: whether nodes near the target are named. */
  _sendReply: SendReply
  _io: ReplyParts
}

export type SendReply = (
  error: number,
  value: Uint8Array | null,
  token: boolean,
  closer: boolean,
  to: Address,
  socket: Socket | null,
) => void

/**
 * What decides whether a node has an id, and asks from the socket it is reached at. HyperDHT settles it at the start, and every 20 minutes;
 * a peer that was alone in its network, and comes into another, has to do it when that happens.
 */
export type Standing = {
  readonly io: { firewalled: boolean; ephemeral: boolean }
  firewalled: boolean
  ephemeral: boolean
  adaptive: boolean
  /** the nodes that it knows; by its count of 5 s: `seen` when they were heard, `sampled` when that was on this node's address, 0 for never */
  readonly table: { toArray(): readonly (NodeAddress & { sampled: number; readonly seen: number })[] }
  /** that count */
  readonly _tick: number
  /** what others said of this node's address */
  _nat: NatSamples
  _nonePersistentSamples: string[]
  /** the address that was looked at last, so that it is not again */
  _lastHost: string | null
  /** Finds out whether others reach it; if so it becomes persistent, under the id of its address. @returns whether it did */
  _updateNetworkState(): Promise<boolean>
}

/** A sampler of dht-rpc, which makes another one. */
export type NatSamples = {
  readonly host: string | null
  /** 0 when each says another */
  readonly port: number
  add(host: string, port: number): unknown
  readonly constructor: new () => NatSamples
}

type Announced = { readonly relayAddress: NodeAddress; readonly peerAddress: NodeAddress }

/** At which address a node saw a server when it was announced there: it sends those who look for it to that one. Null when it was not. */
export const announcedFrom = (server: Server, { host, port }: NodeAddress): NodeAddress | null => {
  const unknown: object = server
  const announcer = isAnnounced(unknown) ? unknown._announcer : null
  const at = announcer?.relays.find(({ relayAddress }) => relayAddress.host === host && relayAddress.port === port)
  return at?.peerAddress ?? null
}

const isAnnounced = (server: object): server is { _announcer: { readonly relays: readonly Announced[] } | null } =>
  '_announcer' in server

/** What a persistent node keeps for others. */
export type Persistent = {
  records: SoftRecords
  refreshes: SoftCache<object>
  bumps: SoftCache<number>
  mutables: SoftCache<Uint8Array>
  immutables: SoftCache<Uint8Array>
}

/** A cache as HyperDHT uses it. */
export type SoftCache<V> = {
  get(key: string): V | null
  set(key: string, value: V): unknown
  delete(key: string): boolean
  /** Keeps what is the node's own. */
  retain(key: string, value: V): unknown
  destroy(): void
}

/** What was announced under a name, by the key of who announced it. */
export type SoftRecords = {
  add(name: string, key: Uint8Array, record: Uint8Array): void
  remove(name: string, key: Uint8Array): void
  /** At most so many of them, by chance. */
  get(name: string, count: number): readonly Uint8Array[]
  destroy(): void
}

const isInternals = (dht: object): dht is Internals =>
  '_persistent' in dht && '_router' in dht && '_pendingTimers' in dht && 'io' in dht

const isStanding = (dht: object): dht is Standing =>
  '_nat' in dht && '_updateNetworkState' in dht && '_nonePersistentSamples' in dht && '_lastHost' in dht

/** @throws Error as `internalsOf` */
export const standingOf = (dht: HyperDHT): Standing => {
  const unknown: object = dht
  if (isStanding(unknown)) return unknown
  throw new Error('HyperDHT is not 6.34.0')
}

/** @throws Error when this is another HyperDHT than the one whose insides are known */
export const internalsOf = (dht: HyperDHT): Internals => {
  const unknown: object = dht
  if (isInternals(unknown)) return unknown
  throw new Error('HyperDHT is not 6.34.0')
}
