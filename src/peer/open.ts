import { randomBytes } from 'node:crypto'
import { encodeAddress } from '../core/address.ts'
import { StoreError } from '../core/errors.ts'
import { createIdentity, createIdentityBy, type Identity } from '../core/identity.ts'
import type { RootSigner } from '../core/root-key.ts'
import { joinDirectory } from '../directory/plugin.ts'
import { createStorage } from '../directory/storage.ts'
import { type NodeAddress, parseBootstrap } from '../network/bootstrap-list.ts'
import { createNode } from '../network/node.ts'
import { createTransport } from '../network/transport.ts'
import { type Floors, loadFloors, memoryFloors } from '../store/floors-file.ts'
import { createVault, openVault, type Passphrase, readVault, refuseExisting } from '../store/vault.ts'
import { createPeer, type Peer } from './peer.ts'
import { seconds, type World } from './ports.ts'

/** Puts the real parts together: disk, DHT node, transport, clock and the operating system's randomness. */

export type OpenOptions = {
  /** Data folder. Without one the identity lives in memory and is gone with the process. */
  readonly folder?: string | undefined
  /** What the folder is sealed under; a function is called only when it is needed. Default: none, a key file seals it. */
  readonly passphrase?: Passphrase | undefined
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

export type InitializeOptions = {
  /** Seals the private keys. Default: none, and a random key in a file beside them does. */
  readonly passphrase?: string | null | undefined
  /**
   * Signs as the root key, which stays where it is: on a token, in a TPM. Default: a root key is made here, and sealed with the
   * others.
   */
  readonly root?: RootSigner | undefined
}

/**
 * Makes an identity in a data folder that has none.
 * @returns its address and the recovery phrase (24 words), which is stored nowhere
 * @throws StoreError ERR_STORE_EXISTS, _PASSPHRASE when it is empty, _KEY_FILE, _PERMISSION, _FULL, _IO; KeyError ERR_SIGNER; what the
 *   signer throws
 */
export const initialize = async (
  folder: string,
  { passphrase = null, root }: InitializeOptions = {},
): Promise<{ address: string; phrase: string }> => {
  const [now, random] = [seconds(systemWorld), systemWorld.random]
  await refuseExisting(folder)
  const { identity, phrase } =
    root === undefined ? createIdentity(now, random) : await createIdentityBy(root, now, random)
  await createVault(folder, identity, passphrase)
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
  passphrase = null,
  onRecoveryPhrase,
}: OpenOptions): Promise<{ identity: Identity; floors: Floors }> => {
  const now = seconds(systemWorld)
  if (folder === undefined)
    return { identity: createIdentity(now, systemWorld.random).identity, floors: memoryFloors() }
  const { identity } = await openVault(folder, passphrase, now).catch(async (error: unknown) => {
    const missing = error instanceof StoreError && error.code === 'ERR_STORE_MISSING'
    if (!missing || onRecoveryPhrase === undefined) throw error
    const given = typeof passphrase === 'function' ? await passphrase() : passphrase
    const { phrase } = await initialize(folder, { passphrase: given })
    onRecoveryPhrase(phrase)
    return openVault(folder, given, now)
  })
  return { identity, floors: await loadFloors(folder) }
}

/**
 * Opens a peer that only reads: it stands for nobody, needs no passphrase, and holds what it finds against what the identity of the
 * folder, if there is one, saw before.
 * @throws as `openPeer`
 */
export const openReader = async (options: OpenOptions & { readonly folder: string }): Promise<Peer> => {
  const bootstrap = parseBootstrap(options.bootstrap)
  const { folder } = options
  const known = await readVault(folder, seconds(systemWorld)).catch((error: unknown) => {
    if (error instanceof StoreError && error.code === 'ERR_STORE_MISSING') return null
    throw error
  })
  const floors = known === null ? memoryFloors() : await loadFloors(folder)
  const { identity } = createIdentity(seconds(systemWorld), systemWorld.random)
  return joinNetwork(identity, floors, bootstrap, options)
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
