import { decodeAddress, withoutLink } from '../core/address.ts'
import { StoreError } from '../core/errors.ts'
import type { Identity } from '../core/identity.ts'
import type { KeyLog } from '../core/key-log.ts'
import type { P256PrivateKey } from '../core/p256.ts'
import { isHere, type RootKey, type RootPlace, type RootSigner } from '../core/root-key.ts'
import type { ClockReading } from '../directory/client/heard-times.ts'
import { createStorage } from '../directory/node/storage.ts'
import { joinDirectories } from '../network/directories.ts'
import { entrancesOf, parseNetwork, writeNetwork } from '../network/network-choice.ts'
import { createNode } from '../network/node.ts'
import { openKnownNodes } from '../store/known-nodes.ts'
import { type FolderLock, lockIdentity } from '../store/lock.ts'
import { pkcs11Signer } from '../store/pkcs11-signer.ts'
import type { TokenOptions } from '../store/pkcs11-tool.ts'
import { openOwnStore, type Store } from '../store/store.ts'
import { checkRenewable, createVault, openVault, type Passphrase, readVault, type Vault } from '../store/vault.ts'
import { keepNetwork } from './first-network.ts'
import { chooseNetwork } from './remembered-network.ts'
import { adoptLost, renewOwn } from './renewal.ts'
import {
  checkPhrase,
  checkSame,
  type Ground,
  type Recovering,
  type Rotation,
  recoverLost,
  rotateOwn,
} from './rotation.ts'
import { systemWorld } from './system-world.ts'

/** Rotation, recovery, renewal and retirement on the real parts: a data folder, a DHT node for the time it takes, clock and randomness. */

/** What every change of keys needs. */
export type ChangeOptions = {
  /** data folder */
  readonly folder: string
  /** What the folder is sealed under; a function is called only when it is needed. Default: none, a key file seals it. */
  readonly passphrase?: Passphrase | undefined
  /** The network, as `openPeer` takes it. '': the one that the folder remembers. */
  readonly network: string | readonly string[]
  readonly signal?: AbortSignal | undefined
  /** Your word that this computer's clock is right, whatever the network says: there is no ERR_CLOCK then. Default: false. */
  readonly clockIsRight?: boolean | undefined
  /** Told what nodes say of the time, before anything is signed, when it keeps nobody from signing. */
  readonly onClock?: ((said: ClockReading) => void) | undefined
  /** Called once the new keys are on disk, before they are published; `root` says where the root key is. */
  readonly onSaved?: ((log: KeyLog, root: RootPlace) => void) | undefined
}

/** A change of keys by the recovery phrase. */
export type RecoveryOptions = ChangeOptions & {
  /** the 24 words */
  readonly phrase: string
  /**
   * Takes the new root key elsewhere before anything is saved, and returns what signs with it there: `importPkcs11Key` puts it on
   * a token. Default: the folder keeps it, sealed with the other keys, also when the former one was elsewhere.
   */
  readonly keepRoot?: ((root: P256PrivateKey) => Promise<RootSigner>) | undefined
  /**
   * Also when the lookup may have missed a newer log: the root key that the phrase reveals next is then in use already, and two logs contradict
   * each other until the next rotation. Default: that is refused.
   */
  readonly evenDoubtful?: boolean | undefined
}

type Network = ChangeOptions & Pick<RecoveryOptions, 'keepRoot' | 'evenDoubtful'>

/** What was made with keys that are void now is good for whoever stole them alone. A disk that fails now is asked again by the next peer. */
const forgetVoid = (store: Store, { last: { entry } }: KeyLog): void => {
  const present = entry.devices.map(({ dh }) => dh)
  try {
    store.transaction(() => {
      store.prekeys.forgetOthers(present)
      store.offlineSessions.forgetOthers(present)
    })
  } catch {}
}

