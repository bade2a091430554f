import type { RandomBytes } from '../core/bytes.ts'
import { MESSAGE_AGE_MAX, WANT_SPREAD } from '../core/limits/message-limits.ts'
import type { Store } from '../store/store.ts'

/** What a store that may have gone back must not go on with (docs/spec/messages.md §6). */

type Kept = Pick<Store, 'messages' | 'mailboxOutbox' | 'offlineSessions'>

/**
 * Nothing more is sent to a peer in the sessions that there are, as their keys may have been used, and what was put into parcels is put
 * into others. For a transaction of the caller's.
 */
export const endMail = ({ mailboxOutbox, offlineSessions }: Kept, peer: Uint8Array): void => {
  offlineSessions.closeAll(peer)
  mailboxOutbox.dropAll(peer)
  mailboxOutbox.forgetParcelled(peer)
}

/**
 * For the transaction in which the store gets a new incarnation: our sequences are closed, mail sessions may receive only, outgoing parcels
 * are dropped, and everybody with a message in the last 30 days is owed a receipt that has what is not here sent again, at some time in
 * the next ten minutes.
 * @param now milliseconds since 1970
 */
export const onNewIncarnation = (
  { messages, mailboxOutbox, offlineSessions }: Kept,
  { now, random }: { readonly now: number; readonly random: RandomBytes },
): void => {
  offlineSessions.closeAll()
  mailboxOutbox.forgetAll()
  messages.closeAllSequences()
  for (const peer of messages.correspondents(Math.max(0, now - MESSAGE_AGE_MAX * 1000))) {
    const [high = 0, low = 0] = random(2)
    const after = Math.floor(((high * 256 + low) / 65_536) * WANT_SPREAD)
    mailboxOutbox.oweReceipt(peer, { want: true, due: Math.floor(now / 1000) + after })
  }
}
