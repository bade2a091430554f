import { randomBytes } from 'node:crypto'
import { encodeAddress } from '../core/address.ts'
import { StoreError } from '../core/errors.ts'
import { createIdentity, type Identity } from '../core/identity.ts'
import { joinDirectory } from '../directory/plugin.ts'
import { createStorage } from '../directory/storage.ts'
import { type NodeAddress, parseBootstrap } from '../network/bootstrap-list.ts'
import { createNode } from '../network/node.ts'
import { createTransport } from '../network/transport.ts'
import { type Floors, loadFloors, memoryFloors } from '../store/floors-file.ts'
import { loadIdentity, saveIdentity } from '../store/identity-file.ts'
import { createPeer, type Peer } from './peer.ts'
import { seconds, type World } from './ports.ts'

/** Puts the real parts together: disk, DHT node, transport, clock and the operating system's randomness. */

export type OpenOptions = {
  /** Data folder. Without one the identity lives in memory and is gone with the process. */
  readonly folder?: string | undefined
  /** At least one node of the network: 'host:port', several separated by commas, or a list. */
  readonly bootstrap: string | readonly string[]
  /** Called once when the folder held no identity and one was made: show the 24 words to the owner and forget them. */
  readonly onRecoveryPhrase?: ((phrase: string) => void) | undefined
  /** Address to bind; default: 127.0.0.1 when all bootstrap nodes are there, else every interface. */
  readonly host?: string | undefined
  /** UDP port; default: any free one. */
  readonly port?: number | undefined
  /** Also store records for others, so that peers can bootstrap from this one; it must be reachable. Default: false. */
  readonly storage?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

export const systemWorld: World = {
  clock: () => Date.now(),
  random: (size) => Uint8Array.from(randomBytes(size)),
}

/**
 * Makes an identity in a data folder that has none.
 * @returns its address and the recovery phrase (24 words), which is stored nowhere
 * @throws StoreError ERR_STORE_EXISTS, _PERMISSION, _FULL, _IO
 */
export const initialize = async (folder: string): Promise<{ address: string; phrase: string }> => {
  const { identity, phrase } = createIdentity(seconds(systemWorld), systemWorld.random)
  await saveIdentity(folder, identity, { create: true })
  return { address: encodeAddress(identity.log.id), phrase }
}

/**
 * Opens a peer: its identity from disk (or a new one), a node on the network, and nothing else yet.
 * @throws StoreError ERR_STORE_*; NetworkError ERR_BOOTSTRAP_MISSING, _FORMAT, ERR_NETWORK_UNREACHABLE, _HOST, ERR_PORT_IN_USE
 */
export const openPeer = async (options: OpenOptions): Promise<Peer> => {
  const bootstrap = parseBootstrap(options.bootstrap)
  const { identity, floors } = await loadFolder(options)
  return joinNetwork(identity, floors, bootstrap, options)
}

const loadFolder = async ({
  folder,
  onRecoveryPhrase,
}: OpenOptions): Promise<{ identity: Identity; floors: Floors }> => {
  const now = seconds(systemWorld)
  if (folder === undefined)
    return { identity: createIdentity(now, systemWorld.random).identity, floors: memoryFloors() }
  const identity = await loadIdentity(folder, now).catch(async (error: unknown) => {
    const missing = error instanceof StoreError && error.code === 'ERR_STORE_MISSING'
    if (!missing || onRecoveryPhrase === undefined) throw error
    const { phrase } = await initialize(folder)
    onRecoveryPhrase(phrase)
    return loadIdentity(folder, now)
  })
  return { identity, floors: await loadFloors(folder) }
}

const joinNetwork = async (
  identity: Identity,
  floors: Floors,
  bootstrap: readonly NodeAddress[],
  { host, port, storage, signal }: OpenOptions,
): Promise<Peer> => {
  const node = await createNode({ bootstrap, host, port, storage, signal })
  try {
    const directory = joinDirectory(node.dht, createStorage())
    const transport = createTransport(node, identity.transportSeed.export())
    return createPeer({ identity, directory, transport, floors, world: systemWorld, release: node.close })
  } catch (error) {
    await node.close()
    throw error
  }
}
