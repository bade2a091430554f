import type { Contact, Contacts } from '../../contacts/contact-api.ts'
import { encodeAddress } from '../../core/address.ts'
import { StoreError } from '../../core/errors.ts'
import type { Policy } from '../../directory/client/policies.ts'
import type { OpenContacts } from '../../peer/folder.ts'
import type { Context } from '../context.ts'
import { tellingClock } from '../output/clock-event.ts'
import { shortAddress } from '../output/format.ts'

/** The argument that names somebody, in the library's one way: by the name of a contact, by address, or by a link. */

/** How every help writes it. */
export const WHO = 'a name, hf1…, or handfast:hf1…'

/**
 * The address of whom `who` names. A folder without an identity knows no names.
 * @throws AddressError; ContactError ERR_CONTACT when nobody has that name; StoreError, but for ERR_STORE_MISSING
 */
export const resolveContact = async (folder: string, who: string): Promise<string> => {
  const { peerIdOf } = await import('../../contacts/peer-name.ts')
  using known = await openKnown(folder)
  return encodeAddress(peerIdOf(known ?? { get: () => null }, who))
}

const openKnown = async (folder: string): Promise<OpenContacts | null> => {
  const { openContacts } = await import('../../peer/folder.ts')
  try {
    return await openContacts(folder)
  } catch (error) {
    if (error instanceof StoreError && error.code === 'ERR_STORE_MISSING') return null
    throw error
  }
}

/** @returns whom something names to a peer that is open: also the short form of a contact's address, as it is shown */
export const namesOf = async (
  contacts: Pick<Contacts, 'get' | 'list'>,
): Promise<(who: string) => { readonly address: string; readonly name: string | null }> => {
  const { peerIdOf } = await import('../../contacts/peer-name.ts')
  /** @throws AddressError; ContactError ERR_CONTACT */
  return (who) => {
    const shown = contacts.list().filter(({ address }) => shortAddress(address) === who)
    const [only] = shown.length === 1 ? shown : []
    const address = only?.address ?? encodeAddress(peerIdOf(contacts, who))
    return { address, name: contacts.get(address)?.name ?? null }
  }
}

/** Looks somebody up and makes it a contact. @throws as `Peer.addContact` */
export const addContact = async (
  context: Context,
  who: string,
  options: { readonly name?: string | undefined; readonly policy?: Policy } = {},
): Promise<Contact> => {
  const { folder, network, beacon, signal, terminal } = context
  const { openReader } = await import('../../peer/open.ts')
  terminal.status('looking up')
  await using peer = await openReader({ folder, network, beacon, signal })
  await using _clock = tellingClock(context, peer)
  const contact = await peer.addContact(who, { signal, ...options })
  terminal.status('')
  return contact
}
