import type { Contacts } from '../contacts/contact-api.ts'
import { peerIdOf } from '../contacts/peer-name.ts'
import { decodeAddress, encodeAddress } from '../core/address.ts'
import type { Store } from '../store/store.ts'
import { describeMessage, type Message } from './message.ts'
import type { Signals } from './signals.ts'

/** Options that say whose messages are meant. */
export type MessageFilter = {
  /** a name, an address or a link; default: anybody */
  readonly from?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Those who take messages: one for each peer that is asked for, and one for anybody.
 *
 *     waiting --a message is here--> handed out --the next is asked for, or `take`--> taken, and waiting
 */
export type Readers = {
  receive(filter?: MessageFilter): Promise<Message | null>
  incoming(filter?: MessageFilter): AsyncGenerator<Message, void, undefined>
  take(message: Pick<Message, 'id' | 'peer'>): void
  /** Something came. */
  wake(): void
}

export type ReadersParts = {
  readonly own: Uint8Array
  readonly app: string
  readonly store: Store
  readonly contacts: Contacts
  readonly signals: Pick<Signals, 'say'>
  readonly closing: AbortSignal
}

/** The last message that was handed out and not taken, and the id up to which any were: what is taken is on disk a moment later only. */
type Reader = { last: Message | null; upTo: number }

/** Resolves at the next `wake`, or when either signal aborts. */
const createBell = (closing: AbortSignal) => {
  const waiting = new Set<() => void>()
  return {
    wake: (): void => {
      for (const one of [...waiting]) one()
    },
    wait: (signal: AbortSignal | undefined): Promise<void> =>
      new Promise((resolve) => {
        const done = (): void => {
          waiting.delete(done)
          for (const one of [closing, signal]) one?.removeEventListener('abort', done)
          resolve()
        }
        waiting.add(done)
        for (const one of [closing, signal]) one?.addEventListener('abort', done, { once: true })
        if (closing.aborted || signal?.aborted) done()
      }),
  }
}

export const createReaders = ({ own, app, store, contacts, signals, closing }: ReadersParts): Readers => {
  const { messages, group } = store
  const bell = createBell(closing)
  /** by the address that was asked for; null for anybody */
  const readers = new Map<string | null, Reader>()

  /** Takings share a transaction; one that fails is a message that comes again. */
  const take = ({ id, peer }: Pick<Message, 'id' | 'peer'>): void => {
    for (const reader of readers.values()) if (reader.last?.id === id) reader.last = null
    group
      .run(() => messages.markTaken(id))
      .then(
        () => signals.say('taken', decodeAddress(peer)),
        () => {},
      )
  }

  const receive: Readers['receive'] = async ({ from, signal } = {}) => {
    if (closing.aborted) return null
    const id = from === undefined ? null : peerIdOf(contacts, from)
    const key = id === null ? null : encodeAddress(id)
    const reader = readers.get(key) ?? { last: null, upTo: 0 }
    readers.set(key, reader)
    if (reader.last !== null) take(reader.last)
    for (;;) {
      signal?.throwIfAborted()
      if (closing.aborted) return null
      const next = messages.arrived(app, id, reader.upTo)
      if (next !== null) {
        reader.last = describeMessage(own, next)
        reader.upTo = next.id
        return reader.last
      }
      await bell.wait(signal)
    }
  }

  return {
    receive,
    take,
    wake: bell.wake,
    incoming: async function* (filter = {}) {
      try {
        for (let next = await receive(filter); next !== null; next = await receive(filter)) yield next
      } catch (error) {
        // Who aborts a loop wants it to end.
        if (filter.signal?.aborted !== true) throw error
      }
    },
  }
}
