import { encodeAddress } from '../core/address.ts'
import { seconds } from '../core/world.ts'
import { decodeContent, encodeContent } from '../store/backup-content.ts'
import {
  readBackupFile,
  refuseEmpty,
  refuseTaken,
  sealBackup,
  unsealBackup,
  writeBackupFile,
} from '../store/backup-file.ts'
import { lockFolder } from '../store/lock.ts'
import { mergeInto, type Remembered, remember } from '../store/remembered.ts'
import { claimStore, openOwnStore, type Store } from '../store/store.ts'
import { createVault, openVault, type Passphrase, refuseExisting } from '../store/vault.ts'
import { guarded } from '../store/vault-file.ts'
import { systemWorld } from './system-world.ts'

/** A data folder as one sealed file, and back: identity, contacts, rollback floors, settings. Sessions and messages are never in it. */

/** The passphrases of `backup`: of the folder, and of the file it writes. */
export type BackupOptions = {
  /** What the folder is sealed under; a function is called only when it is needed. Default: none, a key file seals it. */
  readonly passphrase?: Passphrase | undefined
  /** Seals the backup; never empty. A function is called once the folder has been opened. */
  readonly backupPassphrase: string | (() => Promise<string>)
}

/** The passphrases of `restore`: of the file it reads, and of the folder. */
export type RestoreOptions = {
  /** What the backup is sealed under. A function is called once the file is known to be a backup. */
  readonly backupPassphrase: string | (() => Promise<string>)
  /** What the folder is to be sealed under; null: a key file. A function is called once the backup has been opened. Default: null. */
  readonly passphrase?: string | null | (() => Promise<string | null>) | undefined
}

/** What is in a backup. */
export type BackupSummary = {
  readonly address: string
  /** how many contacts, and rollback floors */
  readonly contacts: number
  readonly floors: number
  /** when it was made, seconds since 1970 */
  readonly made: number
}

const given = async <T extends string | null>(passphrase: T | (() => Promise<T>)): Promise<T> =>
  typeof passphrase === 'function' ? passphrase() : passphrase

const withStore = <T>(store: Store, work: (store: Store) => T): T => {
  try {
    return work(store)
  } finally {
    store.close()
  }
}

const summarize = (id: Uint8Array, { contacts, floors }: Remembered, made: number): BackupSummary => ({
  address: encodeAddress(id),
  contacts: contacts.length,
  floors: floors.length,
  made,
})

/**
 * Writes all that a data folder holds for good into one new file, sealed under a passphrase of its own; also while a program is open
 * on the folder. The recovery phrase, sessions, messages and received files are not in it. Only the owner can read the file (mode
 * 0600), it is on disk when this resolves, and another file is never replaced.
 * @param path a file that does not exist yet
 * @throws StoreError ERR_STORE_PASSPHRASE (also when that of the backup is empty), ERR_BACKUP_SIZE, and as `openPeer`; FileError
 *   ERR_FILE_WRITE; whatever the functions throw
 */
export const backup = async (
  folder: string,
  path: string,
  { passphrase = null, backupPassphrase }: BackupOptions,
): Promise<BackupSummary> => {
  await refuseTaken(path)
  const made = seconds(systemWorld)
  const { identity, storeKey } = await openVault(folder, passphrase)
  const sealedUnder = await given(backupPassphrase)
  const remembered = withStore(openOwnStore(folder, { id: identity.log.id, storeKey }), remember)
  const content = encodeContent({ made, kept: { identity, storeKey }, remembered })
  const text = await sealBackup(content, sealedUnder)
  content.fill(0)
  await writeBackupFile(path, text)
  return summarize(identity.log.id, remembered, made)
}

/**
 * Puts a backup into a data folder that holds no identity. A database that is there already is kept and merged with it: no rollback floor
 * is lowered. A crash leaves a folder without an identity, where it can be done again, or all of it. When the identity was rotated since
 * the backup was made, its keys are void, and `peer.listen` says so (ERR_PEER_SUPERSEDED): `recover` helps then.
 * @param path a file that `backup` wrote
 * @throws StoreError ERR_STORE_EXISTS; ERR_STORE_PASSPHRASE when it is not the backup's, or the new one is empty; ERR_STORE_CORRUPT when the
 *   file is damaged or no backup; ERR_STORE_VERSION, _IN_USE, _KEY_FILE, _PERMISSION, _FULL, _IO; FileError ERR_FILE_READ; whatever the
 *   functions throw
 */
export const restore = async (
  path: string,
  folder: string,
  { backupPassphrase, passphrase = null }: RestoreOptions,
): Promise<BackupSummary & { readonly sealedBy: 'passphrase' | 'key-file' }> => {
  await refuseExisting(folder)
  const content = await unsealBackup(path, await readBackupFile(path), () => given(backupPassphrase))
  const { made, kept, remembered } = guarded(path, () => decodeContent(content))
  const sealUnder = await given(passphrase)
  refuseEmpty(sealUnder)
  using _lock = await lockFolder(folder)
  await refuseExisting(folder)
  const owner = { id: kept.identity.log.id, storeKey: kept.storeKey }
  // First what is remembered: an identity without it would believe what its owner knows to be old.
  withStore(claimStore(folder, owner), (store) => mergeInto(store, remembered, seconds(systemWorld)))
  // A database that was left here may hold messages: only the key they are sealed under reads them.
  const { sealedBy } = await createVault(folder, kept.identity, sealUnder, kept.storeKey)
  return { ...summarize(kept.identity.log.id, remembered, made), sealedBy }
}
