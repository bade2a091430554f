import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { asStoreError } from './failures.ts'
import { checkFileAt, createPrivate } from './privacy.ts'
import { makeFolder } from './private-files.ts'
import { readVault } from './vault.ts'

/**
 * One program at a time acts for the identity of a folder. The lock is the operating system's own, held through SQLite on an empty file,
 * so it goes with the process however that ends: there is no stale lock to detect.
 */
export type FolderLock = Disposable & { release(): void }

const NAME = 'handfast.lock'

/** @throws StoreError ERR_STORE_IN_USE when another program has it, _EXPOSED, _LINK, _PERMISSION, _FULL, _IO */
export const lockFolder = async (folder: string): Promise<FolderLock> => {
  await makeFolder(folder)
  const path = join(folder, NAME)
  let held: DatabaseSync | undefined
  const release = (): void => {
    if (held?.isOpen) held.close()
  }
  try {
    // Not opened when it is there: to close it would end a lock that this process has on it.
    if (!checkFileAt(path)) createPrivate(path)
    held = new DatabaseSync(path, { timeout: 0 })
    held.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (cause) {
    release()
    throw asStoreError(cause, path)
  }
  return { release, [Symbol.dispose]: release }
}

/** The lock of a folder that holds an identity. @throws as `lockFolder`, and as `readVault` */
export const lockIdentity = async (folder: string): Promise<FolderLock> => {
  await readVault(folder)
  return lockFolder(folder)
}
