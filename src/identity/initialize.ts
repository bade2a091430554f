import { encodeAddress } from '../core/address.ts'
import { createIdentity, createIdentityBy } from '../core/identity.ts'
import type { RootSigner } from '../core/root-key.ts'
import { seconds } from '../core/world.ts'
import { createVault, refuseExisting } from '../store/vault.ts'
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
