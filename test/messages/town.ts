import { encodeAddress } from '../../src/core/address.ts'
import type { Identity } from '../../src/core/identity.ts'
import type { KeyLog } from '../../src/core/key-log.ts'
import { seconds } from '../../src/core/world.ts'
import { createOwnDirectory } from '../../src/directory/client/own-directory.ts'
import { publish } from '../../src/directory/client/publish.ts'
import type { DirectoryNetwork } from '../../src/directory/network-port.ts'
import { createMailboxHost } from '../../src/mailbox/host.ts'
import { type MailboxStore, openMailboxStore } from '../../src/mailbox/mailbox-store.ts'
import type { Transport } from '../../src/network/transport.ts'
import { createPeer } from '../../src/peer/create-peer.ts'
import type { NetworkPort } from '../../src/peer/network-state.ts'
import type { Peer } from '../../src/peer/peer.ts'
import type { PeerParts } from '../../src/peer/peer-parts.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { createMemoryTransports, type MemoryTransports } from '../connection/memory-transport.ts'
import { makeWorld } from '../connection/sides.ts'
import { makeBytes } from '../core/identities.ts'
import { createMemoryNetwork, type MemoryNetwork, type MemoryOptions } from '../directory/memory-network.ts'
import { NETWORK } from '../network/states.ts'

/** Whole peers on a directory and transports in memory. */

export type Town = {
  readonly directory: MemoryNetwork
  readonly transports: MemoryTransports
  open(
    identity: Identity,
    changed?: Partial<PeerParts>,
  ): Peer & { readonly store: Store; readonly transport: Transport }
  /** The same, for somebody who keeps a mailbox. */
  openMailbox(
    identity: Identity,
    changed?: Partial<PeerParts>,
  ): Peer & { readonly store: Store; readonly transport: Transport; readonly keep: MailboxStore }
  /** Puts a log into the directory, as anyone may. */
  publish(log: KeyLog): Promise<void>
  /** From now on the directory holds nothing. */
  forget(): void
}

/** A peer in a town has no node below it. */
/** The network of peers that have a directory in memory. */
export const IN_MEMORY: NetworkPort = { state: () => NETWORK, watch: () => () => {}, onShaken: () => () => {} }

/** The transport key that an identity has in a town. */
export const transportKeyOf = ({ log }: Identity): Uint8Array => makeBytes(`transport/${encodeAddress(log.id)}`, 32)

export const createTown = (options: MemoryOptions = {}): Town => {
  const before = createMemoryNetwork(3, options)
  const town = { directory: before }
  const transports = createMemoryTransports()
  const network: DirectoryNetwork = {
    ...before.network,
    get clock() {
      return town.directory.network.clock
    },
    request: (...args) => town.directory.network.request(...args),
    seeds: (target) => town.directory.network.seeds(target),
  }
  const directory = createOwnDirectory(network)
  const open: Town['open'] = (identity, changed = {}) => {
    const store = changed.store ?? openStore(null)
    const transport = changed.transport ?? transports.add(transportKeyOf(identity))
    const world = makeWorld(encodeAddress(identity.log.id))
    const peer = createPeer({
      ...{ identity, directory, network: IN_MEMORY, world, release: async () => {} },
      ...changed,
      store,
      transport,
    })
    return Object.assign(peer, { store, transport })
  }
  return {
    get directory() {
      return town.directory
    },
    transports,
    open,
    openMailbox: (identity, changed = {}) => {
      const keep = openMailboxStore(null)
      const store = changed.store ?? openStore(null)
      const world = changed.world ?? makeWorld(`mailbox/${encodeAddress(identity.log.id)}`)
      const parts = {
        id: identity.log.id,
        directory,
        store: keep,
        now: () => seconds(world),
        random: world.random,
        isBlocked: store.blocked.has,
      }
      return Object.assign(open(identity, { mailbox: createMailboxHost(parts), world, ...changed, store }), { keep })
    },
    publish: async (log) => {
      await publish(town.directory.network, { log }, AbortSignal.timeout(60_000))
    },
    forget: () => {
      town.directory = createMemoryNetwork(3, options)
    },
  }
}
