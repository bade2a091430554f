import { randomBytes } from 'node:crypto'
import {
  closeSync,
  existsSync,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  type Stats,
  statSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { StoreError } from '../core/errors.ts'
import { asStoreError, systemCode } from './failures.ts'

/**
 * Refuses a data folder that others on this machine can read or change, as ssh does with its keys, and says the command that mends it. It is
 * not mended here: whoever could read a key until now may have it, and its owner has to know. Windows has no modes, and is passed over.
 */

const OTHERS = 0o077
const OTHERS_WRITE = 0o022
const ALL_WRITE = 0o002
const STICKY = 0o1000

/** A file of this name in the folder says that its owner knows: the file system keeps no modes, and who reads the folder has the keys. */
export const NO_MODES = 'no-modes'

const exposed = (hint: string): StoreError => new StoreError('ERR_STORE_EXPOSED', { hint })

/** Quoted for a shell where that is needed. */
const word = (path: string): string => (/^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`)

/** Whether a file that is made here belongs to whoever makes it, and to nobody else: memory sticks and some shares cannot do that. */
const keepsModes = (folder: string, user: number): boolean => {
  const path = join(folder, `.${randomBytes(8).toString('hex')}.tmp`)
  try {
    const file = openSync(path, 'wx', 0o600)
    try {
      const { mode, uid } = fstatSync(file)
      return (mode & OTHERS) === 0 && uid === user
    } finally {
      closeSync(file)
      rmSync(path, { force: true })
    }
  } catch (error) {
    // On a disk that cannot be written modes cannot be mended either.
    return systemCode(error) !== 'EROFS'
  }
}

/** What is wrong with the owner or the mode of something in `folder`; passed over where no better can be had, and its owner said so. */
const complain = (folder: string, user: number, hint: string): void => {
  if (keepsModes(folder, user)) throw exposed(hint)
  if (existsSync(join(folder, NO_MODES))) return
  throw exposed(
    `the file system of ${folder} keeps no modes: mount it with uid=${user},umask=077, or, if it is yours alone, touch ${word(join(folder, NO_MODES))}`,
  )
}

const ownerHint = (path: string, uid: number, user: number): string =>
  `${path} belongs to user ${uid}: sudo chown ${user} ${word(path)}, or be that user`

/**
 * Refuses a file of a data folder that is not its owner's alone, or no file.
 * @param found what `lstat` or `fstat` says of it
 * @throws StoreError ERR_STORE_EXPOSED, _LINK, _IO
 */
export const checkFile = (path: string, found: Stats): void => {
  if (found.isSymbolicLink()) throw new StoreError('ERR_STORE_LINK', { hint: path })
  if (!found.isFile()) throw new StoreError('ERR_STORE_IO', { hint: `${path} is no file` })
  const user = process.geteuid?.()
  if (user === undefined) return
  if (found.uid !== user) complain(dirname(path), user, ownerHint(path, found.uid, user))
  else if ((found.mode & OTHERS) !== 0)
    complain(dirname(path), user, `others can read or change ${path}: chmod 600 ${word(path)}`)
}

/** `checkFile` of what is there. @returns whether it is @throws as `checkFile`, and StoreError ERR_STORE_PERMISSION */
export const checkFileAt = (path: string): boolean => {
  try {
    checkFile(path, lstatSync(path))
    return true
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return false
    throw asStoreError(cause, path)
  }
}

/** Makes an empty file for its owner alone, whatever the umask says. One that is there is left alone. @throws what the system says */
export const createPrivate = (path: string): void => {
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error
    checkFileAt(path)
  }
}

/** The user that stands for all whom a user namespace does not map, root of the machine among them; undefined outside of one. */
const unmapped = (): number | undefined => {
  try {
    const [, , size] = readFileSync('/proc/self/uid_map', 'utf8').trim().split(/\s+/)
    return size === '4294967295' ? undefined : Number(readFileSync('/proc/sys/fs/overflowuid', 'utf8'))
  } catch {
    return undefined
  }
}

/** Whoever can rename a folder above puts another one in its place. */
const checkAbove = (folder: string, user: number): void => {
  const trusted = [0, user, unmapped()]
  const { dev: own } = statSync(folder)
  for (let path = folder; path !== dirname(path); ) {
    path = dirname(path)
    const { uid, gid, mode, dev } = statSync(path)
    const refuse = (hint: string): void => {
      if (dev !== own) throw exposed(hint)
      complain(folder, user, hint)
    }
    // Many systems give each user a group of the same number, with nobody else in it.
    const writers = gid === user ? ALL_WRITE : OTHERS_WRITE
    if (!trusted.includes(uid))
      refuse(`${path} belongs to user ${uid}, who could put another folder into it: choose another place`)
    else if ((mode & writers) !== 0 && (mode & STICKY) === 0)
      refuse(`others can put another folder into ${path}: chmod go-w ${word(path)}`)
  }
}

/**
 * Refuses a data folder that others can change, or whose place they can take; they may list it. A link to it is followed.
 * @throws StoreError ERR_STORE_EXPOSED, _PERMISSION, _IO
 */
export const checkFolder = (folder: string): void => {
  const user = process.geteuid?.()
  if (user === undefined) return
  try {
    const real = realpathSync(folder)
    const { uid, mode } = statSync(real)
    if (uid !== user) complain(real, user, ownerHint(real, uid, user))
    else if ((mode & OTHERS_WRITE) !== 0) complain(real, user, `others can change ${real}: chmod 700 ${word(real)}`)
    checkAbove(real, user)
    // A link to it stands in a folder of its own.
    if (resolve(folder) !== real) checkAbove(resolve(folder), user)
  } catch (cause) {
    throw asStoreError(cause, folder)
  }
}
