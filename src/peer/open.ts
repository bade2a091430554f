import { type Contacts, createContacts } from '../contacts/contact-api.ts'
import type { Notify } from '../contacts/notice.ts'
import { encodeAddress } from '../core/address.ts'
import { StoreError } from '../core/errors.ts'
import { createIdentity, type Identity } from '../core/identity.ts'
import { seconds } from '../core/world.ts'
import type { DirectoryNetwork, NodeAddress } from '../directory/network-port.ts'
import { createStorage, type StorageNode } from '../directory/node/storage.ts'
import { initialize } from '../identity/initialize.ts'
import { chooseBootstrap, rememberBootstrap } from '../identity/remembered-bootstrap.ts'
import { systemWorld } from '../identity/system-world.ts'
import { createMailboxHost, type MailboxCounts, type MailboxHost } from '../mailbox/host.ts'
import { openMailboxStore } from '../mailbox/mailbox-store.ts'
import type { Mailboxes } from '../messages/mailbox-poller.ts'
import { type Messages, readHistory } from '../messages/message-api.ts'
import { namedMailboxes, nameMailboxes } from '../messages/named-mailboxes.ts'
import { parseBootstrap } from '../network/bootstrap-list.ts'
import { joinDirectory } from '../network/directory-plugin.ts'
import { createNode, type DhtNode } from '../network/node.ts'
import { createTransport } from '../network/transport.ts'
import type { Fork } from '../store/fork-store.ts'
import { type FolderLock, lockIdentity } from '../store/lock.ts'
import { openRecordDatabase } from '../store/record-database.ts'
import { openStore, type Store } from '../store/store.ts'
import { openVault, type Passphrase, readVault, type Vault } from '../store/vault.ts'
import { createPeer, type PeerParts } from './create-peer.ts'
import type { Peer } from './peer.ts'

/** Puts the real parts together: disk, DHT node, transport, clock and the operating system's randomness. */

