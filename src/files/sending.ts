import { createHash } from 'node:crypto'
import { type Credit, createCredit } from '../connection/credit.ts'
import { orAbort } from '../core/abort.ts'
import { equal } from '../core/bytes.ts'
import { chunkCount, sealChunk } from '../core/chunk.ts'
import type { FileErrorCode } from '../core/errors/codes.ts'
import { FileError } from '../core/errors.ts'
import { FERNET_IV_BYTES } from '../core/fernet.ts'
import type { SecretKey } from '../core/kdf.ts'
import { CHUNK_WINDOW } from '../core/limits.ts'
import { seconds, type World } from '../core/world.ts'
import type { StoredTransfer } from '../store/transfer-store.ts'
import type { FileLine } from './file-line.ts'
import { openSource } from './source-file.ts'

/**
 * One of our files on one connection:
 *
 *     offered --file-accept--> sending from that chunk on --file-accept--> sending anew from that chunk on …
 *
 * The connection may end at any moment: the next one begins with `offered` again.
 */
export type Sending = {
  readonly state: 'offered' | 'sending'
  /** chunks that the other side has on disk, as far as it said */
  readonly taken: number
  accept(from: number): void
  /** `count` more chunks are on the other disk. */
  grant(count: number): void
  /** Sends nothing more; resolves when the file is closed. */
  stop(): Promise<void>
}

/** What becomes of it. */
export type SendingDesk = {
  progress(): void
  fail(code: FileErrorCode): void
}

export const openSending = (
  row: StoredTransfer,
  secret: SecretKey,
  line: FileLine,
  world: World,
  desk: SendingDesk,
): Sending => {
  const transfer = { id: row.id, size: row.size, secret }
  const count = chunkCount(row.size)
  let run = new AbortController()
  let work: Promise<void> = Promise.resolve()
  let credit: Credit | null = null
  let taken = 0
  let stopped = false

  /** Memory holds one chunk at a time: the next is read when there was room for the last. */
  const transmit = async (from: number, window: Credit, signal: AbortSignal): Promise<void> => {
    if (from === count) return
    await using source = await openSource(row.path, row)
    const hash = createHash('sha256')
    await source.hashUpTo(from, hash, signal)
    for (let index = from; index < count; index++) {
      await window.spend(signal)
      const plaintext = await source.read(index)
      hash.update(plaintext)
      // The last chunk of a file that was written to behind our back is not sent: nobody gets a mixture of the two.
      if (index === count - 1 && !equal(Uint8Array.from(hash.digest()), row.hash))
        throw new FileError('ERR_FILE_CHANGED', { hint: row.path })
      const token = sealChunk(transfer, index, plaintext, seconds(world), world.random(FERNET_IV_BYTES))
      await orAbort(line.sendChunk(row.id, index, token), signal)
    }
  }

  const begin = (from: number): void => {
    run.abort()
    run = new AbortController()
    const { signal } = run
    const window = createCredit(CHUNK_WINDOW)
    credit = window
    taken = from
    desk.progress()
    work = work
      .then(() => (signal.aborted ? undefined : transmit(from, window, signal)))
      .catch((error: unknown) => {
        // Anything else is the end of the connection, and the file waits for the next one.
        const ours = error instanceof FileError && (error.code === 'ERR_FILE_READ' || error.code === 'ERR_FILE_CHANGED')
        if (ours && !signal.aborted) desk.fail(error.code)
      })
  }

  const offer = { k: 'file', id: row.id, name: row.name, size: row.size, hash: row.hash } as const
  line.say({ ...offer, secret: Uint8Array.from(secret.export()) }).catch(() => {})

  return {
    get state() {
      return credit === null ? 'offered' : 'sending'
    },
    get taken() {
      return taken
    },
    accept: (from) => {
      if (stopped) return
      if (from > count) desk.fail('ERR_FILE_CORRUPT')
      else begin(from)
    },
    grant: (said) => {
      if (credit === null) return
      // More than was sent cannot have been taken: ignored, so that a peer cannot open the window by lying.
      const more = Math.min(said, credit.outstanding)
      credit.grant(more)
      taken += more
      desk.progress()
    },
    stop: () => {
      stopped = true
      run.abort()
      return work
    },
  }
}
