import { sha256 } from '../../src/core/kdf.ts'
import { type MailboxStore, openMailboxStore } from '../../src/mailbox/mailbox-store.ts'

/** Mailboxes that lie. */

/** One that has another parcel each time, as `make` has it, and counts those that it handed out. */
export const lie = (make: () => Uint8Array) => {
  const honest = openMailboxStore(null)
  let handed = 0
  const store: MailboxStore = {
    ...honest,
    next: () => {
      handed += 1
      const parcel = make()
      return { number: handed, id: sha256(parcel), parcel }
    },
    // It says that they are deleted.
    remove: () => {},
  }
  return {
    store,
    /** how many since it was last asked */
    handed: (): number => {
      const before = handed
      handed = 0
      return before
    },
  }
}
