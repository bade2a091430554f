import { randomBytes } from 'node:crypto'
import { chmod, link, mkdir, open, readFile, rename, rm, rmdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { StoreError } from '../core/errors.ts'
import { asStoreError, systemCode } from './failures.ts'

/** Files of the data folder: private from the first byte, and either the old or the new content, never half of one. */

/**
 * Creates the folder, readable by its owner only.
 * @returns whether it was not there
 * @throws StoreError ERR_STORE_PERMISSION, _FULL, _IO
 */
export const makeFolder = async (folder: string): Promise<boolean> => {
  try {
    await mkdir(dirname(folder), { recursive: true, mode: 0o700 })
    // Not recursive: there Node calls a read-only disk a missing folder.
    await mkdir(folder, { mode: 0o700 })
    await chmod(folder, 0o700)
    return true
  } catch (cause) {
    if (systemCode(cause) === 'EEXIST' && (await isFolder(folder))) return false
    throw asStoreError(cause, folder)
  }
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )

/** The text of a file, null when it does not exist. @throws StoreError ERR_STORE_PERMISSION, _IO */
export const readPrivate = async (path: string): Promise<string | null> => {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return null
    throw asStoreError(cause, path)
  }
}

/**
 * Writes a file with mode 0600 beside its place, makes it durable, and moves it there in one step.
 * @param create refuse when the file is there already, also when another process makes it at the same moment
 * @throws StoreError ERR_STORE_EXISTS, _PERMISSION, _FULL, _IO; the file is then as it was
 */
export const writePrivate = async (path: string, text: string, { create = false } = {}): Promise<void> => {
  const beside = join(dirname(path), `.${randomBytes(8).toString('hex')}.tmp`)
  try {
    const file = await open(beside, 'wx', 0o600)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await (create ? link(beside, path) : rename(beside, path))
    await syncFolder(dirname(path))
  } catch (cause) {
    if (create && systemCode(cause) === 'EEXIST') throw new StoreError('ERR_STORE_EXISTS', { hint: path, cause })
    throw asStoreError(cause, path)
  } finally {
    await rm(beside, { force: true }).catch(() => {})
  }
}

/** More than any file that `writePrivate` is given. */
const TRIED_BYTES = 32 * 1024

/**
 * Runs `work` where such a file can be written, and leaves the folder as it was when that or `work` fails.
 * @throws StoreError ERR_STORE_PERMISSION, _FULL, _IO; what `work` throws
 */
export const whereWritable = async (folder: string, work: () => Promise<void>): Promise<void> => {
  const isNew = await makeFolder(folder)
  const tried = join(folder, `.${randomBytes(8).toString('hex')}.try`)
  try {
    await writePrivate(tried, ' '.repeat(TRIED_BYTES), { create: true }).finally(() => rm(tried, { force: true }))
    await work()
  } catch (error) {
    // Never more than an empty folder: another process may have begun something in it.
    if (isNew) await rmdir(folder).catch(() => {})
    throw error
  }
}

/** Removes a file, if it is there. @throws StoreError ERR_STORE_PERMISSION, _IO */
export const removePrivate = async (path: string): Promise<void> => {
  try {
    await rm(path, { force: true })
    await syncFolder(dirname(path))
  } catch (cause) {
    throw asStoreError(cause, path)
  }
}

/** Refuses a stored value that another version of this program wrote. @throws StoreError ERR_STORE_VERSION */
export const checkVersion = (value: unknown, version: number): void => {
  if (typeof value !== 'object' || value === null || !('version' in value) || value.version === version) return
  // Only a number is repeated: whatever else stands there may be part of a key.
  const hint = typeof value.version === 'number' ? `version ${value.version}` : undefined
  throw new StoreError('ERR_STORE_VERSION', { hint })
}

/** Makes what became of the names in a folder durable, where the file system has that: shares have not. */
export const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } catch (error) {
    if (!['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(systemCode(error))) throw error
  } finally {
    await handle.close()
  }
}
