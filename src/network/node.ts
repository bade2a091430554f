/** The one place that makes HyperDHT nodes: nothing else may, because HyperDHT without a bootstrap list contacts public hosts. */

import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import HyperDHT from 'hyperdht'
import UDX from 'udx-native'
import { orAbort } from '../core/abort.ts'
import { NetworkError } from '../core/errors.ts'
import { RANDOM_PUNCH_REST_MS } from '../core/limits/relay-limits.ts'
import type { NodeAddress } from '../directory/network-port.ts'
import { bindFailure, systemCode } from './bind-failure.ts'
import { answeringNodes, discard } from './bootstrap-probe.ts'
import { freePort } from './free-port.ts'
import { guardLoopback, isLoopbackOnly, type LoopbackGuard } from './loopback-guard.ts'
import { checkBootstrap, checkHost } from './node-checks.ts'
import { isLoopbackName } from './node-list.ts'
import type { NodeOptions } from './node-options.ts'
import { namesOnly, ownAddress } from './own-address.ts'
import { createPresence, glance, type Presence } from './presence.ts'
import { checkReplySenders } from './reply-check.ts'
import { guardServing, type Serving, type Shared } from './serving.ts'
import { type Ways, watchWays } from './ways.ts'
import type { WaysIn } from './ways-in.ts'

export type { NodeOptions } from './node-options.ts'

export type DhtNode = Omit<Presence, 'close'> & {
  readonly dht: HyperDHT
  readonly host: string
  readonly port: number
  /** Present when the node cannot leave 127.0.0.0/8. */
  readonly guard: LoopbackGuard | null
  /** What it does for others beside the directory. */
  readonly serving: Serving
  /** How the bytes of its streams travel. */
  readonly ways: Ways
  /** Says goodbye where it is quick, then closes everything; idempotent. */
  close(): Promise<void>
}

const ANY_HOST = '0.0.0.0'
const LOOPBACK_HOST = '127.0.0.1'
/**
 * Joining takes milliseconds, but each silent node in the others' routing tables costs 6 s. After this long a node is usable
 * all the same; a storage node once it is persistent as well.
 */
const JOIN_MS = 3_000
const JOIN_LOOPBACK_MS = 500
const PERSISTENT_MS = 15_000
/** What the goodbye to nodes that may be gone is worth, milliseconds. */
const GOODBYE_MS = 250
/**
 * Requests that may be without an answer in 750 ms. A thorough lookup has 72 at a time, and those that silent nodes leave open: beyond
 * dht-rpc's own 80 it would wait half a second to send. 32 KiB of datagrams are no burden to anybody's line.
 */
const REQUESTS_WINDOW = 320
/** A free port found may be taken by somebody else before it is bound again. */
const FREE_PORT_TRIES = 5

type Plan = {
  readonly udx: UDX
  readonly host: string
  readonly port: number
  readonly loopback: boolean
  readonly storage: boolean
  readonly keyPair: HyperDHT.KeyPair
  readonly publicHost: string | null
  readonly shared: Shared | undefined
  /** of one that stays */
  readonly entrances: WaysIn | null
  /** whether its own network is the one that it is to be in */
  readonly first: boolean
  /** whether the address others reach it at may be guessed */
  readonly guess: boolean
  readonly ports: Set<number>
}

/**
 * Makes a node and joins the network; a storage node is persistent when this resolves. Everything is closed again on failure.
 * Throws NetworkError ERR_NETWORK_MISSING, ERR_NETWORK_FORMAT, ERR_NETWORK_HOST, ERR_PORT_IN_USE, ERR_PORT_DENIED,
 * ERR_NETWORK_UNREACHABLE (within 5 s), ERR_STORAGE_ADDRESS, ERR_LOOPBACK_ONLY; or the signal's reason.
 */
