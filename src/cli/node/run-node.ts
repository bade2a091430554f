import { once } from 'node:events'
import { concat, hex } from '../../core/bytes.ts'
import { CLOCK_MS } from '../../core/limits/connection-limits.ts'
import { createSteadyClock, type SteadyClock } from '../../core/steady-clock.ts'
import { askTimes } from '../../directory/client/heard-times.ts'
import { CLOCK_NETWORKS } from '../../directory/limits.ts'
import type { DirectoryNetwork, NodeAddress } from '../../directory/network-port.ts'
import { includeOwn } from '../../directory/node/own-storage.ts'
import { createStorage, type StorageNode } from '../../directory/node/storage.ts'
import { joinDirectory } from '../../network/directory-plugin.ts'
import { entrancesOf, parseNetwork } from '../../network/network-choice.ts'
import { createNode, type DhtNode } from '../../network/node.ts'
import { NODE_PORTS, openFurtherPorts, seenAt } from '../../network/node-ports.ts'
import type { Relay } from '../../network/relay.ts'
import { shareServing } from '../../network/serving.ts'
import type { Context } from '../context.ts'
import { readOwnLog } from '../identity/own-log.ts'
import { tellClock } from '../output/clock-event.ts'
import { EXIT } from '../output/failure.ts'
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

/** Keeps records for others, and parcels, until it is stopped. It stands below the library's face, as no other command does. */
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
  const { started, storage, home } = own
  const others = joinDirectory(started.dht, storage)
  for (const { dht } of own.further) joinDirectory(dht, storage)
  // Bound to every interface, the address others see is the one that reaches it.
  const seen = seenAt(started)
  terminal.status('')
  const directory = includeOwn(others, { storage, self: () => seen, now: clock })
  await using box = mailbox ? await openBox(context, started, directory, takeOver) : null
  await using relay = options.relay ? await openNodeRelay(started) : null
  const watched = { ...own, serving: servingOf(own), others, mailbox: box, relay }
  await using watch = http === undefined ? null : await openWatch(http, watched)
  const first = started.dht.bootstrapNodes.length === 0
  const ports = [started, ...own.further].map((node) => seenAt(node).port)
  await emit({ event: 'node', network: `${seen.host}:${seen.port}`, first, ports })
  if (relay !== null) await emit({ event: 'relaying', key: hex(relay.publicKey) })
  if (watch !== null) await emit({ event: 'watching', http: watch.address })
  using _tidying = tidy(started, storage, home)
  using _watching = watchClock(context, others, own.steady)
  if (box !== null) await box.keep()
  else if (!signal.aborted) await once(signal, 'abort')
  await home?.remember(started.port, alive(started))
  return EXIT.done
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
  readonly further: readonly DhtNode[]
  readonly storage: StorageNode
  readonly home: NodeHome | null
}

/** Joins the network as who it was before, if it was anybody. What is open is closed in the end, and when this fails. */
const start = async (
  { network: list, signal, terminal }: Context,
  { host, port, publicHost }: RunNodeOptions,
  home: NodeHome | null,
): Promise<Started> => {
  let started: DhtNode | undefined
  let further: readonly DhtNode[] = []
  // Records first: who cannot read them takes no part.
  const self = (): Uint8Array | null => idsOf(started === undefined ? [] : [started, ...further])
  const steady = steadyClock()
  const storage = createStorage({ self, steady, ...(home === null ? {} : { recordStore: home.records }) })
  try {
    // The nodes that were seen alive before count only when nobody of the list answers: they were not chosen by the operator.
    const bootstrap = list.trim() === '' ? [] : entrancesOf(parseNetwork(list))
    terminal.status('joining the network')
    const shared = shareServing(NODE_PORTS)
    const options = { host, publicHost, signal, shared, storage: true }
    started = await createNode({
      ...{ ...options, bootstrap, remembered: () => home?.known.places ?? [], first: bootstrap.length === 0 },
      port: port ?? home?.port,
      transportSeed: home?.transportSeed.export(),
    })
    // Nothing stands between those on one machine, and nobody has to find out what does.
    if (started.guard === null) further = await openFurtherPorts(started, { ...options, bootstrap })
    await home?.remember(started.port, alive(started))
  } catch (error) {
    await closeAll([...further, ...(started === undefined ? [] : [started])])
    storage.close()
    throw error
  }
  const all = [...further, started]
  const close = async (): Promise<void> => {
    await closeAll(all)
    storage.close()
  }
  return { steady, started, further, storage, home, [Symbol.asyncDispose]: close }
}

const closeAll = async (nodes: readonly DhtNode[]): Promise<void> => {
  await Promise.all(nodes.map((node) => node.close()))
}

/** One after the other; null while there is none. */
const idsOf = (nodes: readonly DhtNode[]): Uint8Array | null => {
  const ids = nodes.flatMap(({ dht }) => (dht.id === null ? [] : [dht.id]))
  return ids.length === 0 ? null : concat(...ids)
}

/** What all ports of this machine do for others. */
const servingOf = ({ started, further }: Pick<Started, 'started' | 'further'>): Watched['serving'] => ({
  get counts() {
    const all = [started, ...further].map(({ serving }) => serving.counts)
    const sum = (name: keyof DhtCounts): number => all.reduce((total, counts) => total + counts[name], 0)
    return {
      ...{ requests: sum('requests'), limited: sum('limited'), announcements: sum('announcements') },
      ...{ values: sum('values'), bytes: sum('bytes') },
    }
  },
})

const alive = ({ dht }: DhtNode): readonly NodeAddress[] => dht.toArray()

/** Between two looks at what other nodes say of the time, milliseconds. */
const CLOCK_EVERY_MS = 3_600_000

/** A node whose clock is wrong refuses what is right: its operator is told once, until it is set. */
const watchClock = (context: Context, others: DirectoryNetwork, steady: SteadyClock): Disposable => {
  const { signal } = context
  let told = false
  const ask = async (): Promise<void> => {
    const said = await askTimes(others, { clock: Date.now }, AbortSignal.any([signal, AbortSignal.timeout(CLOCK_MS)]))
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
const tidy = (started: DhtNode, storage: StorageNode, home: NodeHome | null): Disposable => {
  const work = async (): Promise<void> => {
    try {
      storage.sweep(clock())
      await home?.remember(started.port, alive(started))
    } catch (error) {
      // A disk that is full now may have room in a minute; what needs it says so by itself.
      process.emitWarning(error instanceof Error ? error : String(error))
    }
  }
  const timer = setInterval(() => void work(), TIDY_MS)
  return { [Symbol.dispose]: () => clearInterval(timer) }
}
