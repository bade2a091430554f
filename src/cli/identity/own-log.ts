import type { KeyLog } from '../../core/key-log.ts'

/**
 * The key log of the identity in a data folder, which needs neither passphrase nor network.
 * @throws StoreError ERR_STORE_MISSING, ERR_STORE_CORRUPT, ERR_STORE_VERSION, ERR_STORE_IO
 */
export const readOwnLog = async (folder: string): Promise<KeyLog> => {
  const { readVault } = await import('../../store/vault.ts')
  const { log } = await readVault(folder)
  return log
}
