import { encodeAddress } from '../core/address.ts'
import { createIdentity, createIdentityBy } from '../core/identity.ts'
import type { RootSigner } from '../core/root-key.ts'
import { seconds } from '../core/world.ts'
import type { ClockReading } from '../directory/client/heard-times.ts'
import { whereWritable } from '../store/private-files.ts'
import { createVault, refuseEmpty, refuseExisting } from '../store/vault.ts'
import { systemWorld } from './system-world.ts'

/** Where the keys of a new identity lie, and what seals them. */
export type InitializeOptions = {
  /** Seals the private keys. Default: none, and a random key in a file beside them does. */
  readonly passphrase?: string | null | undefined
  /**
   * Signs as the root key, which stays where it is: on a token, in a TPM. Default: a root key is made here, and sealed with the
   * others.
   */
  readonly root?: RootSigner | undefined
  /**
   * The network that the folder remembers, as `openPeer` takes it. This computer's clock is held against it, since that is in the first
   * signature; when nobody answers, it goes on without. Default: none, and nobody is asked.
   */
  readonly network?: string | readonly string[] | undefined
  /** Your word that this computer's clock is right, whatever the network says: there is no ERR_CLOCK then. Default: false. */
  readonly clockIsRight?: boolean | undefined
  /** Told what nodes say of the time, before anything is signed, when it keeps nobody from signing. */
  readonly onClock?: ((said: ClockReading) => void) | undefined
  /**
   * Told the phrase before anything is kept, and waited for: when it throws, nothing was made. So the phrase can be written down first.
   * Default: only the result tells it.
   */
  readonly onRecoveryPhrase?: ((phrase: string, address: string) => void | Promise<void>) | undefined
  /** Ends the asking, and with it all: nothing is made then. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Makes an identity in a data folder that has none.
 * @returns its address and the recovery phrase (24 words), which is stored nowhere
 * @throws StoreError ERR_STORE_EXISTS, _PASSPHRASE when it is empty, _KEY_FILE, _PERMISSION, _FULL, _IO; DirectoryError ERR_CLOCK when most of
 *   three networks or more say another time; NetworkError ERR_NETWORK_FORMAT; KeyError ERR_SIGNER; what the signer and
 *   `onRecoveryPhrase` throw
 */
export const initialize = async (
  folder: string,
  { passphrase = null, root, network = '', clockIsRight, onClock, onRecoveryPhrase, signal }: InitializeOptions = {},
): Promise<{ address: string; phrase: string }> => {
  refuseEmpty(passphrase)
  await refuseExisting(folder)
  // Who has no network to ask loads none.
  const chosen = network.length === 0 ? null : await import('./first-network.ts')
  await chosen?.holdClockOf(network, { clockIsRight, onClock, signal })
  const [now, random] = [seconds(systemWorld), systemWorld.random]
  const { identity, phrase } =
    root === undefined ? createIdentity(now, random) : await createIdentityBy(root, now, random)
  const address = encodeAddress(identity.log.id)
  // What can fail is tried before: a phrase is not to be written down for nothing.
  if (onRecoveryPhrase !== undefined) await whereWritable(folder, async () => onRecoveryPhrase(phrase, address))
  await createVault(folder, identity, passphrase)
  chosen?.keepNetwork(folder, identity, network)
  return { address, phrase }
}
