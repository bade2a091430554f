import { createHash } from 'node:crypto'
import { type Credit, createCredit } from '../connection/credit.ts'
import type { Line } from '../connection/service.ts'
import { orAbort } from '../core/abort.ts'
import { equal } from '../core/bytes.ts'
import { chunkCount, sealChunk } from '../core/chunk.ts'
import type { FileErrorCode } from '../core/errors/codes.ts'
import { FileError } from '../core/errors.ts'
import { FERNET_IV_BYTES } from '../core/fernet.ts'
import { exportSecret, type SecretKey } from '../core/kdf.ts'
import { CHUNK_WINDOW } from '../core/limits/file-limits.ts'
import { seconds, type World } from '../core/world.ts'
import type { StoredTransfer } from '../store/transfer-rows.ts'
import type { Live } from './file-api.ts'
import { openSource } from './source-file.ts'

/**
 * One of our files on one connection:
 *
 *     offered --file-accept--> sending from that chunk on --file-accept--> sending anew from that chunk on …
 *                              sending --file-wait--> offered, once more
 *
 * The connection may end at any moment: the next one begins with `offered` again.
 */
export type Sending = {
  /** its state, with the chunks that the other side has on disk, as far as it said */
  readonly live: Live
  accept(from: number): void
  /** It is not taken over there now, for that reason: nothing is sent until it is accepted again. */
  wait(reason: FileErrorCode): void
  /** `count` more chunks are on the other disk. */
  grant(count: number): void
  /** Sends nothing more; resolves when the file is closed. */
  stop(): Promise<void>
}

/** What becomes of it. */
export type SendingDesk = {
  progress(live: Live): void
  fail(code: FileErrorCode): void
}

type SendingLine = Pick<Line, 'say' | 'sendChunk'>

/** What is sent, and how. */
type Task = {
  /** Resolves when the last chunk, of whatever go, has left. */
  leaving: Promise<void>
  readonly row: StoredTransfer
  readonly secret: SecretKey
  readonly line: SendingLine
  readonly world: World
}

/** One go at it: begun by a `file-accept`, ended by the next one or with the connection. */
type Go = { readonly from: number; readonly window: Credit; readonly stopping: AbortController }

/**
 * Memory holds one chunk at a time: the next is read when there was room for the last, of whatever go that was. Who asks for the file again and
 * again, and reads nothing, has us keep no more.
 */
const transmit = async (task: Task, { from, window, stopping }: Go): Promise<void> => {
  const { row, secret, line, world } = task
  const { signal } = stopping
  const transfer = { id: row.id, size: row.size, secret }
  const count = chunkCount(row.size)
  if (from === count) return
  await using source = await openSource(row.path, row)
  const hash = createHash('sha256')
  await source.hashUpTo(from, hash, signal)
  for (let index = from; index < count; index++) {
    await window.spend(signal)
    await orAbort(task.leaving, signal)
    const plaintext = await source.read(index)
    signal.throwIfAborted()
    hash.update(plaintext)
    // The last chunk of a file that was written to behind our back is not sent: nobody gets a mixture of the two.
    if (index === count - 1 && !equal(Uint8Array.from(hash.digest()), row.hash))
      throw new FileError('ERR_FILE_CHANGED', { hint: row.path })
    const token = sealChunk(transfer, index, plaintext, seconds(world), world.random(FERNET_IV_BYTES))
    task.leaving = line.sendChunk(row.id, index, token)
    task.leaving.catch(() => {})
  }
}

/** Why our file ended it; null when it was the connection, and the file waits for the next one. */
const failureOf = (error: unknown): FileErrorCode | null =>
  error instanceof FileError && (error.code === 'ERR_FILE_READ' || error.code === 'ERR_FILE_CHANGED')
    ? error.code
    : null

/** Offers it on that connection. */
export const openSending = (
  row: StoredTransfer,
  secret: SecretKey,
  line: SendingLine,
  world: World,
  desk: SendingDesk,
): Sending => {
  const task: Task = { leaving: Promise.resolve(), row, secret, line, world }
  let go: Go | null = null
  let work: Promise<void> = Promise.resolve()
  let live: Live = { state: 'offered', chunks: 0 }
  let stopped = false

  const advance = (chunks: number): void => {
    live = { state: 'sending', chunks }
    desk.progress(live)
  }
  const begin = (from: number): void => {
    go?.stopping.abort()
    const next: Go = { from, window: createCredit(CHUNK_WINDOW), stopping: new AbortController() }
    const { signal } = next.stopping
    go = next
    advance(from)
    work = work
      .then(() => (signal.aborted ? undefined : transmit(task, next)))
      .catch((error: unknown) => {
        const code = failureOf(error)
        if (code !== null && !signal.aborted) desk.fail(code)
      })
  }

  const offer = (): void => {
    const bare = exportSecret(secret)
    // It is encrypted at once.
    line.say({ k: 'file', id: row.id, name: row.name, size: row.size, hash: row.hash, secret: bare }).catch(() => {})
    bare.fill(0)
  }
  offer()

  return {
    get live() {
      return live
    },
    accept: (from) => {
      if (stopped) return
      if (from > chunkCount(row.size)) desk.fail('ERR_FILE_CORRUPT')
      else begin(from)
    },
    wait: (reason) => {
      if (stopped || live.reason === reason) return
      live = { state: 'offered', chunks: live.chunks, reason }
      const wasGoing = go !== null
      go?.stopping.abort()
      go = null
      // After the last chunk that is on its way: the other side begins to count anew with it.
      if (wasGoing)
        work = work.then(() => {
          if (!stopped) offer()
        })
      desk.progress(live)
    },
    grant: (said) => {
      if (go === null) return
      // More than was sent cannot have been taken: ignored, so that a peer cannot open the window by lying.
      const more = Math.min(said, go.window.outstanding)
      go.window.grant(more)
      advance(live.chunks + more)
    },
    stop: () => {
      stopped = true
      go?.stopping.abort()
      return work
    },
  }
}
