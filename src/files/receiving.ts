import type { FilePayload } from '../connection/payloads.ts'
import { orAbort } from '../core/abort.ts'
import { equal } from '../core/bytes.ts'
import { chunkCount, openChunk, type Transfer } from '../core/chunk.ts'
import { FileError } from '../core/errors.ts'
import { isDiskFull, pauseAfterFull } from '../store/disk-full.ts'
import type { StoredTransfer } from '../store/transfer-rows.ts'
import {
  arrive,
  begin,
  type ChunkReceiver,
  close,
  createChunkReceiver,
  isDue,
  nextToken,
  takeReport,
  wake,
} from './chunk-receiver.ts'
import { asWriteError, openPart, type Part } from './part-file.ts'
import { findPlaced, placePart } from './place-part.ts'

/**
 * One file of theirs on one connection:
 *
 *     waiting for room --there is some--> reading what is here --file-accept--> receiving --all chunks--> whole, and saved
 *         └─────── file-wait, and a pause                                └────── the hash is another, and some came earlier: once more from 0
 *
 * A chunk is reported as taken when it is certainly on disk, and the row says so: what was reported is never asked for again. When the disk
 * is full meanwhile, `file-wait` says so and what still comes is passed over: its sender stops, and offers it again on this connection.
 */
export type Receiving = {
  /** chunks that are certainly on disk */
  readonly kept: number
  /** whether it waits for room on the disk */
  readonly isFull: boolean
  chunk(index: number, token: Uint8Array): void
  /** Keeps what is here and ends; resolves when the file is closed. */
  stop(): Promise<void>
}

/** Where it is written down; everything that it is asked for is on disk when it resolves. */
export type ReceivingDesk = {
  keep(chunks: number): Promise<void>
  restart(): Promise<void>
  save(path: string): Promise<void>
  /** Whether what is missing of it has room on the disk now, also when it `begins` to come. @throws what the system says */
  fits(begins: boolean): Promise<boolean>
  /** how often in a row it had not */
  readonly fulls: number
  /** It has not, once more: so many chunks are here. */
  full(chunks: number): void
  fail(error: FileError): Promise<void>
}

/** What is said to the sender; resolves when it was, or never will be. */
type ReceivingLine = { say(payload: FilePayload): Promise<void> }

type Run = {
  readonly row: StoredTransfer
  readonly transfer: Transfer
  readonly line: ReceivingLine
  readonly desk: ReceivingDesk
  readonly receiver: ChunkReceiver
  isFull: boolean
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

const refuseFull = (): never => {
  throw new FileError('ERR_FILE_FULL')
}

/** Writes what comes. @returns whether all of it is here */
const takeChunks = async (run: Run, part: Part): Promise<boolean> => {
  const { row, transfer, receiver, desk, signal } = run
  const { chunks: before } = part
  while (part.chunks < receiver.count) {
    const token = await nextToken(receiver, signal)
    if (token === null) return false
    await part.write(openChunk(transfer, part.chunks, token))
    if (!isDue(receiver, part.chunks)) continue
    // From now on it has a claim to its room; what began meanwhile has it first.
    if (before === 0 && receiver.kept === 0 && !(await desk.fits(true))) refuseFull()
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

/** Opens the partial file for as long as there is room. */
const open = async (run: Run): Promise<void> => {
  const { row, receiver, desk, signal } = run
  const placed = row.chunks === receiver.count ? await findPlaced(row, signal) : null
  if (placed !== null) return desk.save(placed)
  let part: Part | null = null
  try {
    part = await openPart(row.path, row.part ?? '', row, signal)
    await receive(run, part)
  } finally {
    if (part !== null && signal.aborted && part.chunks > receiver.kept) await keep(run, part).catch(() => {})
    await part?.close()
  }
}

const sayFull = (run: Run): Promise<void> => say(run, { k: 'file-wait', id: run.row.id, code: 'ERR_FILE_FULL' })

/** There is no room for it: both sides are told. */
const tellFull = (run: Run): Promise<void> => {
  run.isFull = true
  run.desk.full(run.receiver.kept)
  return sayFull(run)
}

/** Waits until there is room for what is missing. @returns whether there is; not when it is to stop */
const untilRoom = async (run: Run): Promise<boolean> => {
  const { desk, signal } = run
  for (;;) {
    await pauseAfterFull(desk.fulls, signal)
    if (signal.aborted) return false
    if (await desk.fits(false)) break
    if (run.isFull) desk.full(run.receiver.kept)
    else await tellFull(run)
  }
  run.isFull = false
  return true
}

const work = async (run: Run): Promise<void> => {
  const { receiver, signal } = run
  // As it was on the connection before.
  if (run.isFull) await sayFull(run)
  while (await untilRoom(run)) {
    try {
      return await open(run)
    } catch (error) {
      if (signal.aborted || !isDiskFull(error)) throw error
      const wasAsked = receiver.state !== 'closed'
      close(receiver)
      await tellFull(run)
      // What was on its way has come when its sender offers it again.
      if (wasAsked) return
    }
  }
}

export const openReceiving = (
  row: StoredTransfer,
  transfer: Transfer,
  line: ReceivingLine,
  desk: ReceivingDesk,
): Receiving => {
  const stopping = new AbortController()
  const receiver = createChunkReceiver(chunkCount(row.size), row.chunks)
  const { signal } = stopping
  const run: Run = { row, transfer, line, desk, receiver, isFull: desk.fulls > 0, signal }
  const working = work(run).catch(async (error: unknown) => {
    if (!signal.aborted) await desk.fail(asWriteError(error))
  })
  return {
    get kept() {
      return receiver.kept
    },
    get isFull() {
      return run.isFull
    },
    chunk: (index, token) => arrive(receiver, index, token),
    stop: () => {
      stopping.abort()
      wake(receiver)
      return working
    },
  }
}
