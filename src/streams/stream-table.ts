import { STREAMS_PER_CONNECTION } from '../core/limits/connection-limits.ts'
import type { ByteStream, StreamEnd, StreamName } from './byte-stream.ts'
import type { StreamState } from './stream-state.ts'

/** Whoever waits to hear what became of a stream. */
export type Waiting = { accepted(stream: ByteStream): void; failed(error: Error): void }

/** One stream of a connection. */
export type Entry = {
  readonly name: StreamName
  readonly isOurs: boolean
  state: StreamState
  /** once it is accepted */
  end: StreamEnd | null
  /** until then: the caller of `open`, or whoever has it in a queue */
  waiting: Waiting | null
}

export type StreamTable = ReturnType<typeof createTable>

/** The streams of one connection that are not over, or not read to their end. */
export const createTable = () => {
  const entries = new Map<number, Entry>()
  const count = (matches: (entry: Entry) => boolean): number => [...entries.values()].filter(matches).length
  return {
    get: (id: number): Entry | undefined => entries.get(id),
    all: (): readonly Entry[] => [...entries.values()],
    add: (entry: Entry): void => void entries.set(entry.state.id, entry),
    tidy: ({ state, end }: Entry): void => {
      if (state.phase === 'over' && (end === null || end.unread === 0)) entries.delete(state.id)
    },
    ours: (): number => count(({ isOurs }) => isOurs),
    /** Of theirs: those that are not over as they see it, and those that hold something here. */
    theirsGoing: (): number => count(({ isOurs, state }) => !isOurs && state.phase !== 'over'),
    theirsHeld: (): number => count(({ isOurs, state }) => !isOurs && !state.isReset),
  }
}

/** Ids of one side, 2 apart and without a gap: an id below the next has been used, and nothing else need be remembered of it. */
export const createIds = (first: 0 | 1) => {
  let opened = 0
  return {
    get next() {
      return first + 2 * opened
    },
    get areUsedUp() {
      return opened >= STREAMS_PER_CONNECTION
    },
    isUsed: (id: number): boolean => id % 2 === first && id < first + 2 * opened,
    take: (): number => first + 2 * opened++,
  }
}
