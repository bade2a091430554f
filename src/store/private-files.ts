import { randomBytes } from 'node:crypto'
import { fstatSync } from 'node:fs'
import {
  chmod,
  constants,
  type FileHandle,
  link,
  lstat,
  mkdir,
  open,
  readdir,
  rename,
  rm,
  rmdir,
  stat,
} from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { StoreError } from '../core/errors.ts'
import { asStoreError, systemCode } from './failures.ts'
import { checkFile, checkFolder } from './privacy.ts'

/** Files of the data folder: private from the first byte, and either the old or the new content, never half of one. */

/**
 * Creates the folder, readable by its owner only.
 * @returns whether it was not there
 * @throws StoreError ERR_STORE_EXPOSED, _PERMISSION, _FULL, _IO
 */
export const makeFolder = async (folder: string): Promise<boolean> => {
  let isNew = true
  try {
    await mkdir(dirname(folder), { recursive: true, mode: 0o700 })
    // Not recursive: there Node calls a read-only disk a missing folder.
    await mkdir(folder, { mode: 0o700 })
    await chmod(folder, 0o700)
  } catch (cause) {
    if (systemCode(cause) !== 'EEXIST' || !(await isFolder(folder))) throw asStoreError(cause, folder)
    isNew = false
  }
  checkFolder(folder)
  return isNew
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )

/** Neither a link, nor what waits for a writer, is opened in place of a file. */
const ITSELF = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/** The text of a file, null when it does not exist. @throws StoreError ERR_STORE_EXPOSED, _LINK, _PERMISSION, _IO */
export const readPrivate = async (path: string): Promise<string | null> => {
  let file: FileHandle | undefined
  try {
    file = await open(path, constants.O_RDONLY | ITSELF)
    checkFile(path, fstatSync(file.fd))
    return await file.readFile('utf8')
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return null
    throw asStoreError(cause, path)
  } finally {
    await file?.close()
  }
}

const RANDOM_BYTES = 8
/** Of a file's name, so that the longer one is no longer than names may be. */
const NAME_PART = 32

const besideStart = (path: string): string => `.${basename(path).slice(0, NAME_PART)}.`

/** Where a file is before it is in its place, or after it: `.identity.json.<16 hex digits>.tmp`. */
const beside = (path: string): string =>
  join(dirname(path), `${besideStart(path)}${randomBytes(RANDOM_BYTES).toString('hex')}.tmp`)

/**
 * Writes a file with mode 0600 beside its place, makes it durable, and moves it there in one step.
 * @param create refuse when the file is there already, also when another process makes it at the same moment
 * @throws StoreError ERR_STORE_EXISTS, _LINK, _PERMISSION, _FULL, _IO; the file is then as it was
 */
export const writePrivate = async (path: string, text: string, { create = false } = {}): Promise<void> => {
  if (!create) await checkReplaceable(path)
  const fresh = beside(path)
  try {
    const file = await open(fresh, 'wx', 0o600)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await (create ? link(fresh, path) : rename(fresh, path))
    await syncFolder(dirname(path))
  } catch (cause) {
    if (create && systemCode(cause) === 'EEXIST') throw new StoreError('ERR_STORE_EXISTS', { hint: path, cause })
    throw mounted(cause, path)
  } finally {
    await rm(fresh, { force: true }).catch(() => {})
  }
}

/** More than any file that `writePrivate` is given. */
const TRIED_BYTES = 32 * 1024

/**
 * Runs `work` where such a file can be written, and leaves the folder as it was when that or `work` fails.
 * @throws StoreError ERR_STORE_EXPOSED, _PERMISSION, _FULL, _IO; what `work` throws
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

const mounted = (cause: unknown, path: string): Error =>
  systemCode(cause) === 'EBUSY'
    ? new StoreError('ERR_STORE_LINK', { hint: `${path} is mounted by itself: mount the whole folder`, cause })
    : asStoreError(cause, path)

/**
 * Refuses a file whose old content would stay elsewhere when another takes its place: behind a link, or under a second name. What a crash
 * left of earlier writes is removed.
 * @throws StoreError ERR_STORE_LINK, _PERMISSION, _IO
 */
export const checkReplaceable = async (path: string): Promise<void> => {
  try {
    await sweep(path)
    const found = await lstat(path)
    if (found.isSymbolicLink()) throw new StoreError('ERR_STORE_LINK', { hint: path })
    if (found.nlink > 1) throw new StoreError('ERR_STORE_LINK', { hint: `${path} has ${found.nlink} names` })
  } catch (cause) {
    if (systemCode(cause) !== 'ENOENT') throw asStoreError(cause, path)
  }
}

/** Removes what a crash left of writes and removals of that file: old keys would stay in it. */
const sweep = async (path: string): Promise<void> => {
  const [start, end] = [besideStart(path), '.tmp']
  const isOurs = (name: string): boolean =>
    name.startsWith(start) &&
    name.endsWith(end) &&
    name.length === start.length + 2 * RANDOM_BYTES + end.length &&
    /^[0-9a-f]+$/.test(name.slice(start.length, -end.length))
  for (const name of await readdir(dirname(path))) if (isOurs(name)) await erase(join(dirname(path), name))
}

/**
 * Overwrites a file and removes it. That is no promise: what an SSD, a file system that copies on writing, or a snapshot has kept of it
 * nobody can overwrite. One that has another name still is left as it is there.
 */
const erase = async (path: string): Promise<void> => {
  await overwrite(path).catch(() => {})
  await rm(path, { force: true })
}

const overwrite = async (path: string): Promise<void> => {
  const { size, nlink } = await lstat(path)
  if (nlink > 1) return
  // Its owner may have made it read-only.
  await chmod(path, 0o600)
  const file = await open(path, constants.O_WRONLY | ITSELF)
  try {
    await file.write(new Uint8Array(size))
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Overwrites and removes a file, if it is there. @throws StoreError ERR_STORE_LINK, _PERMISSION, _IO */
export const removePrivate = async (path: string): Promise<void> => {
  await checkReplaceable(path)
  try {
    // Out of its place first: nobody must take what is half overwritten for a damaged one.
    const old = beside(path)
    await rename(path, old)
    await erase(old)
    await syncFolder(dirname(path))
  } catch (cause) {
    if (systemCode(cause) !== 'ENOENT') throw mounted(cause, path)
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
