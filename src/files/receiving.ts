import type { FilePayload } from '../connection/payloads.ts'
import { orAbort } from '../core/abort.ts'
import { equal } from '../core/bytes.ts'
import { chunkCount, openChunk, type Transfer } from '../core/chunk.ts'
import { FileError } from '../core/errors.ts'
import { CHUNK_WINDOW } from '../core/limits.ts'
import type { StoredTransfer } from '../store/transfer-store.ts'
import type { FileLine } from './file-line.ts'
import { asWriteError, openPart, type Part, placePart } from './part-file.ts'

/**
 * One file of theirs on one connection:
 *
 *     reading what is here --file-accept--> receiving --all chunks--> whole, and saved
 *                                 └────── the hash is another, and some came earlier: once more from 0
 *
 * A chunk is reported as taken when it is certainly on disk, and the row says so: what was reported is never asked for again.
 */
export type Receiving = {
  /** chunks that are certainly on disk */
  readonly kept: number
  chunk(index: number, token: Uint8Array): void
  /** Keeps what is here and ends; resolves when the file is closed. */
  stop(): Promise<void>
}

/** Where it is written down; everything that it is asked for is on disk when it resolves. */
export type ReceivingDesk = {
  keep(chunks: number): Promise<void>
  restart(): Promise<void>
  save(path: string): Promise<void>
  fail(error: FileError): Promise<void>
}

/** Chunks are made durable in groups: a slow disk gets larger ones, since more come while it writes. */
const GROUP_MIN = CHUNK_WINDOW / 4
const GROUP_MAX = CHUNK_WINDOW / 2

export const openReceiving = (
  row: StoredTransfer,
  transfer: Transfer,
  line: FileLine,
  desk: ReceivingDesk,
): Receiving => {
  const count = chunkCount(row.size)
  const stopping = new AbortController()
  const { signal } = stopping
  const tokens: Uint8Array[] = []
  let news = Promise.withResolvers<void>()
  let accepted = false
  let broken: FileError | null = null
  /** the chunk that has to come next; those that are written down; those that were reported */
  let arrived = 0
  let kept = row.chunks
  let reported = 0

  const wake = (): void => {
    news.resolve()
    news = Promise.withResolvers()
  }
  /** The next that came; null when it is to stop and nothing is left: what came before the connection broke need not come again. */
  const next = async (): Promise<Uint8Array | null> => {
    for (;;) {
      if (broken !== null) throw broken
      const token = tokens.shift()
      if (token !== undefined) return token
      if (signal.aborted) return null
      await news.promise
    }
  }

  /** Saying fails only when the connection has ended, which is told elsewhere. */
  const say = (payload: FilePayload): Promise<void> => orAbort(line.say(payload), signal).catch(() => {})

  const begin = (part: Part): Promise<void> => {
    arrived = part.chunks
    kept = part.chunks
    reported = part.chunks
    accepted = true
    return say({ k: 'file-accept', id: row.id, from: part.chunks })
  }

  const keep = async (part: Part): Promise<void> => {
    await part.sync()
    await desk.keep(part.chunks)
    kept = part.chunks
  }
  const report = (): Promise<void> => {
    const n = kept - reported
    reported = kept
    return say({ k: 'file-taken', id: row.id, n })
  }
  const isDue = ({ chunks }: Part): boolean => {
    const unkept = chunks - kept
    return chunks === count || unkept >= GROUP_MAX || (unkept >= GROUP_MIN && tokens.length === 0)
  }

  /** @returns whether all of them are here */
  const takeChunks = async (part: Part): Promise<boolean> => {
    while (part.chunks < count) {
      const token = await next()
      if (token === null) return false
      await part.write(openChunk(transfer, part.chunks, token))
      if (!isDue(part)) continue
      await keep(part)
      await report()
    }
    return true
  }

  const receive = async (part: Part): Promise<void> => {
    /** Whether it rests on what nobody but the disk vouches for. */
    let resumed = part.chunks > 0
    let again = row.again
    if (part.chunks < row.chunks) await desk.keep(part.chunks)
    await begin(part)
    for (;;) {
      if (!(await takeChunks(part))) return
      if (equal(part.digest(), row.hash)) break
      if (!resumed || again) throw new FileError('ERR_FILE_CORRUPT')
      await desk.restart()
      await part.clear()
      again = true
      resumed = false
      await begin(part)
    }
    // A part that was whole before the crash may have got no further than the memory of the system.
    await part.sync()
    await desk.save(await placePart(row.path, row.part ?? '', row.name))
  }

  const run = async (): Promise<void> => {
    let part: Part | null = null
    try {
      part = await openPart(row.path, row.part ?? '', row, signal)
      await receive(part)
    } finally {
      if (part !== null && signal.aborted && part.chunks > kept) await keep(part).catch(() => {})
      await part?.close()
    }
  }

  const work = run().catch(async (error: unknown) => {
    if (!signal.aborted) await desk.fail(asWriteError(error))
  })

  return {
    get kept() {
      return kept
    },
    chunk: (index, token) => {
      // What comes before it was asked for, or when all is here, counts for nothing.
      if (!accepted || arrived === count || broken !== null) return
      if (index !== arrived || index - reported >= CHUNK_WINDOW) broken = new FileError('ERR_FILE_CORRUPT')
      else {
        arrived += 1
        tokens.push(token)
      }
      wake()
    },
    stop: () => {
      stopping.abort()
      wake()
      return work
    },
  }
}
