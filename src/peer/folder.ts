import { type Contacts, createContacts } from '../contacts/contact-api.ts'
import { peerIdOf } from '../contacts/peer-name.ts'
import { encodeAddress } from '../core/address.ts'
import { DEFAULT_APPLICATION } from '../core/names.ts'
import { systemWorld } from '../identity/system-world.ts'
import type { Mailboxes } from '../messages/mailbox-poller.ts'
import type { Message } from '../messages/message.ts'
import { namedMailboxes, nameMailboxes } from '../messages/named-mailboxes.ts'
import { type Span, walkPast } from '../messages/past-messages.ts'
import type { Fork } from '../store/fork-store.ts'
import { openOwnStore } from '../store/store.ts'
import { openVault, type Passphrase, readVault } from '../store/vault.ts'

/** What a data folder tells without a network. */

export type OpenContacts = Contacts &
  Disposable & {
    /** The contradiction that was kept against an identity (32-byte hash), one's own among them. */
    fork(id: Uint8Array): Fork | null
  }

/**
 * The contacts of a data folder, without its passphrase.
 * @throws StoreError ERR_STORE_MISSING, and as `openPeer`
 */
export const openContacts = async (folder: string): Promise<OpenContacts> => {
  const { log } = await readVault(folder)
  const store = openOwnStore(folder, log, { forReading: true })
  return {
    ...createContacts(store, systemWorld),
    fork: (id) => store.forks.get(id),
    [Symbol.dispose]: () => store.close(),
  }
}

export type History = Disposable & {
  /**
   * As `Messages.history`, but each is read when it is asked for: however many they are, memory holds a few. Of those that come meanwhile none.
   * @throws AddressError; ContactError ERR_CONTACT
   */
  read(who: string, span?: Span): Iterable<Message>
  /** As `Messages.forget`, also while another program is open on the folder, which notices within a minute. */
  forget(who: string, before: number): number
}

/**
 * What was said with others.
 * @param app the application whose messages are meant; default: the command line's
 * @throws StoreError ERR_STORE_MISSING, and as `openPeer`
 */
export const openHistory = async (
  folder: string,
  passphrase: Passphrase,
  app: string = DEFAULT_APPLICATION,
): Promise<History> => {
  const { identity, storeKey } = await openVault(folder, passphrase)
  const store = openOwnStore(folder, { id: identity.log.id, storeKey }, { forReading: true })
  const contacts = createContacts(store, systemWorld)
  const read: History['read'] = (who, span = {}) => walkPast({ own: identity.log.id, app, store, contacts }, who, span)
  const forget: History['forget'] = (who, before) =>
    store.transaction(() => store.messages.forget(peerIdOf(contacts, who), app, before))
  return { read, forget, [Symbol.dispose]: () => store.close() }
}

export type MailboxNames = Pick<Mailboxes, 'named' | 'name'> & Disposable & { readonly address: string }

/** The mailboxes that the identity of a folder names, without its passphrase. @throws as `openContacts` */
export const openMailboxNames = async (folder: string): Promise<MailboxNames> => {
  const { log } = await readVault(folder)
  const store = openOwnStore(folder, log, { forReading: true })
  const contacts = createContacts(store, systemWorld)
  return {
    address: encodeAddress(log.id),
    named: () => namedMailboxes(store).map(encodeAddress),
    name: (whos) => nameMailboxes(store, contacts, log.id, whos),
    [Symbol.dispose]: () => store.close(),
  }
}
