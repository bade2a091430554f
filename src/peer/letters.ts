import { decodeAddress, encodeAddress } from '../core/address.ts'
import { copyOf, utf8 } from '../core/bytes.ts'
import { MessageError, PeerError } from '../core/errors.ts'
import { MESSAGE_BYTES_MAX } from '../core/limits.ts'
import {
  type LetterBody,
  type LetterReason,
  type LetterState,
  STREAM_BYTES,
  type StoredLetter,
} from '../store/letters.ts'
import type { Store } from '../store/store.ts'
import type { Contacts } from './contacts.ts'
import type { World } from './ports.ts'
import type { Post } from './post.ts'
import { checkSendable, idOf } from './recipients.ts'

/** A message that is kept until it has arrived. */
export type Letter = {
  /** rises with every letter of this peer, sent or received */
  readonly id: number
  /** the address at the other end */
  readonly peer: string
  readonly direction: 'in' | 'out'
  /** when it was written, by its writer's clock, milliseconds since 1970 */
  readonly at: number
  /**
   * Sent ones: `queued` on this disk, `sent` on its way, `delivered` on the other side's disk, `failed` for the `reason`. Received ones:
   * `arrived` on this disk, `taken` by the application.
   */
  readonly state: LetterState
  readonly reason: LetterReason | null
  /** what it says: text, or bytes */
  readonly content: string | Uint8Array
}

/** Messages that arrive once and in order, across crashes, reconnects and days apart. Iterating takes what others sent. */
export type Letters = AsyncIterable<Letter> & {
  /**
   * Writes a letter; resolves once it is on disk, and from then on it is on its way, also after a restart.
   * @param contact a name or an address
   * @throws MessageError ERR_MESSAGE_SIZE above 32 KiB; PeerError ERR_PEER_CLOSED, ERR_PEER_SELF, ERR_PEER_RETIRED; AddressError; StoreError; KeyLogError ERR_LOG_FORK
   *   while two logs of the contact contradict each other
   */
  send(contact: string, message: string | Uint8Array): Promise<Letter>
  /**
   * The next letter that others sent, from anybody or from one contact; null once the peer is closed. It counts as taken when the one
   * after it is asked for: after a crash the last one comes again, with the same `id`.
   * @throws the signal's reason
   */
  receive(options?: {
    readonly from?: string | undefined
    readonly signal?: AbortSignal | undefined
  }): Promise<Letter | null>
  /** Marks a letter as taken at once. */
  take(letter: Pick<Letter, 'id' | 'peer'>): void
  /** Both sides of a conversation: the latest `limit` (default 100) letters with an id below `before`, oldest first. */
  history(contact: string, options?: { readonly before?: number; readonly limit?: number }): readonly Letter[]
  /** How many letters to a contact are neither delivered nor failed. */
  waiting(contact: string): number
  /** Calls back for every letter that came, or whose state changed. @returns ends that */
  watch(listener: (letter: Letter) => void): () => void
}

export type LettersParts = {
  readonly own: Uint8Array
  readonly store: Store
  readonly contacts: Contacts
  readonly post: Pick<Post, 'wake' | 'taken'>
  readonly world: World
  /** aborted when the peer closes */
  readonly closing: AbortSignal
}

const describe = ({ id, peer, out, at, state, reason, body }: StoredLetter): Letter => ({
  id,
  peer: encodeAddress(peer),
  direction: out ? 'out' : 'in',
  at,
  state,
  reason,
  content: 'text' in body ? body.text : body.data,
})

/** A copy: the caller may use its buffer again while this waits. */
const bodyOf = (message: string | Uint8Array): LetterBody => {
  const size = typeof message === 'string' ? utf8(message).length : message.length
  if (size > MESSAGE_BYTES_MAX) throw new MessageError('ERR_MESSAGE_SIZE', { hint: `${size} bytes` })
  return typeof message === 'string' ? { text: message.toWellFormed() } : { data: copyOf(message) }
}

const HISTORY = 100

/** @returns `Letters.history` of a store */
export const readHistory =
  ({ letters }: Pick<Store, 'letters'>, contacts: Contacts): Letters['history'] =>
  (contact, { before = Number.MAX_SAFE_INTEGER, limit = HISTORY } = {}) =>
    letters.history(idOf(contacts, contact), before, limit).map(describe)

export const createLetters = ({ own, store, contacts, post, world, closing }: LettersParts) => {
  const { letters, group } = store
  const listeners = new Set<(letter: Letter) => void>()
  const woken = new Set<() => void>()
  /** the last letter that was handed out and not taken yet, by whom it was asked for; null for anybody */
  const handedOut = new Map<string | null, Letter>()

  /** ids up to which letters were handed out: what is taken is on disk a moment later only */
  const upTo = new Map<string | null, number>()

  /** Takings share a transaction; one that fails is a letter that comes again. */
  const take = ({ id, peer }: Pick<Letter, 'id' | 'peer'>): void => {
    for (const [reader, letter] of handedOut) if (letter.id === id) handedOut.delete(reader)
    group
      .run(() => letters.markTaken(id))
      .then(
        () => post.taken(decodeAddress(peer)),
        () => {},
      )
  }

  const waitForMore = (signal: AbortSignal | undefined): Promise<void> =>
    new Promise((resolve, reject) => {
      const done = (): void => {
        woken.delete(done)
        closing.removeEventListener('abort', done)
        signal?.removeEventListener('abort', abort)
        resolve()
      }
      const abort = (): void => {
        done()
        reject(signal?.reason)
      }
      woken.add(done)
      closing.addEventListener('abort', done, { once: true })
      signal?.addEventListener('abort', abort, { once: true })
    })

  const receive: Letters['receive'] = async ({ from, signal } = {}) => {
    const id = from === undefined ? null : idOf(contacts, from)
    const reader = id === null ? null : encodeAddress(id)
    const last = handedOut.get(reader)
    if (last !== undefined && !closing.aborted) take(last)
    for (;;) {
      signal?.throwIfAborted()
      if (closing.aborted) return null
      const next = letters.arrived(id, upTo.get(reader) ?? 0)
      if (next !== null) {
        const letter = describe(next)
        handedOut.set(reader, letter)
        upTo.set(reader, letter.id)
        return letter
      }
      await waitForMore(signal)
    }
  }

  const api: Letters = {
    send: async (contact, message) => {
      if (closing.aborted) throw new PeerError('ERR_PEER_CLOSED')
      const body = bodyOf(message)
      const id = idOf(contacts, contact)
      checkSendable(own, store, id)
      const letter = await group.run(() => letters.queue(id, body, world.clock(), world.random(STREAM_BYTES)))
      post.wake(id)
      return describe(letter)
    },
    receive,
    take,
    history: readHistory(store, contacts),
    waiting: (contact) => letters.countWaiting(idOf(contacts, contact)),
    watch: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    async *[Symbol.asyncIterator]() {
      for (let letter = await receive(); letter !== null; letter = await receive()) yield letter
    },
  }
  return {
    api,
    /** Told of what came or changed. */
    onLetters: (changed: readonly StoredLetter[]): void => {
      for (const letter of changed.map(describe)) for (const listener of listeners) listener(letter)
      if (changed.some(({ out }) => !out)) for (const wake of [...woken]) wake()
    },
  }
}
