import type { MailboxOutbox } from './mailbox-outbox.ts'
import type { OfflineSessionStore } from './offline-session-store.ts'

/** The parts of a store that go wrong when it went back in time. */
export type Repaired = {
  readonly offlineSessions: Pick<OfflineSessionStore, 'endSending'>
  readonly mailboxOutbox: Pick<MailboxOutbox, 'beginAnew'>
}

/**
 * What has to be done when a store begins a new incarnation: in its past, or in its copy, everything that it would do next may have
 * been done. Called in the transaction that puts the incarnation on disk. Nothing is encrypted twice under one key, so sessions by mailbox
 * only receive, and what was made in them is dropped: what is not confirmed is put into parcels of new sessions.
 */
export const onNewIncarnation = ({ offlineSessions, mailboxOutbox }: Repaired): void => {
  offlineSessions.endSending()
  mailboxOutbox.beginAnew()
}