const onNetwork = async <T>(options: Network, work: (ground: Ground) => Promise<T>): Promise<T> => {
  const { folder, signal, onSaved, keepRoot, evenDoubtful, clockIsRight, onClock } = options
  // A folder that is still empty remembers nothing, and gets its database with its identity.
  const store = await readVault(folder).then(
    ({ log }) => openOwnStore(folder, log),
    () => null,
  )
  try {
    const network = chooseNetwork(options.network, store)
    const known = store === null ? null : await openKnownNodes(folder, writeNetwork(network))
    const entering = { bootstrap: entrancesOf(network), wide: network.kind !== 'own', signal }
    const node = await createNode({ ...entering, remembered: () => known?.places ?? [] })
    try {
      const { directory } = joinDirectories(node.dht, createStorage())
      const saved: ChangeOptions['onSaved'] = (log, root) => {
        if (store !== null) forgetVoid(store, log)
        onSaved?.(log, root)
      }
      const given = { keepRoot, evenDoubtful, clockIsRight, onClock }
      return await work({ directory, world: systemWorld, signal, onSaved: saved, ...given })
    } finally {
      await node.close()
    }
  } finally {
    store?.close()
  }
}

const turn = async (options: RecoveryOptions, status: 'active' | 'retired'): Promise<Rotation> => {
  checkNetwork(options)
  const { folder, passphrase = null, phrase } = options
  using _lock = await lockIdentity(folder)
  const vault = await openVault(folder, passphrase)
  await checkRenewable(folder)
  checkPhrase(vault.identity.log, phrase, { world: systemWorld })
  return onNetwork(options, (ground) => rotateOwn(vault.identity, vault, phrase, status, ground))
}

/**
 * Replaces all keys of the identity in a data folder, by its recovery phrase: whoever copied the old ones has nothing any more.
 * The address stays. A peer that is open on the folder goes on with the old keys: close it first.
 * @throws KeyError ERR_PHRASE, ERR_PHRASE_OTHER; KeyLogError ERR_LOG_RETIRED; PeerError ERR_PEER_SUPERSEDED; StoreError; NetworkError;
 *   DirectoryError ERR_LOOKUP_INCOMPLETE, ERR_LOOKUP_DOUBTFUL unless `evenDoubtful`, ERR_CLOCK, and ERR_PUBLISH_REFUSED, when the new keys
 *   are on disk already
 */
export const rotate = (options: RecoveryOptions): Promise<Rotation> => turn(options, 'active')

/** Ends the identity in a data folder for good, so that its contacts see it. @throws as `rotate` */
export const retire = (options: RecoveryOptions): Promise<Rotation> => turn(options, 'retired')

export type NewFolder = {
  /** What a folder that holds no identity yet is to be sealed under; null: a key file. Default: `passphrase`. */
  readonly newPassphrase?: (() => Promise<string | null>) | undefined
}

/** A folder without an identity is no failure here. */
const unlessMissing = (error: unknown): null => {
  if (error instanceof StoreError && error.code === 'ERR_STORE_MISSING') return null
  throw error
}

const emptyFolder = async (
  { folder, network }: ChangeOptions,
  source: string | null | (() => Promise<string | null>),
) => {
  const passphrase = typeof source === 'function' ? await source() : source
  const save = async (identity: Identity): Promise<void> => {
    await createVault(folder, identity, passphrase)
    keepNetwork(folder, identity, network)
  }
  return { identity: null, save }
}

const lockIfThere = (folder: string): Promise<FolderLock | null> => lockIdentity(folder).catch(unlessMissing)

const openIfThere = async (folder: string, passphrase: Passphrase): Promise<Vault | null> => {
  const vault = await openVault(folder, passphrase).catch(unlessMissing)
  if (vault !== null) await checkRenewable(folder)
  return vault
}

/** A list that is given is checked before anything else; '' stands for the one that the folder remembers. */
const checkNetwork = ({ network }: ChangeOptions): void => {
  if (network.length > 0) parseNetwork(network)
}

