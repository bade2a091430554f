import type { Message } from '../messages/message.ts'
import type { PeerEvent } from './peer-events.ts'

/**
 * Events that one loop has not taken: at most so many, and none that weighs more than some hundred bytes. Messages are on disk, so only which
 * ones is kept here, and none is ever left out. Of the rest, when there are too many, the oldest of the kind that there is most of gives way:
 * who comes and goes a thousand times pushes out news of coming and going, and no warning.
 */
export type EventQueue = {
  readonly size: number
  /** @param most how many may wait then */
  put(event: Waiting, most: number): void
  /** The first; before it how many were left out, if any were. */
  take(): Waiting | null
}

/** Messages that came, with ids above `after`, up to `upTo`. */
export type Came = { readonly type: 'came'; readonly after: number; readonly upTo: number }

/** What became of one of ours. */
export type Fate = { readonly type: 'fate' } & Pick<Message, 'id' | 'state' | 'reason'>

export type Waiting = Came | Fate | Exclude<PeerEvent, { type: 'message' | 'delivery' }>

type Entry = { readonly at: number; event: Waiting }

/** Of a file that goes on only the last step counts: one of many gigabytes takes thousands. */
const isNextStep = (before: Waiting, { transfer }: Extract<Waiting, { type: 'file' }>): boolean =>
  before.type === 'file' && before.transfer.state === transfer.state

const joined = (first: Waiting, second: Waiting): Waiting =>
  first.type === 'came' && second.type === 'came' ? { ...first, upTo: second.upTo } : first

export const createEventQueue = (): EventQueue => {
  /** by their type, each oldest first */
  const lists = new Map<Waiting['type'], Entry[]>()
  /** the latest of each file, by its number */
  const files = new Map<number, Entry>()
  let size = 0
  let last = 0
  let missed = 0

  const listOf = (type: Waiting['type']): Entry[] => {
    const list = lists.get(type) ?? []
    lists.set(type, list)
    return list
  }
  const removeFirst = (list: Entry[]): Entry | undefined => {
    const entry = list.shift()
    if (entry === undefined) return undefined
    size -= 1
    if (entry.event.type === 'file' && files.get(entry.event.transfer.id) === entry)
      files.delete(entry.event.transfer.id)
    return entry
  }
  /** Messages are only told a little earlier, with those before them. */
  const makeRoom = (): void => {
    const [longest = []] = [...lists.values()].toSorted((a, b) => b.length - a.length)
    const first = removeFirst(longest)
    const [second] = longest
    if (first?.event.type !== 'came') missed += 1
    else if (second !== undefined) longest[0] = { at: first.at, event: joined(first.event, second.event) }
  }
  const add = (event: Waiting): void => {
    last += 1
    const entry = { at: last, event }
    listOf(event.type).push(entry)
    size += 1
    if (event.type === 'file') files.set(event.transfer.id, entry)
  }
  /** @returns whether it is told with one that waits */
  const join = (event: Waiting): boolean => {
    const entry = event.type === 'file' ? files.get(event.transfer.id) : listOf(event.type).at(-1)
    if (entry === undefined) return false
    if (event.type === 'file' ? !isNextStep(entry.event, event) : event.type !== 'came' || entry.at !== last)
      return false
    entry.event = event.type === 'file' ? event : joined(entry.event, event)
    return true
  }

  return {
    get size() {
      return size
    },
    put: (event, most) => {
      if (join(event)) return
      add(event)
      if (size > most) makeRoom()
    },
    take: () => {
      if (missed > 0) {
        const events = missed
        missed = 0
        return { type: 'missed', events }
      }
      const [earliest = []] = [...lists.values()]
        .filter(({ length }) => length > 0)
        .toSorted(([a], [b]) => (a?.at ?? 0) - (b?.at ?? 0))
      return removeFirst(earliest)?.event ?? null
    },
  }
}
