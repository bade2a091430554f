/** What a peer told, kept until a step of the demo asks for it. */

import { HandfastError, type PeerEvent } from '../src/index.ts'

type Type = PeerEvent['type']
type Of<T extends Type> = Extract<PeerEvent, { type: T }>

export type Told = {
  /** Keeps all that is told from now on. */
  follow(events: AsyncIterable<PeerEvent>): Promise<void>
  /** The first event of that type, and such that `isMeant`, that was not taken yet; waits for one. */
  take<T extends Type>(type: T, isMeant?: (event: Of<T>) => boolean): Promise<Of<T>>
  /** How many events of that type there were, taken or not. */
  count(type: Type): number
}

export const createTold = (): Told => {
  const untaken: PeerEvent[] = []
  const counts = new Map<Type, number>()
  let more = Promise.withResolvers<void>()
  return {
    follow: async (events) => {
      for await (const event of events) {
        untaken.push(event)
        counts.set(event.type, (counts.get(event.type) ?? 0) + 1)
        more.resolve()
        more = Promise.withResolvers()
      }
    },
    take: async <T extends Type>(type: T, isMeant: (event: Of<T>) => boolean = () => true): Promise<Of<T>> => {
      const is = (event: PeerEvent): event is Of<T> => event.type === type && isMeant(event as Of<T>)
      for (;;) {
        const event = untaken.find(is)
        if (event !== undefined) {
          untaken.splice(untaken.indexOf(event), 1)
          return event
        }
        await more.promise
      }
    },
    count: (type) => counts.get(type) ?? 0,
  }
}

/** How a connection ended, in words: `left`, `closed`, or the class and code of what broke it. */
export const describeEnding = ({ reason, error }: Pick<Of<'disconnected'>, 'reason' | 'error'>): string => {
  if (error === null) return reason
  return error instanceof HandfastError ? `${error.name} ${error.code}` : error.name
}
