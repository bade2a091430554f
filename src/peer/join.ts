import { createContacts } from '../contacts/contact-api.ts'
import type { Identity } from '../core/identity.ts'
import { exportSecret } from '../core/kdf.ts'
import { createSteadyClock } from '../core/steady-clock.ts'
import { seconds, type World } from '../core/world.ts'
import type { Directory } from '../directory/client/directory.ts'
import { includeOwn } from '../directory/node/own-storage.ts'
import type { Storage, StorageNode } from '../directory/node/storage.ts'
import { systemWorld } from '../identity/system-world.ts'
import { createMailboxHost, type MailboxCounts, type MailboxHost } from '../mailbox/host.ts'
import { nameMailboxes } from '../messages/named-mailboxes.ts'
import { createBeacon } from '../network/beacon.ts'
import { directoriesOver } from '../network/directories.ts'
import { joinDirectory } from '../network/directory-plugin.ts'
import { createEntrances } from '../network/entrances.ts'
import { entrancesOf, type NetworkChoice, writeNetwork } from '../network/network-choice.ts'
import { createNode, type DhtNode } from '../network/node.ts'
import { parseNodes } from '../network/node-list.ts'
import { createTransport } from '../network/transport.ts'
import { type KnownNodes, openKnownNodes } from '../store/known-nodes.ts'
import type { Store } from '../store/store.ts'
import { createPeer } from './create-peer.ts'
import { keptTime } from './kept-time.ts'
import { openKeptMailbox } from './mailbox-kept.ts'
import { nameRelay } from './named-relay.ts'
import type { LanPort } from './nearby.ts'
import type { Peer } from './peer.ts'
import type { PeerEvent } from './peer-events.ts'
import type { PeerParts } from './peer-parts.ts'
import { openRecords } from './peer-records.ts'

/** Puts a peer onto a network: DHT node, directory, transport, and a mailbox if it keeps one. */

export type JoinOptions = {
  readonly host?: string | undefined
  readonly port?: number | undefined
  /** Data folder of records and mailbox; without one they are in memory. */
  readonly folder?: string | undefined
  /** Whether to do without others at first, and to stay in the network from then on. Default: false. */
  readonly waitForNetwork?: boolean | undefined
  readonly storage?: boolean | undefined
  readonly mailbox?: boolean | undefined
  readonly mailboxes?: readonly string[] | undefined
  readonly relayThrough?: string | undefined
  readonly app?: string | undefined
  readonly clockIsRight?: boolean | undefined
  readonly takeOver?: boolean | undefined
  /** Whether others are asked for on the local network, and answered there. Default: unless the network is kept on this machine. */
  readonly beacon?: boolean | undefined
  /** UDP port of its questions, and on a network that is kept on this machine the word that there is one. Default: 18502. */
  readonly beaconPort?: number | undefined
  readonly signal?: AbortSignal | undefined
}

type Joining = {
  readonly identity: Identity
  readonly store: Store
  readonly network: NetworkChoice
  readonly release: () => void
  /** What happened before the peer was there to tell it. */
  readonly early: readonly PeerEvent[]
}

/** @throws those of `createNode`; AddressError, ContactError, MailboxError, PeerError for `mailboxes`; PeerError ERR_PEER_APPLICATION; StoreError */
export const joinNetwork = async ({ network, release, ...own }: Joining, options: JoinOptions): Promise<Peer> => {
  const { storage = false, mailboxes, relayThrough, folder, app, clockIsRight, takeOver } = options
  const { identity, store } = own
  if (mailboxes !== undefined) nameMailboxes(store, createContacts(store, systemWorld), identity.log.id, mailboxes)
  if (relayThrough !== undefined) nameRelay(store, relayThrough)
  const known = folder === undefined ? null : await openKnownNodes(folder, writeNetwork(network))
  const node = await startNode(network, known, options)
  const remembering = remember(node, known, options)
  let records: StorageNode | undefined
  const end = async (): Promise<void> => {
    await remembering.end()
    await node.close()
    records?.close()
    release()
  }
  try {
    const world = worldOf(store)
    records = openRecords({ storage, folder }, { self: () => node.dht.id, steady: world.steady })
    const { directory, ...asking } = chooseDirectory(node, records)
    const mailbox = options.mailbox === true ? openMailbox(own, directory, { folder: folder ?? null, world }) : null
    const early = [...own.early, ...(mailbox?.early ?? [])]
    const lan = openLan(node, { id: identity.log.id, world }, options)
    const given = { directory, ...asking, mailbox: mailbox?.host, world, app, clockIsRight, takeOver, met: known?.met }
    return putTogether(node, { ...own, ...given, lan, early, release: end })
  } catch (error) {
    await remembering.end()
    await node.close()
    records?.close()
    throw error
  }
}

