import { createHash, type Hash } from 'node:crypto'
import { constants, type FileHandle, open } from 'node:fs/promises'
import { chunkSize } from '../core/chunk.ts'
import { tooLarge } from '../core/errors/sizes.ts'
import { FileError } from '../core/errors.ts'
import { CHUNK_BYTES, FILE_BYTES_MAX } from '../core/limits/file-limits.ts'

/** A file that is sent: what it was when it was to be sent, and whether it is that still. */

/** Size in bytes, when it was last written to (microseconds since 1970), and the SHA-256 of all of it. */
export type Fingerprint = { readonly size: number; readonly changed: number; readonly hash: Uint8Array }

export type Source = AsyncDisposable & {
  /** Adds its first `chunks` to `hash`, without keeping them. */
  hashUpTo(chunks: number, hash: Hash, signal: AbortSignal): Promise<void>
  /** Chunk `index`. @throws FileError ERR_FILE_READ, ERR_FILE_CHANGED when it became shorter */
  read(index: number): Promise<Uint8Array>
}

/** Bytes read at a time where nobody else needs them. */
const BLOCK_BYTES = 1024 * 1024

const unreadable = (path: string, cause: unknown): FileError =>
  cause instanceof FileError ? cause : new FileError('ERR_FILE_READ', { hint: path, cause })

const openRegular = async (path: string): Promise<FileHandle> => {
  // Without O_NONBLOCK a named pipe would be opened only when somebody writes to it.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  if ((await file.stat()).isFile()) return file
  await file.close()
  throw new FileError('ERR_FILE_READ', { hint: `${path} is not a file` })
}

const stateOf = async (file: FileHandle): Promise<Omit<Fingerprint, 'hash'>> => {
  const { size, mtimeNs } = await file.stat({ bigint: true })
  return { size: Number(size), changed: Number(mtimeNs / 1000n) }
}

/** Hashes `size` bytes from the beginning. @returns how many there were */
export const hashBytes = async (file: FileHandle, size: number, hash: Hash, signal?: AbortSignal): Promise<number> => {
  const block = new Uint8Array(Math.min(BLOCK_BYTES, Math.max(1, size)))
  let position = 0
  while (position < size) {
    signal?.throwIfAborted()
    const { bytesRead } = await file.read(block, 0, Math.min(block.length, size - position), position)
    if (bytesRead === 0) break
    hash.update(block.subarray(0, bytesRead))
    position += bytesRead
  }
  return position
}

/**
 * Reads a file through, once, in constant memory.
 * @throws FileError ERR_FILE_READ (also of what is no regular file), ERR_FILE_SIZE, ERR_FILE_CHANGED when it was written to meanwhile
 */
export const fingerprint = async (path: string): Promise<Fingerprint> => {
  try {
    await using file = await openRegular(path)
    const before = await stateOf(file)
    if (before.size > FILE_BYTES_MAX)
      throw new FileError('ERR_FILE_SIZE', { hint: `${path}: ${tooLarge(before.size, FILE_BYTES_MAX)}` })
    const hash = createHash('sha256')
    const read = await hashBytes(file, before.size, hash)
    const after = await stateOf(file)
    if (read !== before.size || after.size !== before.size || after.changed !== before.changed)
      throw new FileError('ERR_FILE_CHANGED', { hint: path })
    return { ...before, hash: Uint8Array.from(hash.digest()) }
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

/** Opens a file as it was. @throws FileError ERR_FILE_READ; ERR_FILE_CHANGED when size or time are not the same */
export const openSource = async (path: string, was: Omit<Fingerprint, 'hash'>): Promise<Source> => {
  let file: FileHandle
  try {
    file = await openRegular(path)
    const { size, changed } = await stateOf(file)
    if (size !== was.size || changed !== was.changed) {
      await file.close()
      throw new FileError('ERR_FILE_CHANGED', { hint: path })
    }
  } catch (cause) {
    throw unreadable(path, cause)
  }
  return {
    hashUpTo: async (chunks, hash, signal) => {
      const size = Math.min(was.size, chunks * CHUNK_BYTES)
      const read = await hashBytes(file, size, hash, signal).catch((cause: unknown) => {
        signal.throwIfAborted()
        throw unreadable(path, cause)
      })
      if (read !== size) throw new FileError('ERR_FILE_CHANGED', { hint: path })
    },
    read: async (index) => {
      const chunk = new Uint8Array(chunkSize(was.size, index))
      let filled = 0
      while (filled < chunk.length) {
        const position = index * CHUNK_BYTES + filled
        const { bytesRead } = await file
          .read(chunk, filled, chunk.length - filled, position)
          .catch((cause: unknown) => {
            throw unreadable(path, cause)
          })
        if (bytesRead === 0) throw new FileError('ERR_FILE_CHANGED', { hint: path })
        filled += bytesRead
      }
      return chunk
    },
    [Symbol.asyncDispose]: () => file.close(),
  }
}
