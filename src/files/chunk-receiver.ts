import { FileError } from '../core/errors.ts'
import { CHUNK_WINDOW } from '../core/limits/file-limits.ts'

/**
 * Chunks of one file as they come: in order, and no more of them than were asked for. They wait here until they are written.
 *
 *     closed --begin(from)--> open --arrive, the next one--> open --arrive, any other--> broken
 *                             open --begin(from)--> open          open, broken --close--> closed
 */
export type ChunkReceiver = {
  /** of the whole file */
  readonly count: number
  /** `closed`: nothing was asked for; what comes then counts for nothing */
  state: 'closed' | 'open' | 'broken'
  /** the chunk that has to come next */
  arrived: number
  /** chunks that are certainly on disk */
  kept: number
  /** chunks that the sender knows of */
  reported: number
  /** what came and is not written yet */
  readonly tokens: Uint8Array[]
  /** resolves when one has come, or it broke */
  news: PromiseWithResolvers<void>
}

/** Chunks are made durable in groups: a slow disk gets larger ones, since more come while it writes. */
const GROUP_MIN = CHUNK_WINDOW / 4
const GROUP_MAX = CHUNK_WINDOW / 2

/** @param kept chunks that are on disk already */
export const createChunkReceiver = (count: number, kept: number): ChunkReceiver => ({
  ...{ count, state: 'closed', arrived: 0, kept, reported: 0, tokens: [] },
  news: Promise.withResolvers(),
})

/** Whoever waits for the next one looks again. */
export const wake = (receiver: ChunkReceiver): void => {
  receiver.news.resolve()
  receiver.news = Promise.withResolvers()
}

/** They are asked for, beginning with `from`. */
export const begin = (receiver: ChunkReceiver, from: number): void => {
  Object.assign(receiver, { state: 'open', arrived: from, kept: from, reported: from })
}

/** None is asked for any more; what still comes counts for nothing. */
export const close = (receiver: ChunkReceiver): void => {
  receiver.state = 'closed'
  receiver.tokens.length = 0
}

/** One has come. */
export const arrive = (receiver: ChunkReceiver, index: number, token: Uint8Array): void => {
  // What comes when all is here counts for nothing either.
  if (receiver.state !== 'open' || receiver.arrived === receiver.count) return
  if (index !== receiver.arrived || index - receiver.reported >= CHUNK_WINDOW) receiver.state = 'broken'
  else {
    receiver.arrived += 1
    receiver.tokens.push(token)
  }
  wake(receiver)
}

/**
 * The next that came; null when it is to stop and nothing is left: what came before the connection broke need not come again.
 * @throws FileError ERR_FILE_CORRUPT when another came than the next one, or more than were asked for
 */
export const nextToken = async (receiver: ChunkReceiver, signal: AbortSignal): Promise<Uint8Array | null> => {
  for (;;) {
    if (receiver.state === 'broken') throw new FileError('ERR_FILE_CORRUPT')
    const token = receiver.tokens.shift()
    if (token !== undefined) return token
    if (signal.aborted) return null
    await receiver.news.promise
  }
}

/** Whether it is time to make durable what was written. */
export const isDue = ({ count, kept, tokens }: ChunkReceiver, written: number): boolean => {
  const unkept = written - kept
  return written === count || unkept >= GROUP_MAX || (unkept >= GROUP_MIN && tokens.length === 0)
}

/** Chunks that the sender has to be told of, now that it is. */
export const takeReport = (receiver: ChunkReceiver): number => {
  const count = receiver.kept - receiver.reported
  receiver.reported = receiver.kept
  return count
}
