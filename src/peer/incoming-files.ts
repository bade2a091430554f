import { createHash, type Hash, randomBytes } from 'node:crypto'
import { type FileHandle, link, mkdir, open, rm } from 'node:fs/promises'
import { join, parse } from 'node:path'
import { equal, hex } from '../core/bytes.ts'
import { chunkCount, openChunk, type Transfer } from '../core/chunk.ts'
import { HandfastError, PeerError } from '../core/errors.ts'
import { safeFileName } from '../core/file-name.ts'
import { secretKey } from '../core/kdf.ts'
import { CHUNK_BYTES, CHUNK_WINDOW } from '../core/limits.ts'
import type { ChunkFrame } from './frames.ts'
import type { Line } from './line.ts'
import type { Payload } from './payloads.ts'

/** Files on their way in: written beside their place, and put there under their name only when hash and size agree. */

export type SaveOptions = {
  readonly onProgress?: ((received: number, size: number) => void) | undefined
}

/** A file somebody offers. Nothing is received before `save`. */
export type IncomingFile = {
  /** safe as the name of one file in one folder */
  readonly name: string
  readonly size: number
  /**
   * Receives the file into `folder` and resolves with its path; an existing file of that name is left alone.
   * @throws PeerError ERR_FILE_WRITE (also a full disk), ERR_FILE_CORRUPT, ERR_FILE_REFUSED, ERR_CONNECTION_LOST
   */
  save(folder: string, options?: SaveOptions): Promise<string>
  refuse(): Promise<void>
}

type Receiving = {
  readonly transfer: Transfer
  readonly file: FileHandle
  readonly hash: Hash
  readonly finished: PromiseWithResolvers<void>
  readonly onProgress: SaveOptions['onProgress']
  /** chunks that arrived; those on disk */
  arrived: number
  written: number
  /** the work on what arrived, in order */
  work: Promise<void>
}

/** Chunks are acknowledged in groups: each acknowledgement is a message of its own. */
const ACKNOWLEDGE_EVERY = CHUNK_WINDOW / 4

export type IncomingFiles = {
  offer(payload: Payload & { readonly k: 'file' }): IncomingFile
  chunk(frame: ChunkFrame): void
  end(payload: Payload & { readonly k: 'file-end' }): void
  abort(payload: Payload & { readonly k: 'file-abort' }): void
  fail(error: Error): void
}

