import { once } from 'node:events'
import { concat, hex } from '../../core/bytes.ts'
import { CLOCK_MS } from '../../core/limits/connection-limits.ts'
import { createSteadyClock, type SteadyClock } from '../../core/steady-clock.ts'
import type { Directory } from '../../directory/client/directory.ts'
import { CLOCK_NETWORKS } from '../../directory/limits.ts'
import type { DirectoryNetwork, NodeAddress } from '../../directory/network-port.ts'
import { includeOwn } from '../../directory/node/own-storage.ts'
import { createStorage, type StorageNode } from '../../directory/node/storage.ts'
import { directoriesOver } from '../../network/directories.ts'
import { joinDirectory } from '../../network/directory-plugin.ts'
import { entrancesOf, parseNetwork } from '../../network/network-choice.ts'
import { createNode, type DhtNode } from '../../network/node.ts'
import { type FurtherPorts, keepFurtherPorts, NODE_PORTS, seenAt } from '../../network/node-ports.ts'
import type { Relay } from '../../network/relay.ts'
import { shareServing } from '../../network/serving.ts'
import { whenJoined } from '../../peer/network-state.ts'
import type { Context } from '../context.ts'
import { readOwnLog } from '../identity/own-log.ts'
import { tellClock } from '../output/clock-event.ts'
import { EXIT } from '../output/failure.ts'
import { networkEvent } from '../output/network-event.ts'
import { type NodeHome, openNodeHome } from './node-home.ts'
import type { openNodeMailbox } from './node-mailbox.ts'
import type { DhtCounts } from './node-metrics.ts'
import type { Watched, watchNode } from './node-watch.ts'

export type RunNodeOptions = {
  readonly host: string | undefined
  /** IPv4 address that others reach it at, when that is another one than it is bound to */
  readonly publicHost: string | undefined
  readonly port: number | undefined
  /** whether the identity of the data folder keeps a mailbox here */
  readonly mailbox: boolean
  /** whether it forwards for peers that cannot reach each other */
  readonly relay: boolean
  /** whether what it keeps, and what others know it by, is in the data folder */
  readonly persistent: boolean
  /** where its health and its numbers can be asked for */
  readonly http: NodeAddress | undefined
  /** whether a copy of its folder that keeps a mailbox elsewhere has to stop */
  readonly takeOver?: boolean | undefined
}

/** Most nodes keep no mailbox and have nobody who asks: what only those need is half of all that a node loads. */
const openBox: typeof openNodeMailbox = async (...args) => (await import('./node-mailbox.ts')).openNodeMailbox(...args)
const openWatch: typeof watchNode = async (...args) => (await import('./node-watch.ts')).watchNode(...args)

/** Between two looks at who is alive and what has expired, milliseconds. */
const TIDY_MS = 60_000

/**
 * Keeps records for others, and parcels, until it is stopped. Who was given a list and finds nobody waits for them, and is there for others
 * meanwhile. It stands below the library's face, as no other command does.
 */
export const runNode = async (context: Context, options: RunNodeOptions): Promise<number> => {
  const { folder, signal, terminal, emit } = context
  const { mailbox, persistent, http, takeOver } = options
  // Before the network hears of it: a mailbox without an identity is none.
  if (mailbox) await readOwnLog(folder)
  await using own = await start(
    context,
    options,
    persistent ? await openNodeHome(folder, context.network.trim()) : null,
  )
  const { started, storage, home, others: requests } = own
  terminal.status('')
  const withOwn = includeOwn(requests, { storage, self: () => seenAt(started), now: clock })
  const { directory, others } = directoriesOver(started.dht, { others: requests, withOwn })
  await using box = mailbox ? await openBox(context, started, directory, takeOver) : null
  await using relay = options.relay ? await openNodeRelay(started) : null
  const watched = { ...own, serving: servingOf(own), others, mailbox: box, relay }
  await using watch = http === undefined ? null : await openWatch(http, watched)
  using _tidying = tidy(own)
  using _watching = watchClock(context, others, own.steady)
  const isWaiting = started.state().state === 'waiting'
  if (isWaiting) {
    await emit(networkEvent(started.state()))
    if (watch !== null) await emit({ event: 'watching', http: watch.address })
    if (!(await joins(started, signal))) return EXIT.done
  }
  await own.further.settled()
  const { host, port } = seenAt(started)
  const first = started.dht.bootstrapNodes.length === 0 && !isWaiting
  await emit({ event: 'node', network: `${host}:${port}`, first, ports: [started, ...own.further.nodes].map(portOf) })
  if (relay !== null) await emit({ event: 'relaying', key: hex(relay.publicKey) })
  if (watch !== null && !isWaiting) await emit({ event: 'watching', http: watch.address })
  await home?.remember(started.port, alive(own))
  // The one who keeps a mailbox tells of its network too.
  if (box !== null) await box.keep()
  else await tellNetwork(context, started)
  await home?.remember(started.port, alive(own))
  return EXIT.done
}

const portOf = (node: DhtNode): number => seenAt(node).port

/** @returns whether that happened before the signal was aborted */
const joins = (node: DhtNode, signal: AbortSignal): Promise<boolean> =>
  whenJoined(node, signal).then(
    () => true,
    () => false,
  )

/** Tells when the network is gone and when it is back, until it is stopped. */
const tellNetwork = async ({ emit, signal }: Context, node: DhtNode): Promise<void> => {
  let { state } = node.state()
  const end = node.watch((now) => {
    if (now.state === state) return
    state = now.state
    void emit(networkEvent(now))
  })
  if (!signal.aborted) await once(signal, 'abort')
  end()
}

