import type { RandomBytes } from '../core/bytes.ts'
import { MESSAGE_AGE_MAX, WANT_SPREAD } from '../core/limits/message-limits.ts'
import type { MailboxOutbox } from './mailbox-outbox.ts'
import type { MessageStore } from './message-store.ts'
import type { OfflineSessionStore } from './offline-session-store.ts'

/** The parts of a store that go wrong when it went back in time. */
export type Repaired = {
  readonly messages: Pick<MessageStore, 'closeAllSequences' | 'correspondents'>
  readonly offlineSessions: Pick<OfflineSessionStore, 'closeAll'>
  readonly mailboxOutbox: Pick<MailboxOutbox, 'forgetAll' | 'oweReceipt'>
}

/**
 * What has to be done when a store begins a new incarnation: in its past, or in its copy, everything that it would do next may have
 * been done (docs/spec/messages.md §6). Called in the transaction that puts the incarnation on disk. Nothing is encrypted twice under one
 * key, so sessions by mailbox only receive, and what was made in them is dropped; our sequences are closed; and everybody with a message in the
 * last 30 days is owed a receipt that has what is not here sent again, at some time in the next ten minutes.
 * @param now milliseconds since 1970
 */
export const onNewIncarnation = (
  { messages, mailboxOutbox, offlineSessions }: Repaired,
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