export const createIncomingFiles = (line: Line): IncomingFiles => {
  const transfers = new Map<string, Receiving>()

  const underWay = (receiving: Receiving): boolean => transfers.get(hex(receiving.transfer.id)) === receiving

  /** Whether it was still under way; nothing that arrives for it counts any more. */
  const forget = (receiving: Receiving): boolean => underWay(receiving) && transfers.delete(hex(receiving.transfer.id))

  const stop = (receiving: Receiving, error: Error): void => {
    if (forget(receiving)) receiving.finished.reject(error)
  }

  /** Queues work on one transfer; its failure ends that transfer only. */
  const enqueue = (receiving: Receiving, work: () => Promise<void>): void => {
    receiving.work = receiving.work
      .then(() => (underWay(receiving) ? work() : undefined))
      .catch((error: unknown) => stop(receiving, asWriteError(error)))
  }

  const write = async (receiving: Receiving, index: number, token: Uint8Array): Promise<void> => {
    const { transfer, file, hash } = receiving
    const plaintext = openChunk(transfer, index, token)
    hash.update(plaintext)
    await file.writeFile(plaintext)
    receiving.written += 1
    receiving.onProgress?.(Math.min(transfer.size, receiving.written * CHUNK_BYTES), transfer.size)
    const last = receiving.written === chunkCount(transfer.size)
    const step = last ? receiving.written % ACKNOWLEDGE_EVERY || ACKNOWLEDGE_EVERY : ACKNOWLEDGE_EVERY
    if (last || receiving.written % ACKNOWLEDGE_EVERY === 0)
      await line.say({ k: 'file-taken', id: transfer.id, n: step })
  }

  const receive = async (transfer: Transfer, part: string, onProgress: SaveOptions['onProgress']): Promise<void> => {
    const file = await open(part, 'wx', 0o600)
    const finished = Promise.withResolvers<void>()
    // It may end before anyone waits for it.
    finished.promise.catch(() => {})
    const hash = createHash('sha256')
    const base = { transfer, file, hash, finished, onProgress }
    const receiving: Receiving = { ...base, arrived: 0, written: 0, work: Promise.resolve() }
    try {
      if (transfers.has(hex(transfer.id)))
        throw new PeerError('ERR_FILE_REFUSED', { hint: 'another transfer has its id' })
      transfers.set(hex(transfer.id), receiving)
      await line.say({ k: 'file-accept', id: transfer.id })
      await finished.promise
      await file.sync()
    } finally {
      forget(receiving)
      await receiving.work
      await file.close()
    }
  }

  const save = async (transfer: Transfer, name: string, folder: string, onProgress: SaveOptions['onProgress']) => {
    const part = join(folder, `.${randomBytes(8).toString('hex')}.part`)
    try {
      await mkdir(folder, { recursive: true })
      await receive(transfer, part, onProgress)
      const path = await place(part, folder, name)
      // The file is whole and here, whether or not the other side still hears of it.
      line.say({ k: 'file-done', id: transfer.id }).catch(() => {})
      return path
    } catch (error) {
      const failure = asWriteError(error)
      line.say({ k: 'file-refuse', id: transfer.id, code: failure.code }).catch(() => {})
      throw failure
    } finally {
      await rm(part, { force: true }).catch(() => {})
    }
  }

  return {
    offer: ({ id, name, size, secret }) => {
      const transfer: Transfer = { id, size, secret: secretKey(secret) }
      const safe = safeFileName(name)
      let decided = false
      const decide = (): void => {
        if (decided) throw new PeerError('ERR_FILE_REFUSED', { hint: 'saved or refused before' })
        decided = true
      }
      return {
        name: safe,
        size,
        save: async (folder, { onProgress } = {}) => {
          decide()
          return save(transfer, safe, folder, onProgress)
        },
        refuse: async () => {
          decide()
          await line.say({ k: 'file-refuse', id, code: 'ERR_FILE_REFUSED' })
        },
      }
    },
    chunk: ({ id, i, d }) => {
      const receiving = transfers.get(hex(id))
      // Chunks of a transfer that ended here may still be on their way.
      if (receiving === undefined) return
      const excess =
        i >= chunkCount(receiving.transfer.size) || i - receiving.written >= CHUNK_WINDOW + ACKNOWLEDGE_EVERY
      if (i !== receiving.arrived || excess) return stop(receiving, new PeerError('ERR_FILE_CORRUPT'))
      receiving.arrived += 1
      enqueue(receiving, () => write(receiving, i, d))
    },
    end: ({ id, hash }) => {
      const receiving = transfers.get(hex(id))
      if (receiving === undefined) return
      enqueue(receiving, async () => {
        const complete = receiving.written === chunkCount(receiving.transfer.size)
        if (!complete || !equal(receiving.hash.digest(), hash)) throw new PeerError('ERR_FILE_CORRUPT')
        forget(receiving)
        receiving.finished.resolve()
      })
    },
    abort: ({ id, code }) => {
      const receiving = transfers.get(hex(id))
      if (receiving !== undefined) stop(receiving, new PeerError('ERR_FILE_REFUSED', { hint: code }))
    },
    fail: (error) => {
      for (const receiving of [...transfers.values()]) stop(receiving, error)
    },
  }
}

const asWriteError = (error: unknown): HandfastError => {
  if (error instanceof HandfastError) return error
  const reason = error instanceof Error && 'code' in error ? String(error.code) : undefined
  return new PeerError('ERR_FILE_WRITE', { hint: reason === 'ENOSPC' ? 'the disk is full' : reason, cause: error })
}

/** Gives the complete file its name, or the next free one: `name (1).txt`. A link never replaces a file. */
const place = async (part: string, folder: string, name: string): Promise<string> => {
  const { name: stem, ext } = parse(name)
  for (let attempt = 0; ; attempt++) {
    const path = join(folder, attempt === 0 ? name : `${stem} (${attempt})${ext}`)
    try {
      await link(part, path)
      return path
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
  }
}