/**
 * Goes on with an identity on a new machine: address and recovery phrase are all that is needed. Every key that was in use
 * before is void. Run again it loses nothing.
 * @throws AddressError; KeyLogError ERR_LOG_RETIRED unless `evenRetired`; StoreError ERR_STORE_EXISTS when the folder holds another identity; else as `rotate`, and DirectoryError
 *   ERR_LOOKUP_NOT_FOUND
 */
export const recover = async ({
  address,
  evenRetired,
  newPassphrase,
  ...options
}: RecoveryOptions & Recovering & NewFolder & { readonly address: string }): Promise<Rotation> => {
  const { folder, passphrase = null, phrase } = options
  const id = decodeAddress(withoutLink(address))
  checkNetwork(options)
  using _lock = await lockIfThere(folder)
  const vault = await openIfThere(folder, passphrase)
  const own = vault?.identity.log ?? null
  checkSame(own, id)
  checkPhrase(own, phrase, { world: systemWorld })
  const keeping = vault ?? (await emptyFolder(options, newPassphrase ?? passphrase))
  return onNetwork(options, (ground) => recoverLost(id, keeping, phrase, ground, { evenRetired }))
}

/** A change of keys by the root key. */
export type RenewalOptions = ChangeOptions & {
  /** Signs as the root key. Default: the root key in the folder, or the one on the token that the folder names. */
  readonly root?: RootSigner | undefined
  /** How that token is opened. */
  readonly token?: TokenOptions | undefined
}

/** What signs as a root key that is elsewhere; undefined when it is here, or nobody knows where. */
const signerFor = (root: RootKey, { root: given, token, signal }: RenewalOptions): RootSigner | undefined => {
  if (given !== undefined || isHere(root) || root.token === null) return given
  return pkcs11Signer(root.token, root.publicKey, { signal, ...token })
}

/**
 * Replaces the keys of this device in the name of the root key, without the recovery phrase: whoever has the old ones is not taken for
 * this peer any more. The address and the root key stay. A peer that is open on the folder goes on with the old keys: close it first.
 * @throws KeyError ERR_ROOT_ELSEWHERE when `root` is needed, ERR_ROOT_OTHER, ERR_SIGNER; TokenError; else as `rotate`, and KeyLogError
 *   ERR_LOG_TOO_LONG
 */
export const renew = async (options: RenewalOptions): Promise<Rotation> => {
  checkNetwork(options)
  const { folder, passphrase = null } = options
  using _lock = await lockIdentity(folder)
  const vault = await openVault(folder, passphrase)
  await checkRenewable(folder)
  const { identity } = vault
  return onNetwork(options, (ground) => renewOwn(identity, vault, signerFor(identity.root, options), ground))
}

/**
 * Goes on with an identity on a new machine by what holds its root key, without the recovery phrase: its one device is this machine,
 * all former ones are void. In a folder that holds the identity it does what `renew` does.
 * @throws AddressError; StoreError ERR_STORE_EXISTS when the folder holds another identity; DirectoryError ERR_LOOKUP_NOT_FOUND; KeyLogError
 *   ERR_LOG_FORK; else as `renew`
 */
export const adopt = async ({
  address,
  newPassphrase,
  ...options
}: RenewalOptions & NewFolder & { readonly address: string; readonly root: RootSigner }): Promise<Rotation> => {
  const { folder, passphrase = null, root } = options
  const id = decodeAddress(withoutLink(address))
  checkNetwork(options)
  using _lock = await lockIfThere(folder)
  const vault = await openIfThere(folder, passphrase)
  checkSame(vault?.identity.log ?? null, id)
  if (vault !== null) return onNetwork(options, (ground) => renewOwn(vault.identity, vault, root, ground))
  const keeping = await emptyFolder(options, newPassphrase ?? passphrase)
  return onNetwork(options, (ground) => adoptLost(id, keeping, root, ground))
}
