import type { FilePayload } from '../connection/payloads.ts'
import type { Line } from '../connection/service.ts'
import { orAbort } from '../core/abort.ts'
import { equal } from '../core/bytes.ts'
import { chunkCount, openChunk, type Transfer } from '../core/chunk.ts'
import { FileError } from '../core/errors.ts'
import type { StoredTransfer } from '../store/transfer-rows.ts'
import {
  arrive,
  begin,
  type ChunkReceiver,
  createChunkReceiver,
  isDue,
  nextToken,
  takeReport,
  wake,
} from './chunk-receiver.ts'
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

type Run = {
  readonly row: StoredTransfer
  readonly transfer: Transfer
  readonly line: Pick<Line, 'say'>
  readonly desk: ReceivingDesk
  readonly receiver: ChunkReceiver
  /** aborted when it is to stop */
  readonly signal: AbortSignal
}

/** Saying fails only when the connection has ended, which is told elsewhere. */
const say = ({ line, signal }: Run, payload: FilePayload): Promise<void> =>
  orAbort(line.say(payload), signal).catch(() => {})

/** Asks for what is not here. */
const ask = (run: Run, { chunks }: Part): Promise<void> => {
  begin(run.receiver, chunks)
  return say(run, { k: 'file-accept', id: run.row.id, from: chunks })
}

/** Makes durable what was written, file first. */
const keep = async ({ desk, receiver }: Run, part: Part): Promise<void> => {
  await part.sync()
  await desk.keep(part.chunks)
  receiver.kept = part.chunks
}

/** Writes what comes. @returns whether all of it is here */
const takeChunks = async (run: Run, part: Part): Promise<boolean> => {
  const { row, transfer, receiver, signal } = run
  while (part.chunks < receiver.count) {
    const token = await nextToken(receiver, signal)
    if (token === null) return false
    await part.write(openChunk(transfer, part.chunks, token))
    if (!isDue(receiver, part.chunks)) continue
    await keep(run, part)
    await say(run, { k: 'file-taken', id: row.id, n: takeReport(receiver) })
  }
  return true
}

const receive = async (run: Run, part: Part): Promise<void> => {
  const { row, desk } = run
  /** Whether it rests on what nobody but the disk vouches for. */
  let resumed = part.chunks > 0
  let again = row.again
  if (part.chunks < row.chunks) await desk.keep(part.chunks)
  await ask(run, part)
  for (;;) {
    if (!(await takeChunks(run, part))) return
    if (equal(part.digest(), row.hash)) break
    if (!resumed || again) throw new FileError('ERR_FILE_CORRUPT')
    await desk.restart()
    await part.clear()
    again = true
    resumed = false
    await ask(run, part)
  }
  // A part that was whole before the crash may have got no further than the memory of the system.
  await part.sync()
  await desk.save(await placePart(row.path, row.part ?? '', row.name))
}

/** Opens the partial file for as long as it takes. */
const work = async (run: Run): Promise<void> => {
  const { row, receiver, signal } = run
  let part: Part | null = null
  try {
    part = await openPart(row.path, row.part ?? '', row, signal)
    await receive(run, part)
  } finally {
    if (part !== null && signal.aborted && part.chunks > receiver.kept) await keep(run, part).catch(() => {})
    await part?.close()
  }
}

export const openReceiving = (
  row: StoredTransfer,
  transfer: Transfer,
  line: Pick<Line, 'say'>,
  desk: ReceivingDesk,
): Receiving => {
  const stopping = new AbortController()
  const receiver = createChunkReceiver(chunkCount(row.size), row.chunks)
  const { signal } = stopping
  const working = work({ row, transfer, line, desk, receiver, signal }).catch(async (error: unknown) => {
    if (!signal.aborted) await desk.fail(asWriteError(error))
  })
  return {
    get kept() {
      return receiver.kept
    },
    chunk: (index, token) => arrive(receiver, index, token),
    stop: () => {
      stopping.abort()
      wake(receiver)
      return working
    },
  }
}
