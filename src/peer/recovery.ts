import { decodeAddress } from '../core/address.ts'
import { StoreError } from '../core/errors.ts'
import type { Identity } from '../core/identity.ts'
import type { KeyLog } from '../core/key-log.ts'
import { joinDirectory } from '../directory/plugin.ts'
import { createStorage } from '../directory/storage.ts'
import { parseBootstrap } from '../network/bootstrap-list.ts'
import { createNode } from '../network/node.ts'
import { lockIdentity } from '../store/lock.ts'
import { openStore } from '../store/store.ts'
import { createVault, openVault, type Passphrase, readVault } from '../store/vault.ts'
import { chooseBootstrap, systemWorld } from './open.ts'
import { seconds } from './ports.ts'
import {
  checkPhrase,
  checkSame,
  type Ground,
  type Recovering,
  type Rotation,
  recoverLost,
  rotateOwn,
} from './rotation.ts'

/** Rotation, recovery and retirement on the real parts: a data folder, a DHT node for the time it takes, clock and randomness. */

export type RecoveryOptions = {
  /** data folder */
  readonly folder: string
  /** What the folder is sealed under; a function is called only when it is needed. Default: none, a key file seals it. */
  readonly passphrase?: Passphrase | undefined
  /** the 24 words */
  readonly phrase: string
  /** At least one node of the network: 'host:port', several separated by commas, or a list. */
  readonly bootstrap: string | readonly string[]
  readonly signal?: AbortSignal | undefined
  /** Called once the new keys are on disk, before they are published. */
  readonly onSaved?: ((log: KeyLog) => void) | undefined
}

const onNetwork = async <T>(options: RecoveryOptions, work: (ground: Ground) => Promise<T>): Promise<T> => {
  const { folder, signal, onSaved } = options
  // A folder that is still empty remembers nothing, and gets its database with its identity.
  const store = await readVault(folder, seconds(systemWorld)).then(
    () => openStore(folder),
    () => null,
  )
  try {
    const node = await createNode({ bootstrap: chooseBootstrap(options.bootstrap, store), signal })
    try {
      const directory = joinDirectory(node.dht, createStorage())
      return await work({ directory, world: systemWorld, signal, onSaved })
    } finally {
      await node.close()
    }
  } finally {
    store?.close()
  }
}

const turn = async (options: RecoveryOptions, status: 'active' | 'retired'): Promise<Rotation> => {
  if (options.bootstrap !== '') parseBootstrap(options.bootstrap)
  const { folder, passphrase = null, phrase } = options
  using _lock = await lockIdentity(folder, seconds(systemWorld))
  const vault = await openVault(folder, passphrase, seconds(systemWorld))
  checkPhrase(vault.identity.log, phrase, { world: systemWorld })
  return onNetwork(options, (ground) => rotateOwn(vault.identity, vault, phrase, status, ground))
}

/**
 * Replaces all keys of the identity in a data folder, by its recovery phrase: whoever copied the old ones has nothing any more.
 * The address stays. A peer that is open on the folder goes on with the old keys: close it first.
 * @throws KeyError ERR_PHRASE, ERR_PHRASE_OTHER; KeyLogError ERR_LOG_RETIRED; PeerError ERR_PEER_SUPERSEDED; StoreError; NetworkError;
 *   DirectoryError ERR_LOOKUP_INCOMPLETE, and ERR_PUBLISH_REFUSED, when the new keys are on disk already
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

const emptyFolder = async (folder: string, source: string | null | (() => Promise<string | null>)) => {
  const passphrase = typeof source === 'function' ? await source() : source
  const save = async (identity: Identity): Promise<void> => void (await createVault(folder, identity, passphrase))
  return { identity: null, save }
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
  const id = decodeAddress(address)
  if (options.bootstrap !== '') parseBootstrap(options.bootstrap)
  using _lock = await lockIdentity(folder, seconds(systemWorld)).catch(unlessMissing)
  const vault = await openVault(folder, passphrase, seconds(systemWorld)).catch(unlessMissing)
  const own = vault?.identity.log ?? null
  checkSame(own, id)
  checkPhrase(own, phrase, { world: systemWorld })
  const keeping = vault ?? (await emptyFolder(folder, newPassphrase ?? passphrase))
  return onNetwork(options, (ground) => recoverLost(id, keeping, phrase, ground, { evenRetired }))
}
