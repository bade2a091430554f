import { createContacts } from '../contacts/contact-api.ts'
import { createFiles } from '../files/create-files.ts'
import type { Files } from '../files/file-api.ts'
import { systemWorld } from '../identity/system-world.ts'
import { lockIdentity } from '../store/lock.ts'
import { openOwnStore } from '../store/store.ts'
import { openVault, type Passphrase } from '../store/vault.ts'

/** Files of a data folder, without a network. */
export type StoredFiles = AsyncDisposable & {
  /** As `Files.list`, also while another program is open on the folder: that one alone knows what moves at this moment. */
  readonly list: Files['list']
  /** As `Files.clear`, also while another program is open on the folder. */
  readonly clear: Files['clear']
  /**
   * As `Files.cancel`; the other side hears of it on the next connection.
   * @throws FileError ERR_FILE_UNKNOWN; StoreError ERR_STORE_IN_USE while another program is open on the folder
   */
  readonly cancel: Files['cancel']
}

/** @throws StoreError ERR_STORE_MISSING, _LOCKED, _PASSPHRASE, and as `openPeer` */
export const openFiles = async (folder: string, passphrase: Passphrase): Promise<StoredFiles> => {
  const { identity, storeKey } = await openVault(folder, passphrase)
  const store = openOwnStore(folder, { id: identity.log.id, storeKey }, { forReading: true })
  const closing = new AbortController()
  const files = createFiles({
    ...{ own: identity.log.id, store, world: systemWorld, closing: closing.signal },
    contacts: createContacts(store, systemWorld),
    isContact: () => true,
    // There is no connection to send anything on, and nobody who listens.
    ...{ provenSince: () => null, queued: () => {}, emit: () => {} },
  })
  return {
    list: files.api.list,
    clear: files.api.clear,
    cancel: async (id) => {
      using _lock = await lockIdentity(folder)
      await files.api.cancel(id)
    },
    [Symbol.asyncDispose]: async () => {
      closing.abort()
      await files.stop()
      store.close()
    },
  }
}
