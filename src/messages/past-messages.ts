import type { Contacts } from '../contacts/contact-api.ts'
import { peerIdOf } from '../contacts/peer-name.ts'
import type { Store } from '../store/store.ts'
import { describeMessage, type Message } from './message.ts'

/** What was said with others, from disk. */

export type PastParts = {
  /** our identity hash, 32 bytes */
  readonly own: Uint8Array
  readonly app: string
  readonly store: Pick<Store, 'messages'>
  readonly contacts: Contacts
}

/** Which messages: the latest `limit` (default 100) with an id below `before`. */
export type Span = { readonly before?: number; readonly limit?: number }

const LIMIT = 100

/** Messages that are read at a time: 32 × 32 KiB are what whoever goes through all of them has in memory. */
const PAGE = 32

/** @returns them oldest first @throws AddressError; ContactError ERR_CONTACT */
export const readPast = (
  { own, app, store, contacts }: PastParts,
  who: string,
  { before = Number.MAX_SAFE_INTEGER, limit = LIMIT }: Span,
): readonly Message[] =>
  store.messages.history(peerIdOf(contacts, who), app, before, limit).map((stored) => describeMessage(own, stored))

/** The same, each read when it is asked for; of those that come meanwhile none. */
export const walkPast = (
  { own, app, store, contacts }: PastParts,
  who: string,
  { before = Number.MAX_SAFE_INTEGER, limit = LIMIT }: Span,
): Iterable<Message> => {
  const { messages } = store
  const peer = peerIdOf(contacts, who)
  const end = Math.min(before, messages.latest() + 1)
  const begin = messages.historyBegin(peer, app, end, limit)
  function* walk(): Generator<Message, void, undefined> {
    for (let from = begin; from !== null; ) {
      const page = messages.historyFrom(peer, app, from, end, PAGE)
      for (const stored of page) yield describeMessage(own, stored)
      const last = page.at(-1)
      from = last === undefined ? null : last.id + 1
    }
  }
  return { [Symbol.iterator]: walk }
}
