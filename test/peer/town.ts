import { encodeAddress } from '../../src/core/address.ts'
import type { Identity } from '../../src/core/identity.ts'
import type { KeyLog } from '../../src/core/key-log.ts'
import { publish } from '../../src/directory/publish.ts'
import { createPeer, type Peer, type PeerParts } from '../../src/peer/peer.ts'
import type { Transport } from '../../src/peer/ports.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { makeBytes } from '../core/identities.ts'
import { createMemoryNetwork, type MemoryNetwork } from '../directory/memory-network.ts'
import { createMemoryTransports, type MemoryTransports } from './memory-transport.ts'
import { makeWorld } from './sides.ts'

/** Whole peers on a directory and transports in memory. */

export type Town = {
  readonly directory: MemoryNetwork
  readonly transports: MemoryTransports
  open(
    identity: Identity,
    changed?: Partial<PeerParts>,
  ): Peer & { readonly store: Store; readonly transport: Transport }
  /** Puts a log into the directory, as anyone may. */
  publish(log: KeyLog): Promise<void>
  /** From now on the directory holds nothing. */
  forget(): void
}

/** The transport key that an identity has in a town. */
export const transportKeyOf = ({ log }: Identity): Uint8Array => makeBytes(`transport/${encodeAddress(log.id)}`, 32)

export const createTown = (): Town => {
  const before = createMemoryNetwork(3)
  const town = { directory: before }
  const transports = createMemoryTransports()
  return {
    get directory() {
      return town.directory
    },
    transports,
    open: (identity, changed = {}) => {
      const store = changed.store ?? openStore(null)
      const transport = changed.transport ?? transports.add(transportKeyOf(identity))
      const peer = createPeer({
        identity,
        directory: {
          walk: (...args) => town.directory.network.walk(...args),
          request: (...args) => town.directory.network.request(...args),
        },
        world: makeWorld(encodeAddress(identity.log.id)),
        release: async () => {},
        ...changed,
        store,
        transport,
      })
      return { ...peer, store, transport }
    },
    publish: async (log) => {
      await publish(town.directory.network, { log }, AbortSignal.timeout(5_000))
    },
    forget: () => {
      town.directory = createMemoryNetwork(3)
    },
  }
}