const openNodeRelay = async (node: DhtNode): Promise<Relay & AsyncDisposable> => {
  const { openRelay } = await import('../../network/relay.ts')
  const relay = await openRelay(node)
  // Not spread: its counts are read anew each time.
  return Object.assign(relay, { [Symbol.asyncDispose]: relay.close })
}

const clock = (): number => Math.floor(Date.now() / 1000)

/** What is sure of this machine's clock. */
const steadyClock = (): SteadyClock => createSteadyClock({ clock: Date.now, counting: () => performance.now() })

type Started = AsyncDisposable & {
  readonly steady: SteadyClock
  readonly started: DhtNode
  /** nodes on the other ports of this machine */
  readonly further: FurtherPorts
  /** UDP ports of all of them */
  readonly ports: ReadonlySet<number>
  readonly storage: StorageNode
  /** the network without this machine's nodes */
  readonly others: DirectoryNetwork
  readonly home: NodeHome | null
}

/** On loopback nothing stands between anybody, and one port is enough. */
const NO_FURTHER: FurtherPorts = { nodes: [], settled: async () => {}, close: async () => {} }

/** Joins the network as who it was before, if it was anybody. What is open is closed in the end, and when this fails. */
const start = async (
  { network: list, signal, terminal }: Context,
  { host, port, publicHost }: RunNodeOptions,
  home: NodeHome | null,
): Promise<Started> => {
  let started: DhtNode | undefined
  let further = NO_FURTHER
  // Records first: who cannot read them takes no part.
  const self = (): Uint8Array | null => idsOf(started === undefined ? [] : [started, ...further.nodes])
  const steady = steadyClock()
  const storage = createStorage({ self, steady, ...(home === null ? {} : { recordStore: home.records }) })
  const close = async (): Promise<void> => {
    await further.close()
    await started?.close()
    storage.close()
  }
  try {
    // The nodes that were seen alive before count only when nobody of the list answers: they were not chosen by the operator.
    const choice = list.trim() === '' ? null : parseNetwork(list)
    const bootstrap = choice === null ? [] : entrancesOf(choice)
    terminal.status('joining the network')
    const ports = new Set<number>()
    const shared = shareServing(NODE_PORTS)
    const wide = choice !== null && choice.kind !== 'own'
    const remembered = () => home?.known.places ?? []
    const options = { bootstrap, remembered, host, publicHost, wide, signal, shared, ports, storage: true }
    started = await createNode({
      ...{ ...options, stays: true, first: bootstrap.length === 0 },
      ...{ port: port ?? home?.port, transportSeed: home?.transportSeed.export() },
    })
    const others = joinDirectory(started.dht, storage)
    if (started.guard === null)
      further = keepFurtherPorts(started, options, ({ dht }) => void joinDirectory(dht, storage))
    await further.settled()
    return { steady, started, further, ports, storage, others, home, [Symbol.asyncDispose]: close }
  } catch (error) {
    await close()
    throw error
  }
}

/** One after the other; null while there is none. */
const idsOf = (nodes: readonly DhtNode[]): Uint8Array | null => {
  const ids = nodes.flatMap(({ dht }) => (dht.id === null ? [] : [dht.id]))
  return ids.length === 0 ? null : concat(...ids)
}

/** What all ports of this machine do for others. */
const servingOf = ({ started, further }: Pick<Started, 'started' | 'further'>): Watched['serving'] => ({
  get counts() {
    const all = [started, ...further.nodes].map(({ serving }) => serving.counts)
    const sum = (name: keyof DhtCounts): number => all.reduce((total, counts) => total + counts[name], 0)
    return {
      ...{ requests: sum('requests'), limited: sum('limited'), announcements: sum('announcements') },
      ...{ values: sum('values'), bytes: sum('bytes') },
    }
  },
})

/** Others, without this machine's own ports. */
const alive = ({ started: { dht }, ports }: Pick<Started, 'started' | 'ports'>): readonly NodeAddress[] =>
  dht.toArray().filter(({ host, port }) => host !== dht.host || !ports.has(port))

/** Between two looks at what other nodes say of the time, milliseconds. */
const CLOCK_EVERY_MS = 3_600_000

/** A node whose clock is wrong refuses what is right: its operator is told once, until it is set. */
const watchClock = (context: Context, others: Directory, steady: SteadyClock): Disposable => {
  const { signal } = context
  let told = false
  const ask = async (): Promise<void> => {
    const said = await others.askTimes({ clock: Date.now }, AbortSignal.any([signal, AbortSignal.timeout(CLOCK_MS)]))
    // The nodes of one network may be one owner's, with one clock.
    if (said.off || said.networks >= CLOCK_NETWORKS) steady.hear(!said.off)
    const wasTold = told
    told = said.off
    if (!wasTold && !signal.aborted) await tellClock(context, said)
  }
  const look = (): void => void ask().catch(() => {})
  look()
  const timer = setInterval(look, CLOCK_EVERY_MS)
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

/** Drops what has expired, and remembers who is alive: a node that is killed comes back all the same. */
const tidy = (own: Pick<Started, 'started' | 'ports' | 'storage' | 'home'>): Disposable => {
  const { started, storage, home } = own
  const work = async (): Promise<void> => {
    try {
      storage.sweep(clock())
      await home?.remember(started.port, alive(own))
    } catch (error) {
      // A disk that is full now may have room in a minute; what needs it says so by itself.
      process.emitWarning(error instanceof Error ? error : String(error))
    }
  }
  const timer = setInterval(() => void work(), TIDY_MS)
  return { [Symbol.dispose]: () => clearInterval(timer) }
}
