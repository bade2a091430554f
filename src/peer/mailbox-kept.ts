import { join } from 'node:path'
import { MAILBOX_FILE, type MailboxStore, openMailboxStore } from '../mailbox/mailbox-store.ts'
import { isThere } from '../store/ownership.ts'
import type { Store } from '../store/store.ts'
import type { PeerEvent } from './peer-events.ts'

/**
 * The parcels that a folder keeps for others. A mailbox whose file vanished goes on, since those who left something leave it again until it is
 * confirmed; but its operator hears of it.
 * @param folder null: in memory
 * @throws StoreError ERR_STORE_*
 */
export const openKeptMailbox = (
  folder: string | null,
  { kept }: Pick<Store, 'kept'>,
): { readonly mailbox: MailboxStore; readonly early: readonly PeerEvent[] } => {
  const isLost = folder !== null && kept.has(MAILBOX_FILE) && !isThere(join(folder, MAILBOX_FILE))
  const mailbox = openMailboxStore(folder)
  // Once it is there: who is killed before that has lost nothing.
  if (folder !== null) kept.add(MAILBOX_FILE)
  return { mailbox, early: isLost ? [{ type: 'mailbox-lost' }] : [] }
}