/** One that waits is the first node of its own network meanwhile, and the local one is found. */
const startNode = (
  network: NetworkChoice,
  known: KnownNodes | null,
  { host, port, storage, waitForNetwork, signal }: JoinOptions,
): Promise<DhtNode> =>
  createNode({
    ...{ bootstrap: entrancesOf(network), remembered: () => known?.places ?? [] },
    // On the local network others are found only when they are asked for: there is nobody to begin with.
    stays: waitForNetwork === true || network.kind === 'lan',
    ...{ host, port, storage, wide: network.kind !== 'own', signal },
  })

/**
 * The directory that goes with a network: what its nodes answer decides. Every peer is one of them once others reach it, and its own copy
 * counts; for what it wants to know of itself it asks the others alone.
 */
const chooseDirectory = (
  node: DhtNode,
  storage: Storage,
): Required<Pick<PeerParts, 'directory' | 'others' | 'understood'>> => {
  const others = joinDirectory(node.dht, storage)
  const self = () => {
    const { entrance } = node.state()
    return entrance === null ? null : (parseNodes(entrance)[0] ?? null)
  }
  const withOwn = includeOwn(others, { storage, self, now: () => seconds(systemWorld) })
  const { understood, ...both } = directoriesOver(node.dht, { others, withOwn })
  return { ...both, understood: () => understood()?.understood ?? null }
}

/** Between two looks at who is alive, milliseconds. */
const REMEMBER_MS = 60_000

/** Writes down who is alive: at the start, each minute, and in the end. Only who listens has the folder for itself. */
const remember = (
  node: DhtNode,
  known: KnownNodes | null,
  { waitForNetwork = false }: JoinOptions,
): { end(): Promise<void> } => {
  // A disk that is full has room for it later, and says so to who needs it.
  const write = async (): Promise<void> => known?.remember(node.dht.toArray()).catch(() => {})
  if (known === null || !waitForNetwork) return { end: async () => {} }
  void write()
  const timer = setInterval(() => void write(), REMEMBER_MS)
  timer.unref()
  return {
    end: () => {
      clearInterval(timer)
      return write()
    },
  }
}

/** @throws StoreError ERR_STORE_* */
const openMailbox = (
  { identity, store }: Pick<PeerParts, 'identity' | 'store'>,
  directory: Directory,
  { folder, world }: { readonly folder: string | null; readonly world: World },
): { readonly host: MailboxHost; readonly early: readonly PeerEvent[] } => {
  const { random, steady } = world
  const { mailbox, early } = openKeptMailbox(folder, store)
  const parts = { id: identity.log.id, directory, store: mailbox, now: () => seconds(world), steady, random }
  return { host: createMailboxHost({ ...parts, isBlocked: store.blocked.has }), early }
}

/** This machine's, with what is sure of its clock. */
const worldOf = (store: Store): World => ({
  ...systemWorld,
  steady: createSteadyClock({ ...systemWorld, kept: keptTime(store) }),
})

/** None on a network that is kept on this machine: it would be heard by whatever else runs here. */
const openLan = (
  { guard, dht, state }: DhtNode,
  { id, world }: { readonly id: Uint8Array; readonly world: World },
  { beacon = true, beaconPort }: Pick<JoinOptions, 'beacon' | 'beaconPort'>,
): LanPort | undefined => {
  if (!beacon || (guard !== null && beaconPort === undefined)) return undefined
  const reach = guard === null ? 'lan' : 'loopback'
  const port = (): number => state().port
  return {
    beacon: createBeacon({ ids: [id], port, world, guard, reach, beaconPort }),
    enter: createEntrances(dht).add,
  }
}

const putTogether = (node: DhtNode, parts: Omit<PeerParts, 'transport' | 'network'>): Peer => {
  const seed = exportSecret(parts.identity.transportSeed)
  const transport = createTransport(node, seed)
  seed.fill(0)
  return createPeer({ ...parts, transport, network: node })
}

export type MailboxPeer = {
  readonly peer: Peer
  /** What its mailbox keeps and has done. @throws StoreError */
  readonly counts: () => MailboxCounts
}

/**
 * A peer that only keeps a mailbox, on a node that is there already, and stays there when the mailbox closes. It talks to nobody.
 * @throws StoreError ERR_STORE_*
 */
export const createMailboxPeer = (
  node: DhtNode,
  directory: Directory,
  own: Pick<PeerParts, 'identity' | 'store' | 'release' | 'clockIsRight' | 'takeOver'> & { readonly folder: string },
): MailboxPeer => {
  const { folder, ...parts } = own
  const world = worldOf(parts.store)
  const { host, early } = openMailbox(parts, directory, { folder, world })
  const put = { ...parts, directory, mailbox: host, world, early, talks: false }
  return { peer: putTogether(node, put), counts: host.counts }
}
