import { StoreError } from '../core/errors.ts'
import { createIdentity } from '../core/identity.ts'
import { seconds } from '../core/world.ts'
import type { Directory } from '../directory/client/directory.ts'
import { initialize } from '../identity/initialize.ts'
import { chooseNetwork } from '../identity/remembered-network.ts'
import { systemWorld } from '../identity/system-world.ts'
import { type NetworkChoice, parseNetwork } from '../network/network-choice.ts'
import type { DhtNode } from '../network/node.ts'
import { type FolderLock, lockIdentity } from '../store/lock.ts'
import { openOwnStore, openStore, type Store } from '../store/store.ts'
import { openVault, type Passphrase, readVault, type Vault } from '../store/vault.ts'
import { checkApplication } from './create-peer.ts'
import { createMailboxPeer, joinNetwork, type MailboxPeer } from './join.ts'
import { parseRelay } from './named-relay.ts'
import type { Peer } from './peer.ts'
import type { PeerEvent } from './peer-events.ts'

/** Opens peers on data folders: lock, vault and store, and then the network. */

/** With what a peer is opened. */
export type OpenOptions = {
  /** Data folder. Without one the identity lives in memory and is gone with the process. */
  readonly folder?: string | undefined
  /** What the folder is sealed under; a function is called only when it is needed. Default: none, a key file seals it. */
  readonly passphrase?: Passphrase | undefined
  /**
   * The network, for this time: 'public', the HyperDHT network of thousands of nodes that strangers keep, who see which addresses are asked
   * for; 'lan', nothing beyond the local network; or nodes of one's own, 'host:port', several separated by commas, or a list. '': the one
   * that the folder remembers, which is the one it was made with.
   */
  readonly network: string | readonly string[]
  /**
   * Whether to open without a network, and to wait for it: `network` events and `Peer.network` tell. Meanwhile this peer is the first
   * node of its own, through which others can come in. Default: what `listen` is.
   */
  readonly waitForNetwork?: boolean | undefined
  /**
   * Called when the folder holds no identity, and waited for, before the new one is kept: show the 24 words to the owner and forget them.
   * When it throws, nothing was made. Without it no identity is made, since its phrase would be lost: `ERR_STORE_MISSING`.
   */
  readonly onRecoveryPhrase?: ((phrase: string) => void | Promise<void>) | undefined
  /** Whether to come online at once: see `Peer.listen`. Default: true. */
  readonly listen?: boolean | undefined
  /** The application: two programs on one identity do not see each other's messages. Default: `handfast`, the command line's. */
  readonly app?: string | undefined
  /** Address to bind; default: 127.0.0.1 when all nodes of the network's list are there, else every interface. */
  readonly host?: string | undefined
  /**
   * Whether the local network is asked for whom you look for, and told that you are there by who asks for your address while you are online:
   * see docs/spec/lan.md. Never on a network that is kept on 127.0.0.1. Default: true.
   */
  readonly beacon?: boolean | undefined
  /** UDP port; default: a free one. */
  readonly port?: number | undefined
  /** Also store records for others, in the folder, so that peers can enter the network through this one; it must be reachable. Default: false. */
  readonly storage?: boolean | undefined
  /** Also keep a mailbox for those whose cards name this identity. Default: false. */
  readonly mailbox?: boolean | undefined
  /**
   * When a copy of the folder runs elsewhere as the same device, the one that was opened later is refused with `ERR_STORE_TWIN`. With this
   * it goes on, and the other one stops. Default: false.
   */
  readonly takeOver?: boolean | undefined
  /** Up to three mailboxes, by address, link or name, for this identity's card to name; remembered. Default: those the folder remembers. */
  readonly mailboxes?: readonly string[] | undefined
  /**
   * A relay for this identity's card to name, which others come through who cannot reach it directly: the key that `handfast node --relay`
   * prints, or 'none'; remembered. Default: the one that the folder remembers.
   */
  readonly relayThrough?: string | undefined
  /**
   * Your word that this computer's clock is right, whatever the network says: there is no ERR_CLOCK then, and no `clock` event. Default:
   * false.
   */
  readonly clockIsRight?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Opens a peer: its identity from disk (or a new one), a node on the network, and online unless `listen` is false. It waits for a network that
 * is not there yet for as long as the signal allows; with `listen: false` for some seconds. One program at a time opens a folder.
 * @throws StoreError ERR_STORE_*; AddressError, ContactError, MailboxError ERR_MAILBOX_COUNT, PeerError ERR_PEER_SELF for `mailboxes`;
 *   PeerError ERR_PEER_APPLICATION; NetworkError ERR_NETWORK_MISSING, _FORMAT, ERR_NETWORK_UNREACHABLE, _HOST, ERR_PORT_IN_USE,
 *   ERR_RELAY_KEY; those of `Peer.listen`
 */
export const openPeer = async (options: OpenOptions): Promise<Peer> => {
  const { folder } = options
  // Before an identity is made for it.
  if (options.app !== undefined) checkApplication(options.app)
  if (options.relayThrough !== undefined) parseRelay(options.relayThrough)
  const given = options.network.length === 0 ? null : parseNetwork(options.network)
  const waiting = { ...options, waitForNetwork: options.waitForNetwork ?? options.listen ?? true }
  if (folder === undefined) {
    const network = given ?? parseNetwork('')
    const { identity } = createIdentity(seconds(systemWorld), systemWorld.random)
    const store = openStore(null)
    return comeOnline(await joinNetwork({ identity, store, network, release: () => {}, early: [] }, waiting), options)
  }
  const { passphrase, made } = await prepareFolder(folder, options)
  const peer = await openLocked(folder, passphrase, async ({ identity }, lock, store) => {
    const network: NetworkChoice = chooseNetwork(options.network, store)
    const early: readonly PeerEvent[] = made === null ? [] : [{ type: 'created', address: made }]
    return joinNetwork({ identity, store, network, release: lock.release, early }, waiting)
  })
  return comeOnline(peer, options)
}

/** A peer that cannot be found as it was to be is none. */
const comeOnline = async (peer: Peer, { listen = true, signal }: OpenOptions): Promise<Peer> => {
  try {
    if (listen) await peer.listen({ signal })
    return peer
  } catch (error) {
    await peer.close()
    throw error
  }
}

/** Runs `work` with what is in the folder, its lock and its store, and gives both back when it fails. */
const openLocked = async <T>(
  folder: string,
  passphrase: Passphrase,
  work: (vault: Vault, lock: FolderLock, store: Store) => Promise<T>,
): Promise<T> => {
  const lock = await lockIdentity(folder)
  let store: Store | undefined
  try {
    const vault = await openVault(folder, passphrase)
    store = openOwnStore(folder, { id: vault.identity.log.id, storeKey: vault.storeKey })
    return await work(vault, lock, store)
  } catch (error) {
    store?.close()
    lock.release()
    throw error
  }
}

/** Makes an identity where there is none, if its phrase has somewhere to go. @returns what the folder is sealed under, and the new address */
const prepareFolder = async (
  folder: string,
  { passphrase = null, onRecoveryPhrase, network, clockIsRight, signal }: OpenOptions,
): Promise<{ readonly passphrase: Passphrase; readonly made: string | null }> => {
  if ((await readExisting(folder)) !== null) return { passphrase, made: null }
  if (onRecoveryPhrase === undefined)
    throw new StoreError('ERR_STORE_MISSING', {
      hint: `${folder}: initialize() or onRecoveryPhrase makes one, and shows its recovery phrase`,
    })
  const given = typeof passphrase === 'function' ? await passphrase() : passphrase
  const options = { passphrase: given, network, clockIsRight, signal, onRecoveryPhrase }
  const { address } = await initialize(folder, options)
  return { passphrase: given, made: address }
}

/** What a folder says without being opened; null when it holds no identity. @throws StoreError, but for ERR_STORE_MISSING */
const readExisting = (folder: string): Promise<Awaited<ReturnType<typeof readVault>> | null> =>
  readVault(folder).catch((error: unknown) => {
    if (error instanceof StoreError && error.code === 'ERR_STORE_MISSING') return null
    throw error
  })

/**
 * Opens a peer that only reads: it stands for nobody, needs no passphrase, and holds what it finds against what the identity of the
 * folder, if there is one, saw before; also while another program is open on that folder.
 * @throws as `openPeer`
 */
export const openReader = async (options: OpenOptions & { readonly folder: string }): Promise<Peer> => {
  if (options.network.length > 0) parseNetwork(options.network)
  const { folder } = options
  const known = await readExisting(folder)
  const own = known === null ? openStore(null) : openOwnStore(folder, known.log)
  // Whoever it connects to learns nothing of the folder's incarnation.
  const nobody = openStore(null)
  const store = { ...own, self: nobody.self }
  const release = (): void => nobody.close()
  try {
    const network = chooseNetwork(options.network, store)
    const { identity } = createIdentity(seconds(systemWorld), systemWorld.random)
    return await joinNetwork({ identity, store, network, release, early: [] }, options)
  } catch (error) {
    own.close()
    release()
    throw error
  }
}

/**
 * Opens the mailbox of a folder's identity on a node that is there already, and stays there when the mailbox closes. It talks to nobody.
 * @throws StoreError ERR_STORE_*
 */
export const openMailboxOn = (
  node: DhtNode,
  directory: Directory,
  {
    folder,
    passphrase = null,
    clockIsRight,
    takeOver,
  }: Pick<OpenOptions, 'passphrase' | 'clockIsRight' | 'takeOver'> & { readonly folder: string },
): Promise<MailboxPeer> =>
  openLocked(folder, passphrase, async ({ identity }, lock, store) => {
    const own = { identity, store, folder, clockIsRight, takeOver, release: async () => lock.release() }
    return createMailboxPeer(node, directory, own)
  })
