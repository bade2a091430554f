import { createHash } from 'node:crypto'
import { constants, type FileHandle, open } from 'node:fs/promises'
import { basename } from 'node:path'
import { hex } from '../core/bytes.ts'
import { chunkCount, chunkSize, sealChunk, TRANSFER_ID_BYTES, type Transfer } from '../core/chunk.ts'
import { type ErrorCode, PeerError } from '../core/errors.ts'
import { FERNET_IV_BYTES } from '../core/fernet.ts'
import { safeFileName } from '../core/file-name.ts'
import { secretKey } from '../core/kdf.ts'
import { CHUNK_BYTES, CHUNK_WINDOW, MESSAGE_WINDOW } from '../core/limits.ts'
import { type Credit, createCredit } from './credit.ts'
import { type Line, orAborted } from './line.ts'
import type { Payload } from './payloads.ts'
import { seconds } from './ports.ts'

/** Files on their way out: offered, accepted, sent chunk by chunk, confirmed by the other side's own hash. */

export type SendFileOptions = {
  /** the name the other side sees; default: the path's last part */
  readonly name?: string | undefined
  /** called with bytes the other side has written, and bytes in all */
  readonly onProgress?: ((sent: number, size: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

export type SentFile = { readonly name: string; readonly size: number; readonly sha256: string }

type Sending = {
  readonly accepted: PromiseWithResolvers<void>
  readonly done: PromiseWithResolvers<void>
  readonly credit: Credit
  onTaken(count: number): void
}

export type OutgoingFiles = {
  send(path: string, options: SendFileOptions): Promise<SentFile>
  /** Takes what the other side says about one of our files. */
  handle(payload: Payload & { readonly k: 'file-accept' | 'file-refuse' | 'file-taken' | 'file-done' }): void
  /** Ends every transfer. */
  fail(error: Error): void
}

export const createOutgoingFiles = (line: Line): OutgoingFiles => {
  const transfers = new Map<string, Sending>()
  let declining = 0

  const failTransfer = (sending: Sending, error: Error): void => {
    sending.accepted.reject(error)
    sending.done.reject(error)
    sending.credit.fail(error)
  }

  /** Offers, then streams: memory holds one chunk at a time. */
  const transmit = async (file: FileHandle, name: string, options: SendFileOptions): Promise<SentFile> => {
    const { random } = line.world
    const { size } = await file.stat()
    const secretBytes = random(32)
    const id = random(TRANSFER_ID_BYTES)
    const transfer: Transfer = { id, size, secret: secretKey(Uint8Array.from(secretBytes)) }
    let taken = 0
    const sending: Sending = {
      accepted: Promise.withResolvers(),
      done: Promise.withResolvers(),
      credit: createCredit(CHUNK_WINDOW),
      onTaken: (count) => {
        taken += count
        options.onProgress?.(Math.min(size, taken * CHUNK_BYTES), size)
      },
    }
    for (const { promise } of [sending.accepted, sending.done]) promise.catch(() => {})
    const abort = (): void => failTransfer(sending, options.signal?.reason)
    options.signal?.addEventListener('abort', abort, { once: true })
    transfers.set(hex(id), sending)
    try {
      options.signal?.throwIfAborted()
      await line.deliver({ k: 'file', id, name, size, secret: secretBytes }, options.signal)
      await sending.accepted.promise
      const hash = await sendChunks(file, transfer, sending, options.signal)
      await line.say({ k: 'file-end', id, hash })
      await sending.done.promise
      return { name, size, sha256: hex(hash) }
    } catch (error) {
      const code: ErrorCode = error instanceof PeerError ? error.code : 'ERR_FILE_READ'
      line.say({ k: 'file-abort', id, code }).catch(() => {})
      throw error
    } finally {
      options.signal?.removeEventListener('abort', abort)
      transfers.delete(hex(id))
    }
  }

  const sendChunks = async (
    file: FileHandle,
    transfer: Transfer,
    { credit }: Sending,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array> => {
    const { world } = line
    const hash = createHash('sha256')
    for (let index = 0; index < chunkCount(transfer.size); index++) {
      await credit.spend()
      const plaintext = await readExactly(file, chunkSize(transfer.size, index))
      hash.update(plaintext)
      const token = sealChunk(transfer, index, plaintext, seconds(world), world.random(FERNET_IV_BYTES))
      await orAborted(line.sendChunk(transfer.id, index, token), signal)
    }
    return Uint8Array.from(hash.digest())
  }

  /** An offer that was withdrawn before it was accepted: whoever accepts it late must not wait for ever. */
  const decline = (id: Uint8Array): void => {
    if (declining >= MESSAGE_WINDOW) return
    declining += 1
    const told = (): void => {
      declining -= 1
    }
    line.say({ k: 'file-abort', id, code: 'ERR_FILE_REFUSED' }).then(told, told)
  }

  return {
    send: async (path, options) => {
      const name = safeFileName(options.name ?? basename(path))
      const file = await openRegular(path)
      try {
        return await transmit(file, name, options)
      } finally {
        await file.close()
      }
    },
    handle: (payload) => {
      const sending = transfers.get(hex(payload.id))
      if (sending === undefined) return payload.k === 'file-accept' ? decline(payload.id) : undefined
      if (payload.k === 'file-accept') sending.accepted.resolve()
      else if (payload.k === 'file-done') sending.done.resolve()
      else if (payload.k === 'file-refuse')
        failTransfer(sending, new PeerError('ERR_FILE_REFUSED', { hint: payload.code }))
      else {
        // More than was sent cannot have been taken: ignored, so that a peer cannot open the window by lying.
        const count = Math.min(payload.n, sending.credit.outstanding)
        sending.credit.grant(count)
        try {
          sending.onTaken(count)
        } catch (error) {
          failTransfer(sending, asError(error))
        }
      }
    },
    fail: (error) => {
      for (const sending of transfers.values()) failTransfer(sending, error)
    },
  }
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))

const openRegular = async (path: string): Promise<FileHandle> => {
  try {
    // Without O_NONBLOCK a named pipe would be opened only when somebody writes to it.
    const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    if ((await file.stat()).isFile()) return file
    await file.close()
  } catch (cause) {
    throw new PeerError('ERR_FILE_READ', { hint: path, cause })
  }
  throw new PeerError('ERR_FILE_READ', { hint: `${path} is not a file` })
}

/** A file that shrinks while it is sent is an error, not a shorter file. */
const readExactly = async (file: FileHandle, size: number): Promise<Uint8Array> => {
  const chunk = new Uint8Array(size)
  let filled = 0
  while (filled < size) {
    const { bytesRead } = await file.read(chunk, filled, size - filled).catch((cause: unknown) => {
      throw new PeerError('ERR_FILE_READ', { cause })
    })
    if (bytesRead === 0) throw new PeerError('ERR_FILE_READ', { hint: 'it became shorter while it was sent' })
    filled += bytesRead
  }
  return chunk
}