export const createNode = async (options: NodeOptions): Promise<DhtNode> => {
  const { first = false, stays = false, storage = false, port = 0, signal } = options
  signal?.throwIfAborted()
  const { wide = false } = options
  const bootstrap = checkBootstrap(options.bootstrap, first || stays || wide)
  const host = checkHost(options.host ?? defaultHost(bootstrap, options.publicHost, wide))
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new NetworkError('ERR_PORT_DENIED', { hint: `${port}` })
  const loopback = isLoopbackName(host)
  // Sockets of a simulation send nothing.
  if (!loopback && options.udx === undefined && isLoopbackOnly())
    throw new NetworkError('ERR_LOOPBACK_ONLY', { hint: host })
  if (loopback && bootstrap.length > 0 && !bootstrap.some((node) => isLoopbackName(node.host))) {
    throw new NetworkError('ERR_LOOPBACK_ONLY', { hint: 'the bootstrap list names other machines' })
  }

  const { transportSeed } = options
  // Made here, because a seed of another size would throw in the middle of HyperDHT's constructor.
  const keyPair = HyperDHT.keyPair(transportSeed === undefined ? undefined : Buffer.from(transportSeed))
  const udx = options.udx ?? new UDX()
  const guard = loopback ? guardLoopback(udx) : null
  const publicHost = options.publicHost === undefined ? null : checkHost(options.publicHost)
  const { remembered, shared, ports = new Set<number>() } = options
  const entrances = stays ? { list: bootstrap, remembered } : null
  const alone = stays && (await namesOnly(udx, bootstrap, { hosts: [host, publicHost], port }))
  const guess = stays && (wide || bootstrap.length > 0 || !first)
  const made = { udx, host, port, loopback, storage, keyPair, publicHost, shared, entrances, ports }
  const plan: Plan = { ...made, first: first || alone, guess }
  const answering = (nodes: readonly NodeAddress[]): Promise<readonly NodeAddress[]> =>
    nodes.length === 0 ? Promise.resolve([]) : answeringNodes(udx, host, nodes, { loopback, stays, signal })
  try {
    let live = await answering(alone ? [] : bootstrap)
    if (live.length === 0) live = await answering(remembered?.() ?? [])
    if (live.length === 0 && !first && !stays) {
      throw new NetworkError('ERR_NETWORK_UNREACHABLE', {
        hint: bootstrap.map((node) => `${node.host}:${node.port}`).join(', '),
      })
    }
    const node = live.length === 0 ? await startFirst(plan, signal) : await join(plan, live, signal)
    if (!stays) keepList(node.dht, live, bootstrap)
    return dhtNode(node, { host, guard, ports })
  } catch (error) {
    throw bindFailure(error, host, port)
  }
}

/** Loopback where nothing of the network is elsewhere. */
const defaultHost = (bootstrap: readonly NodeAddress[], publicHost: string | undefined, wide: boolean): string => {
  const hosts = [...bootstrap.map(({ host }) => host), ...(publicHost === undefined ? [] : [publicHost])]
  return isLoopbackOnly() || (!wide && hosts.every(isLoopbackName)) ? LOOPBACK_HOST : ANY_HOST
}

const settings = ({ udx, host, port, loopback, storage, keyPair, entrances }: Plan) => ({
  udx,
  host,
  // HyperDHT reads a plain 0 as 49737, and tries other ports when the one asked for is in use.
  port: port === 0 ? ([0, 0] as const) : port,
  anyPort: false,
  // One that stays finds out whether others reach it, and is one of the nodes then.
  ...(storage || entrances === null ? { ephemeral: !storage } : {}),
  // Nothing stands between loopback nodes: they need not find that out, nor punch holes to connect.
  ...(storage || loopback ? { firewalled: false } : {}),
  maxWindow: REQUESTS_WINDOW,
  randomPunchInterval: RANDOM_PUNCH_REST_MS,
  keyPair,
})

type Made = { readonly dht: HyperDHT; readonly serving: Serving; readonly ways: Ways; readonly presence: Presence }

