import type { Store } from '../store/store.ts'

/**
 * Nothing more is sent to a peer in the sessions that there are, as their keys may have been used, and what was put into parcels is put
 * into others (docs/spec/messages.md §6). For a transaction of the caller's.
 */
export const endMail = (
  { mailboxOutbox, offlineSessions }: Pick<Store, 'mailboxOutbox' | 'offlineSessions'>,
  peer: Uint8Array,
): void => {
  offlineSessions.closeAll(peer)
  mailboxOutbox.dropAll(peer)
  mailboxOutbox.forgetParcelled(peer)
}
