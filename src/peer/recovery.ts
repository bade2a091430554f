import { decodeAddress } from '../core/address.ts'
import { StoreError } from '../core/errors.ts'
import type { Identity } from '../core/identity.ts'
import type { KeyLog } from '../core/key-log.ts'
import { joinDirectory } from '../directory/plugin.ts'
import { createStorage } from '../directory/storage.ts'
import { parseBootstrap } from '../network/bootstrap-list.ts'
import { createNode } from '../network/node.ts'
import { loadIdentity, saveIdentity } from '../store/identity-file.ts'
import { systemWorld } from './open.ts'
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
  /** the 24 words */
  readonly phrase: string
  /** At least one node of the network: 'host:port', several separated by commas, or a list. */
  readonly bootstrap: string | readonly string[]
  readonly signal?: AbortSignal | undefined
  /** Called once the new keys are on disk, before they are published. */
  readonly onSaved?: ((log: KeyLog) => void) | undefined
}

const onNetwork = async <T>(options: RecoveryOptions, work: (ground: Ground) => Promise<T>): Promise<T> => {
  const { signal, onSaved } = options
  const node = await createNode({ bootstrap: parseBootstrap(options.bootstrap), signal })
  try {
    const directory = joinDirectory(node.dht, createStorage())
    return await work({ directory, world: systemWorld, signal, onSaved })
  } finally {
    await node.close()
  }
}

const turn = async (options: RecoveryOptions, status: 'active' | 'retired'): Promise<Rotation> => {
  parseBootstrap(options.bootstrap)
  const { folder, phrase } = options
  const identity = await loadIdentity(folder, seconds(systemWorld))
  checkPhrase(identity.log, phrase, { world: systemWorld })
  const save = (next: Identity): Promise<void> => saveIdentity(folder, next, { create: false })
  return onNetwork(options, (ground) => rotateOwn(identity, { identity, save }, phrase, status, ground))
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

/**
 * Goes on with an identity on a new machine: address and recovery phrase are all that is needed. Every key that was in use
 * before is void. Run again it loses nothing.
 * @throws AddressError; KeyLogError ERR_LOG_RETIRED unless `evenRetired`; StoreError ERR_STORE_EXISTS when the folder holds another identity; else as `rotate`, and DirectoryError
 *   ERR_LOOKUP_NOT_FOUND
 */
export const recover = async ({
  address,
  evenRetired,
  ...options
}: RecoveryOptions & Recovering & { readonly address: string }): Promise<Rotation> => {
  const { folder, phrase } = options
  const id = decodeAddress(address)
  parseBootstrap(options.bootstrap)
  const identity = await loadIdentity(folder, seconds(systemWorld)).catch((error: unknown): Identity | null => {
    if (error instanceof StoreError && error.code === 'ERR_STORE_MISSING') return null
    throw error
  })
  const own = identity?.log ?? null
  checkSame(own, id)
  checkPhrase(own, phrase, { world: systemWorld })
  const save = (next: Identity): Promise<void> => saveIdentity(folder, next, { create: identity === null })
  return onNetwork(options, (ground) => recoverLost(id, { identity, save }, phrase, ground, { evenRetired }))
}