const join = async (plan: Plan, bootstrap: readonly NodeAddress[], signal?: AbortSignal): Promise<Made> => {
  const made = prepare(new HyperDHT({ ...settings(plan), bootstrap }), plan, false)
  const { dht } = made
  const stop = new AbortController()
  const wait = (ms: number) => delay(ms, undefined, { signal: stop.signal })
  try {
    const persistent = plan.storage ? once(dht, 'persistent', { signal: stop.signal }) : Promise.resolve()
    const usable = persistent.then(() => wait(plan.loopback ? JOIN_LOOPBACK_MS : JOIN_MS))
    await orAbort(Promise.race([dht.fullyBootstrapped(), usable, wait(PERSISTENT_MS)]), signal)
    if (plan.storage && dht.ephemeral) throw new NetworkError('ERR_STORAGE_ADDRESS')
    if (plan.storage && plan.publicHost !== null && dht.host !== plan.publicHost)
      throw new NetworkError('ERR_STORAGE_ADDRESS', { hint: `others see it at ${dht.host}, not ${plan.publicHost}` })
    return made
  } catch (error) {
    await discard(dht)
    throw error
  } finally {
    stop.abort()
  }
}

const startFirst = async (plan: Plan, signal?: AbortSignal): Promise<Made> => {
  const reachedAt = plan.publicHost ?? plan.host
  if (reachedAt === ANY_HOST && !plan.guess)
    throw new NetworkError('ERR_NETWORK_HOST', { hint: 'the first node needs the address others reach it at' })
  for (let tries = 1; ; tries++) {
    // The node's id is the hash of its address, so the port has to be known before it starts.
    const port = plan.port === 0 ? await freePort(plan.udx, plan.host) : plan.port
    const host = reachedAt === ANY_HOST ? ownAddress(plan.udx, port).host : reachedAt
    const options = { ...settings({ ...plan, port, storage: true }), bootstrap: [] }
    const made = prepare(HyperDHT.bootstrapper(port, host, options), { ...plan, port }, true)
    try {
      await orAbort(made.dht.fullyBootstrapped(), signal)
      return made
    } catch (error) {
      await discard(made.dht)
      if (plan.port !== 0 || tries === FREE_PORT_TRIES || systemCode(error) !== 'EADDRINUSE') throw error
    }
  }
}

// In the tick that made the node: its sockets open in a later one.
const prepare = (dht: HyperDHT, plan: Plan, alone: boolean): Made => {
  const { loopback, entrances, shared } = plan
  checkReplySenders(dht.io)
  const serving = guardServing(dht, undefined, shared)
  const ways = watchWays(dht)
  const presence = entrances === null ? glance(dht) : createPresence({ ...plan, dht, entrances, alone })
  dht.on('error', () => undefined)
  // Binds a socket on every interface and keeps the process alive for half a second.
  if (loopback) dht.validateLocalAddresses = async () => []
  return { dht, serving, ways, presence }
}

// A silent node of the list would cost every query of a small network 6 s, so HyperDHT starts with those that answered.
// Once everybody known is lost, the whole list gets another chance.
const keepList = (dht: HyperDHT, live: readonly NodeAddress[], bootstrap: readonly NodeAddress[]): void => {
  if (live.length === bootstrap.length) return
  dht.on('remove-node', () => {
    if (dht.nodes.length === 0) dht.bootstrapNodes = bootstrap.map(({ host, port }) => ({ host, port }))
  })
}

const dhtNode = (
  { dht, serving, ways, presence }: Made,
  { host, guard, ports }: Pick<DhtNode, 'host' | 'guard'> & { readonly ports: Set<number> },
): DhtNode => {
  let closing: Promise<void> | undefined
  const port = dht.io.serverSocket?.address()?.port ?? 0
  ports.add(port)
  return {
    ...{ ...presence, dht, host, port, guard, serving, ways },
    close: () => {
      presence.close()
      closing ??= close(dht).finally(() => ports.delete(port))
      return closing
    },
  }
}

const close = async (dht: HyperDHT): Promise<void> => {
  const goodbye = Promise.allSettled([...dht.listening].map((server) => server.close()))
  const stop = new AbortController()
  await Promise.race([goodbye, delay(GOODBYE_MS, undefined, { signal: stop.signal })])
  stop.abort()
  await discard(dht)
}
