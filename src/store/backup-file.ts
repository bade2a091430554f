import { createReadStream } from 'node:fs'
import { lstat, open, rm } from 'node:fs/promises'
import { text as readAll } from 'node:stream/consumers'
import { tooLarge } from '../core/errors/sizes.ts'
import { EncodingError, FileError, StoreError } from '../core/errors.ts'
import { literal, type Reader, record } from '../core/fields.ts'
import { LABEL_BACKUP } from '../core/labels.ts'
import { pad, unpad } from '../core/padding.ts'
import { systemCode } from './failures.ts'
import { checkVersion, writePrivate } from './private-files.ts'
import {
  base64,
  checkOf,
  type Kdf,
  newKdf,
  openBytes,
  passphraseKey,
  readSeal,
  SEALED_BYTES_MAX,
  type Seal,
  sealBytes,
  toBase64,
} from './sealing.ts'
import { guarded } from './vault-file.ts'

/**
 * A backup as a file: JSON that says how a passphrase opens it, and nothing of whose it is. What is inside is `backup-content.ts`'s.
 */

const VERSION = 2

/** The sealed part in base64url, and space for the rest. */
const FILE_BYTES_MAX = Math.ceil((SEALED_BYTES_MAX * 4) / 3) + 4_096

/** Version, time, iv, MAC and the largest padding of a Fernet token. */
const TOKEN_BYTES = 1 + 8 + 16 + 32 + 16

type PassphraseSeal = Extract<Seal, Kdf>
type Stored = {
  readonly handfast: 'backup'
  readonly version: 2
  readonly seal: PassphraseSeal
  readonly sealed: Uint8Array
}

/** A key file would have to lie beside it: whoever finds one finds both. */
const readPassphraseSeal: Reader<PassphraseSeal> = (value, name) => {
  const seal = readSeal(value, name)
  if (seal.by !== 'passphrase') throw new EncodingError('ERR_FIELD', { hint: name })
  return seal
}

const readStored = record<Stored>({
  handfast: literal('backup'),
  version: literal(VERSION),
  seal: readPassphraseSeal,
  sealed: base64(1, SEALED_BYTES_MAX),
})

/** An unset variable of a script must not pass for protection. @throws StoreError ERR_STORE_PASSPHRASE */
export const refuseEmpty = (passphrase: string | null): void => {
  if (passphrase === '') throw new StoreError('ERR_STORE_PASSPHRASE', { hint: 'it is empty' })
}

/**
 * The text of a backup file. Its size is padded, so that it tells little about how many contacts are in it.
 * @throws StoreError ERR_STORE_PASSPHRASE when it is empty, ERR_BACKUP_SIZE
 */
export const sealBackup = async (content: Uint8Array, passphrase: string, kdf: Kdf = newKdf()): Promise<string> => {
  refuseEmpty(passphrase)
  const padded = pad(content)
  if (padded.length + TOKEN_BYTES > SEALED_BYTES_MAX)
    throw new StoreError('ERR_BACKUP_SIZE', { hint: tooLarge(padded.length, SEALED_BYTES_MAX - TOKEN_BYTES) })
  const key = await passphraseKey(passphrase, kdf)
  const sealed = sealBytes(key, LABEL_BACKUP, padded)
  padded.fill(0)
  const check = toBase64(checkOf(key, LABEL_BACKUP))
  const seal = { by: 'passphrase', ...kdf, salt: toBase64(kdf.salt), check }
  return `${JSON.stringify({ handfast: 'backup', version: VERSION, seal, sealed: toBase64(sealed) }, null, 2)}\n`
}

/**
 * Opens the text of a backup file.
 * @param passphrase called once the file is known to be a backup
 * @returns the content; whoever calls wipes it
 * @throws StoreError ERR_STORE_CORRUPT, _VERSION, _PASSPHRASE; whatever `passphrase` throws
 */
export const unsealBackup = async (
  path: string,
  text: string,
  passphrase: () => Promise<string>,
): Promise<Uint8Array> => {
  const { seal, sealed } = guarded(path, () => {
    const value: unknown = JSON.parse(text)
    checkVersion(value, VERSION)
    return readStored(value, 'backup')
  })
  const key = await passphraseKey(await passphrase(), seal)
  return guarded(path, () => {
    const padded = openBytes(key, LABEL_BACKUP, { sealed, check: seal.check })
    if (padded === null) throw new StoreError('ERR_STORE_PASSPHRASE')
    const content = unpad(padded)
    padded.fill(0)
    return content
  })
}

/** @throws FileError ERR_FILE_READ; StoreError ERR_STORE_CORRUPT when it is larger than a backup can be */
export const readBackupFile = async (path: string): Promise<string> => {
  let text: string
  try {
    text = await readAll(createReadStream(path, { end: FILE_BYTES_MAX }))
  } catch (cause) {
    throw new FileError('ERR_FILE_READ', { hint: path, cause })
  }
  if (text.length > FILE_BYTES_MAX)
    throw new StoreError('ERR_STORE_CORRUPT', {
      hint: `${path} is no backup: it has more than ${FILE_BYTES_MAX} bytes`,
    })
  return text
}

const alreadyThere = (path: string, cause?: unknown): FileError =>
  new FileError('ERR_FILE_WRITE', { hint: `${path} is there already`, cause })

/** Refuses a place that is taken, before anybody types a passphrase for it. @throws FileError ERR_FILE_WRITE */
export const refuseTaken = async (path: string): Promise<void> => {
  const taken = await lstat(path).then(
    () => true,
    () => false,
  )
  if (taken) throw alreadyThere(path)
}

/**
 * Writes a new file that only its owner can read, durable when this resolves: all of it or nothing, and never over another one.
 * @throws FileError ERR_FILE_WRITE
 */
export const writeBackupFile = async (path: string, text: string): Promise<void> => {
  try {
    await writePrivate(path, text, { create: true }).catch((error: unknown) => {
      if (!hasNoLinks(error)) throw error
      return writeReserved(path, text)
    })
  } catch (error) {
    if (error instanceof StoreError && error.code === 'ERR_STORE_EXISTS') throw alreadyThere(path, error)
    const full = error instanceof StoreError && error.code === 'ERR_STORE_FULL'
    throw new FileError('ERR_FILE_WRITE', { hint: full ? `${path}: the disk is full` : path, cause: error })
  }
}

/** Whether it failed because the file system has no links, as those of memory sticks. */
const hasNoLinks = (error: unknown): boolean => {
  const cause = error instanceof StoreError ? error.cause : undefined
  const code = systemCode(cause)
  return ['EPERM', 'ENOTSUP', 'ENOSYS'].includes(code) && (cause as NodeJS.ErrnoException).syscall === 'link'
}

/** Without links an empty file keeps the place until the whole one moves there. */
const writeReserved = async (path: string, text: string): Promise<void> => {
  await open(path, 'wx', 0o600)
    .then((file) => file.close())
    .catch((cause: unknown) => {
      throw systemCode(cause) === 'EEXIST' ? new StoreError('ERR_STORE_EXISTS', { hint: path, cause }) : cause
    })
  try {
    await writePrivate(path, text)
  } catch (error) {
    await rm(path, { force: true }).catch(() => {})
    throw error
  }
}