/** What a peer is opened with. */
export type OpenOptions = {
  /** Data folder. Without one the identity lives in memory and is gone with the process. */
  readonly folder?: string | undefined
  /** What the folder is sealed under; a function is called only when it is needed. Default: none, a key file seals it. */
  readonly passphrase?: Passphrase | undefined
  /** At least one node of the network: 'host:port', several separated by commas, or a list. '': those the folder remembers. */
  readonly bootstrap: string | readonly string[]
  /** Told what the owner should know without having asked: that the keys here are void, or an identity was forked. */
  readonly onNotice?: Notify | undefined
  /** Called once when the folder held no identity and one was made: show the 24 words to the owner and forget them. */
  readonly onRecoveryPhrase?: ((phrase: string) => void) | undefined
  /** Address to bind; default: 127.0.0.1 when all bootstrap nodes are there, else every interface. */
  readonly host?: string | undefined
  /** UDP port; default: a free one. */
  readonly port?: number | undefined
  /** Also store records for others, in the folder, so that peers can bootstrap from this one; it must be reachable. Default: false. */
  readonly storage?: boolean | undefined
  /** Also keep a mailbox for those whose cards name this identity. Default: false. */
  readonly mailbox?: boolean | undefined
  /** Addresses of up to three mailboxes for this identity's card to name; remembered. Default: those the folder remembers. */
  readonly mailboxes?: readonly string[] | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Opens a peer: its identity from disk (or a new one), a node on the network, and nothing else yet. One program at a time opens a folder.
 * @throws StoreError ERR_STORE_*; AddressError, MailboxError ERR_MAILBOX_COUNT, PeerError ERR_PEER_SELF for `mailboxes`; NetworkError ERR_BOOTSTRAP_MISSING, _FORMAT, ERR_NETWORK_UNREACHABLE, _HOST, ERR_PORT_IN_USE
 */
export const openPeer = async (options: OpenOptions): Promise<Peer> => {
  const { folder } = options
  if (folder === undefined) {
    const bootstrap = parseBootstrap(options.bootstrap)
    const { identity } = createIdentity(seconds(systemWorld), systemWorld.random)
    return joinNetwork({ identity, store: openStore(null), bootstrap, release: () => {} }, options)
  }
  if (options.bootstrap !== '') parseBootstrap(options.bootstrap)
  const passphrase = await prepareFolder(folder, options)
  return openLocked(folder, passphrase, async ({ identity }, lock, store) => {
    const bootstrap = chooseBootstrap(options.bootstrap, store)
    const peer = await joinNetwork({ identity, store, bootstrap, release: lock.release }, options)
    rememberBootstrap(options.bootstrap, store)
    return peer
  })
}

/** Runs `work` with what is in the folder, its lock and its store, and gives both back when it fails. */
const openLocked = async <T>(
  folder: string,
  passphrase: Passphrase,
  work: (vault: Vault, lock: FolderLock, store: Store) => Promise<T>,
): Promise<T> => {
  const lock = await lockIdentity(folder, seconds(systemWorld))
  let store: Store | undefined
  try {
    const vault = await openVault(folder, passphrase, seconds(systemWorld))
    store = openStore(folder, vault.storeKey)
    return await work(vault, lock, store)
  } catch (error) {
    store?.close()
    lock.release()
    throw error
  }
}

/** Makes an identity where there is none, if its phrase has somewhere to go. @returns what the folder is sealed under */
const prepareFolder = async (
  folder: string,
  { passphrase = null, onRecoveryPhrase }: OpenOptions,
): Promise<Passphrase> => {
  if (onRecoveryPhrase === undefined || (await readExisting(folder)) !== null) return passphrase
  const given = typeof passphrase === 'function' ? await passphrase() : passphrase
  const { phrase } = await initialize(folder, { passphrase: given })
  onRecoveryPhrase(phrase)
  return given
}

/** What a folder says without being opened; null when it holds no identity. @throws StoreError, but for ERR_STORE_MISSING */
const readExisting = (folder: string): Promise<Awaited<ReturnType<typeof readVault>> | null> =>
  readVault(folder, seconds(systemWorld)).catch((error: unknown) => {
    if (error instanceof StoreError && error.code === 'ERR_STORE_MISSING') return null
    throw error
  })

/**
 * Opens a peer that only reads: it stands for nobody, needs no passphrase, and holds what it finds against what the identity of the
 * folder, if there is one, saw before; also while another program is open on that folder.
 * @throws as `openPeer`
 */
export const openReader = async (options: OpenOptions & { readonly folder: string }): Promise<Peer> => {
  if (options.bootstrap !== '') parseBootstrap(options.bootstrap)
  const { folder } = options
  const known = await readExisting(folder)
  const store = openStore(known === null ? null : folder)
  try {
    const bootstrap = chooseBootstrap(options.bootstrap, store)
    const { identity } = createIdentity(seconds(systemWorld), systemWorld.random)
    return await joinNetwork({ identity, store, bootstrap, release: () => {} }, options)
  } catch (error) {
    store.close()
    throw error
  }
}

/**
 * The contacts of a data folder, without a network and without its passphrase.
 * @throws StoreError ERR_STORE_MISSING, and as `openPeer`
 */
export const openContacts = async (folder: string): Promise<OpenContacts> => {
  await readVault(folder, seconds(systemWorld))
  const store = openStore(folder)
  return {
    ...createContacts(store, systemWorld),
    fork: (id) => store.forks.get(id),
    [Symbol.dispose]: () => store.close(),
  }
}

export type OpenContacts = Contacts &
  Disposable & {
    /** The contradiction that was kept against an identity (32-byte hash), one's own among them. */
    fork(id: Uint8Array): Fork | null
  }

export type History = Disposable & {
  /** As `Messages.history`. */
  readonly read: Messages['history']
}

/** What was said with others, without a network. @throws StoreError ERR_STORE_MISSING, and as `openPeer` */
export const openHistory = async (folder: string, passphrase: Passphrase): Promise<History> => {
  const { storeKey } = await openVault(folder, passphrase, seconds(systemWorld))
  const store = openStore(folder, storeKey)
  return { read: readHistory(store, createContacts(store, systemWorld)), [Symbol.dispose]: () => store.close() }
}

export type MailboxNames = Pick<Mailboxes, 'named' | 'name'> & Disposable & { readonly address: string }

/** The mailboxes that the identity of a folder names, without a network and without its passphrase. @throws as `openContacts` */
export const openMailboxNames = async (folder: string): Promise<MailboxNames> => {
  const { log } = await readVault(folder, seconds(systemWorld))
  const store = openStore(folder)
  return {
    address: encodeAddress(log.id),
    named: () => namedMailboxes(store).map(encodeAddress),
    name: (addresses) => nameMailboxes(store, log.id, addresses),
    [Symbol.dispose]: () => store.close(),
  }
}

type Joining = {
  readonly identity: Identity
  readonly store: Store
  readonly bootstrap: readonly NodeAddress[]
  readonly release: () => void
}

const joinNetwork = async ({ bootstrap, release, ...own }: Joining, options: OpenOptions): Promise<Peer> => {
  const { host, port, storage, signal, mailboxes } = options
  if (mailboxes !== undefined) nameMailboxes(own.store, own.identity.log.id, mailboxes)
  const node = await createNode({ bootstrap, host, port, storage, signal })
  let kept: StorageNode | undefined
  const end = async (): Promise<void> => {
    await node.close()
    kept?.close()
    release()
  }
  try {
    const onDisk =
      storage === true && options.folder !== undefined ? { recordStore: openRecordDatabase(options.folder) } : {}
    kept = createStorage({ self: () => node.dht.id, ...onDisk })
    const directory = joinDirectory(node.dht, kept)
    const mailbox = options.mailbox === true ? openMailbox(own.identity, directory, options.folder) : undefined
    return putTogether({ ...own, node, directory, mailbox, release: end, talks: true }, options.onNotice)
  } catch (error) {
    await node.close()
    kept?.close()
    throw error
  }
}

/** @throws StoreError ERR_STORE_* */
const openMailbox = ({ log }: Identity, directory: DirectoryNetwork, folder: string | undefined): MailboxHost => {
  const [now, random] = [() => seconds(systemWorld), systemWorld.random]
  return createMailboxHost({ id: log.id, directory, store: openMailboxStore(folder ?? null), now, random })
}

type Together = Omit<PeerParts, 'transport' | 'world' | 'notify'> & { readonly node: DhtNode }

const putTogether = ({ node, ...parts }: Together, onNotice: OpenOptions['onNotice']): Peer => {
  const transport = createTransport(node, parts.identity.transportSeed.export())
  return createPeer({ ...parts, ...{ transport, world: systemWorld, notify: onNotice } })
}

export type MailboxPeer = {
  readonly peer: Peer
  /** What its mailbox keeps and has done. @throws StoreError */
  readonly counts: () => MailboxCounts
}

/**
 * Opens the mailbox of a folder's identity on a node that is there already, and stays there when the mailbox closes. It talks to nobody.
 * @throws StoreError ERR_STORE_*
 */
export const openMailboxOn = (
  node: DhtNode,
  directory: DirectoryNetwork,
  { folder, passphrase = null, onNotice }: Pick<OpenOptions, 'onNotice' | 'passphrase'> & { readonly folder: string },
): Promise<MailboxPeer> =>
  openLocked(folder, passphrase, async ({ identity }, lock, store) => {
    const release = async (): Promise<void> => lock.release()
    const mailbox = openMailbox(identity, directory, folder)
    const peer = putTogether({ node, directory, identity, store, release, mailbox, talks: false }, onNotice)
    return { peer, counts: mailbox.counts }
  })
