import { createHash, randomBytes } from 'node:crypto'
import { constants, type FileHandle, open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { hex, utf8 } from '../core/bytes.ts'
import { chunkCount } from '../core/chunk.ts'
import { FileError, HandfastError } from '../core/errors.ts'
import { sha256 } from '../core/kdf.ts'
import { LABEL_PART } from '../core/labels.ts'
import { CHUNK_BYTES } from '../core/limits/file-limits.ts'
import { isDiskFull } from '../store/disk-full.ts'
import { systemCode } from '../store/failures.ts'
import { syncFolder } from '../store/private-files.ts'
import { hashBytes } from './source-file.ts'

/** A file that is received: `.<16 hex digits>.part` beside its place, until it is whole and gets its name. */

export type Part = {
  /** how many it holds, from the first on */
  readonly chunks: number
  /** Writes the next chunk. @throws what the system says */
  write(plaintext: Uint8Array): Promise<void>
  /** Resolves when all that was written is on disk. */
  sync(): Promise<void>
  /** SHA-256 of what it holds */
  digest(): Uint8Array
  /** Begins it anew. */
  clear(): Promise<void>
  close(): Promise<void>
}

const TAG_BYTES = 3
const RANDOM_BYTES = 5

/** Partial files of one identity begin alike: those of others in the same folder are never touched. */
const tagOf = (own: Uint8Array): string => hex(sha256(utf8(LABEL_PART), own).subarray(0, TAG_BYTES))

export const partName = (own: Uint8Array): string => `.${tagOf(own)}${randomBytes(RANDOM_BYTES).toString('hex')}.part`

/** Partial files of that identity in a folder; none when it cannot be read. */
export const partsIn = async (folder: string, own: Uint8Array): Promise<readonly string[]> => {
  const ours = new RegExp(`^\\.${tagOf(own)}[0-9a-f]{${2 * RANDOM_BYTES}}\\.part$`)
  const names = await readdir(folder).catch(() => [])
  return names.filter((name) => ours.test(name))
}

export const removePart = (folder: string, part: string): Promise<void> => rm(join(folder, part), { force: true })

/** What the system, or the store, says, in the codes of files. */
export const asWriteError = (error: unknown): FileError => {
  if (error instanceof FileError) return error
  const reason = error instanceof HandfastError ? error.code : systemCode(error)
  const code = isDiskFull(error) ? 'ERR_FILE_FULL' : 'ERR_FILE_WRITE'
  return new FileError(code, { hint: reason === '' ? undefined : reason, cause: error })
}

const openOrMake = async (folder: string, part: string): Promise<FileHandle> => {
  const path = join(folder, part)
  try {
    // Whoever put a link in its place meanwhile must not have us write where it leads.
    return await open(path, constants.O_RDWR | (constants.O_NOFOLLOW ?? 0))
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
  }
  const file = await open(path, 'wx+', 0o600)
  await syncFolder(folder)
  return file
}

/**
 * Opens the partial file of a transfer of `size` bytes, or begins it. What is beyond the first `chunks` is cut off, and what is there
 * is read through once for its hash.
 * @throws what the system says
 */
export const openPart = async (
  folder: string,
  part: string,
  { size, chunks }: { readonly size: number; readonly chunks: number },
  signal: AbortSignal,
): Promise<Part> => {
  const file = await openOrMake(folder, part)
  const count = chunkCount(size)
  const bytesOf = (held: number): number => Math.min(size, held * CHUNK_BYTES)
  let held = 0
  let hash = createHash('sha256')
  try {
    const there = await file.stat()
    if (!there.isFile()) throw new FileError('ERR_FILE_WRITE', { hint: `${part} is not a file` })
    held = Math.min(chunks, there.size >= size ? count : Math.floor(there.size / CHUNK_BYTES))
    await file.truncate(bytesOf(held))
    await hashBytes(file, bytesOf(held), hash, signal)
  } catch (error) {
    await file.close()
    throw error
  }
  return {
    get chunks() {
      return held
    },
    write: async (plaintext) => {
      let written = 0
      while (written < plaintext.length)
        written += (await file.write(plaintext, written, plaintext.length - written, bytesOf(held) + written))
          .bytesWritten
      hash.update(plaintext)
      held += 1
    },
    sync: () => file.datasync(),
    digest: () => Uint8Array.from(hash.copy().digest()),
    clear: async () => {
      await file.truncate(0)
      held = 0
      hash = createHash('sha256')
    },
    close: () => file.close(),
  }
}
