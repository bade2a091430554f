import { equal } from '../core/bytes.ts'
import { LETTERS_ARRIVED_MAX, STRANGER_LETTERS_MAX, STRANGERS_LETTERS_MAX } from '../core/limits.ts'
import type { LetterStore, StoredLetter } from '../store/letters.ts'
import type { LetterContent } from './payloads.ts'

/** How letters of others are taken in, from connections and mailboxes alike, as far as there is room. */
export type Intake = {
  /** How many letters of `peer` there is room for: a contact has more than somebody who only called. */
  room(peer: Uint8Array): number
  /**
   * Takes letters of one stream in, in their order, until there is no more room; for a transaction of the caller's.
   * @returns how many were taken or were here already, and those that are new
   * @throws MessageError ERR_MESSAGE_GAP
   */
  take(
    peer: Uint8Array,
    letters: readonly (LetterContent & { readonly s: Uint8Array })[],
  ): { readonly taken: number; readonly fresh: readonly StoredLetter[] }
}

export const createIntake = (letters: LetterStore, isContact: (peer: Uint8Array) => boolean): Intake => {
  const room = (peer: Uint8Array): number => {
    const arrived = letters.countArrived(peer)
    if (isContact(peer)) return Math.max(0, LETTERS_ARRIVED_MAX - arrived)
    return Math.max(0, Math.min(STRANGER_LETTERS_MAX - arrived, STRANGERS_LETTERS_MAX - letters.countStrangers()))
  }

  return {
    room,
    take: (peer, incoming) => {
      let left = room(peer)
      let taken = 0
      const fresh: StoredLetter[] = []
      for (const { s, n, p, at, text, data } of incoming) {
        const known = letters.places(peer).find(({ stream }) => equal(stream, s))
        if (left === 0 && n > (known?.have ?? 0)) break
        const body = text !== null ? { text } : { data: data ?? new Uint8Array(0) }
        const letter = letters.receive(peer, { stream: s, number: n, before: p }, at, body)
        taken += 1
        if (letter === null) continue
        left -= 1
        fresh.push(letter)
      }
      if (fresh.length > 0 && !isContact(peer)) letters.trimStrangers()
      return { taken, fresh }
    },
  }
}
